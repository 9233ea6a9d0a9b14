"""Who may call what: the roles, and the declaration that every route and page carries. Nothing is open by itself.

**Each route says who may call it, in one line.** The application refuses to start with a route that says nothing, and
`tests/exchange_api/roles_matrix.csv` shows every route with every role (`python -m tests.checks.roles_matrix` writes it
again; look at the difference before you commit it). There are three ways to say it:

    Officer = Annotated[Session, Depends(require(Role.APPROVING_OFFICER, Role.WINDOW_OFFICER))]    # people with a role
    def page(request: Request, session: Officer) -> Response: ...     # one of these roles, else sign-in or refusal

    @router.post("/v1/matches")
    @open_to(CLIENTS)              # below the router's line: a request that its client signed; the way of a question
    async def matches(...): ...    # knows who asks

    @router.get("/verify")
    @open_to(ANYBODY)              # nobody has to be known
    def verify_page(...): ...

`require()` without roles means everybody who is signed in. `require(..., reach=Reach.OWN_DEPARTMENT)` says, for the
matrix, whose things the route shows: `OWN` (the asker's own), `OWN_DEPARTMENT`, or `ALL`; to keep to it is the work of
the use case, which answers `NotFound` for what is of others. `require` stands in `exchange_api.sign_in`, with
`confirm(...)` for what has to be confirmed by password or code within the last minutes; all else is here.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar


class Role(StrEnum):
    """What an account may be for, within its department."""

    WINDOW_OFFICER = "window_officer"
    APPROVING_OFFICER = "approving_officer"
    PUBLISHER = "publisher"
    STEWARD = "steward"
    DEPARTMENT_ADMINISTRATOR = "department_administrator"
    HUB_ADMINISTRATOR = "hub_administrator"
    AUDITOR = "auditor"
    INSPECTOR = "inspector"


class RoleWords(NamedTuple):
    """A role's name, and what it may do, in both languages."""

    zh: str
    en: str
    may_zh: str
    may_en: str


ROLES: dict[Role, RoleWords] = {
    Role.WINDOW_OFFICER: RoleWords(
        "窗口人员",
        "Window officer",
        "核验证照、打印回执；只看结论，不看数据",
        "Verifies certificates and prints receipts; verdicts only, no values",
    ),
    Role.APPROVING_OFFICER: RoleWords(
        "审批人员",
        "Approving officer",
        "核验、比对、查询、调阅，出具核验件和归档包",
        "Verifies, matches, queries and retrieves; makes documents and archive packages",
    ),
    Role.PUBLISHER: RoleWords(
        "数据专员",
        "Publisher",
        "报送本部门数据，改正退回的行",
        "Publishes the department's data and mends what was refused",
    ),
    Role.STEWARD: RoleWords(
        "数据管家",
        "Steward",
        "查看质量、推动工单、合并主体、追溯来源",
        "Watches quality, drives cases, joins subjects, traces provenance",
    ),
    Role.DEPARTMENT_ADMINISTRATOR: RoleWords(
        "部门管理员",
        "Department administrator",
        "管理本部门的账号、系统客户端和授权申请",
        "Manages the department's accounts, client systems and applications for grants",
    ),
    Role.HUB_ADMINISTRATOR: RoleWords(
        "平台管理员",
        "Hub administrator",
        "数据主管部门：管理所有部门的账号、系统和授权；不看业务数据",
        "The data authority: manages all departments' accounts, systems and grants; sees no data",
    ),
    Role.AUDITOR: RoleWords(
        "审计人员", "Auditor", "查看存证、管理记录和统计，不作更改", "Reads ledger, acts and figures; changes nothing"
    ),
    Role.INSPECTOR: RoleWords(
        "监督检查人员",
        "Inspector",
        "查看异常询问、处置告警、核查查询行为",
        "Looks at unusual questions, handles alarms, inspects who asked what",
    ),
}
ADMINISTRATORS = frozenset({Role.DEPARTMENT_ADMINISTRATOR, Role.HUB_ADMINISTRATOR})
OFFICERS = frozenset({Role.WINDOW_OFFICER, Role.APPROVING_OFFICER})
GIVEN_BY_THE_HUB = frozenset({Role.HUB_ADMINISTRATOR, Role.AUDITOR, Role.INSPECTOR})
"""Roles that reach beyond a department: only a hub administrator gives them."""
_FORMER: dict[str, frozenset[Role]] = {"officer": OFFICERS}
"""What a role of earlier versions means now; accounts that still have it keep what they could do."""


def roles_of(names: Iterable[str]) -> frozenset[str]:
    """The roles that stored names mean; a name that nobody knows means nothing.

    >>> sorted(roles_of(["officer", "steward", "king"]))
    ['approving_officer', 'steward', 'window_officer']
    """
    known = {role.value for role in Role}
    found: set[str] = set()
    for name in names:
        found |= {role.value for role in _FORMER.get(name, ())} or ({name} & known)
    return frozenset(found)


class Door(StrEnum):
    """How a caller has to show who it is."""

    ANYBODY = "anybody"
    CLIENTS = "clients"
    PEOPLE = "people"


class Reach(StrEnum):
    """Whose things a route shows or changes."""

    OWN = "own"
    OWN_DEPARTMENT = "own department"
    ALL = "all"


@dataclass(frozen=True)
class Access:
    """The declaration of one route. `roles` empty: everybody who is signed in."""

    door: Door
    roles: frozenset[Role] = field(default_factory=frozenset)
    reach: Reach = Reach.ALL
    confirmed: bool = False

    def admits(self, roles: Iterable[str]) -> bool:
        """Whether a signed-in account with these roles may come in."""
        return self.door is not Door.CLIENTS and (not self.roles or not self.roles.isdisjoint(roles))


ANYBODY = Access(Door.ANYBODY)
CLIENTS = Access(Door.CLIENTS, reach=Reach.OWN_DEPARTMENT)
DECLARED = "access_declared"
"""The attribute of a handler, or of a dependency, that holds its `Access`."""
Handler = TypeVar("Handler", bound=Callable[..., Any])


def open_to(access: Access) -> Callable[[Handler], Handler]:
    """Declare who may call a handler that knows its callers by itself, or needs to know nobody. It changes nothing."""

    def declared(handler: Handler) -> Handler:
        setattr(handler, DECLARED, access)
        return handler

    return declared


def declarations(functions: Iterable[object]) -> Iterator[Access]:
    """The declarations that a route's handler and dependencies carry."""
    for function in functions:
        found = getattr(function, DECLARED, None)
        if isinstance(found, Access):
            yield found
