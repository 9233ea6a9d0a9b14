"""Signs accounts in by the page, without a browser.

with ExitStack() as closing:
    http = signed_in(served, "steward", closing)
    http.post("/steward/subjects", data={..., "csrf_token": token(http.get("/steward/subjects"))})
"""

import re
from contextlib import ExitStack

import httpx

from tests.exchange_api.conftest import PASSWORD, Served


def signed_in(served: Served, login: str, closing: ExitStack) -> httpx.Client:
    """A client with the account's session; closed with `closing`."""
    headers = {"origin": served.url}
    http = closing.enter_context(httpx.Client(base_url=served.url, timeout=30, headers=headers))
    sent = {"login": login, "password": PASSWORD, "csrf_token": token(http.get("/sign-in"))}
    assert http.post("/sign-in", data=sent).status_code == 303
    return http


def token(page: httpx.Response) -> str:
    """The form's token on a page."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert found
    return found.group(1)
