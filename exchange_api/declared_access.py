"""Default deny: every route and page of the application with its declaration, and no start without one.

    for route in declared_routes(app): print(route.method, route.path, route.access)
    refuse_undeclared(app)      # raises UndeclaredRoutes

The declarations stand beside the routes (`people.roles` says how); this only collects them. Static files are open to
anybody, and a document that the framework makes itself (the API's description) is, too.
"""

from collections.abc import Iterator
from typing import NamedTuple

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts
from starlette.routing import Mount

from exchange_api.people.errors import UndeclaredRoutes
from exchange_api.people.roles import ANYBODY, Access, declarations
from exchange_api.sign_in import check_csrf

_SAFE = frozenset({"HEAD", "OPTIONS"})


class DeclaredRoute(NamedTuple):
    """A method of a path, and who may call it; `csrf`: whether only a form of ours can."""

    method: str
    path: str
    access: Access
    csrf: bool


def declared_routes(app: FastAPI) -> list[DeclaredRoute]:
    """Every route of the application, by path and method.

    Raises:
        UndeclaredRoutes: some do not say who may call them.
    """
    found, silent = [], []
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, Mount):  # the static files
            continue
        access = _access(app, route)
        methods = sorted((route.methods or set()) - _SAFE)
        if access is None:
            silent += [f"{method} {route.path}" for method in methods]
        else:
            csrf = check_csrf in set(_functions(route))
            found += [DeclaredRoute(method, str(route.path), access, csrf) for method in methods]
    if silent:
        raise UndeclaredRoutes(sorted(silent))
    return sorted(found, key=lambda one: (one.path, one.method))


def refuse_undeclared(app: FastAPI) -> None:
    """Refuse to go on with a route that does not say who may call it.

    Raises:
        UndeclaredRoutes: names them.
    """
    declared_routes(app)


def _access(app: FastAPI, route: RouteContext) -> Access | None:
    """The narrowest declaration that a route carries: a dependency's comes before the handler's own."""
    if route.path == app.openapi_url:
        return ANYBODY
    found = list(declarations(_functions(route)))
    return max(found, key=lambda access: access != ANYBODY, default=None)


def _functions(route: RouteContext) -> Iterator[object]:
    yield route.endpoint
    dependant = getattr(route, "dependant", None)
    if isinstance(dependant, Dependant):
        yield from _calls(dependant)


def _calls(dependant: Dependant) -> Iterator[object]:
    for each in dependant.dependencies:
        yield each.call
        yield from _calls(each)
