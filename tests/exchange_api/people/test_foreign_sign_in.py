"""Signing in at another provider, a real one on loopback: who comes in, and everything that keeps others out."""

import json
import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from exchange_api.people.foreign_sign_in import ForeignSignIn
from exchange_api.people.providers import FILE, configured, is_safe
from mianzheng.people import OPERATOR
from registries.errors import HomeError
from tests.exchange_api.people.conftest import Office
from tests.exchange_api.people.identity_provider import CLIENT, SECRET, IdentityProvider, provided


@pytest.fixture
def provider(office: Office) -> Iterator[IdentityProvider]:
    """A provider that the hub knows."""
    with provided(office.clock) as found:
        one = {"id": "gov", "name_zh": "统一身份认证", "name_en": "Single sign-on", "issuer": found.url}
        (office.home.path / FILE).write_text(json.dumps([one | {"client_id": CLIENT, "second_factor": True}]))
        office.home.keep_secret("oidc_gov.client_secret", SECRET)
        fresh = ForeignSignIn(
            office.parts.store_api, office.clock, configured(office.home), office.url + "/sign-in/back"
        )
        vars(office.parts.foreign).update(vars(fresh))  # as if the hub had been started with it
        yield found


def linked(office: Office, provider: IdentityProvider, *roles: str) -> int:
    _, number = office.account(*(roles or ("steward",)))
    provider.subject = f"subject-of-{number}"
    office.parts.people.link(OPERATOR, number, provider.url, provider.subject)
    return number


def sent_away(http: httpx.Client, place: str = "/steward") -> str:
    away = http.get("/sign-in/with/gov", params={"next": place})
    assert away.status_code == 303
    assert "samesite=lax" in away.headers["set-cookie"].lower()
    return away.headers["location"]


def come_back(http: httpx.Client, place: str = "/steward") -> httpx.Response:
    """The whole way of a browser, up to the hub's answer."""
    back = httpx.get(sent_away(http, place), trust_env=False).headers["location"]
    return http.get(back)


def test_a_linked_person_comes_in_where_it_wanted_to_go(office: Office, provider: IdentityProvider) -> None:
    linked(office, provider, "inspector")  # needs a second factor, which this provider sees to
    http = office.browser()
    assert "统一身份认证" in http.get("/sign-in").text
    page = come_back(http, "/account")
    assert (page.status_code, re.findall(r"url=([^\"]+)", page.text)) == (200, ["/account"])
    assert "SameSite=strict" in page.headers["set-cookie"]
    assert http.get("/account").status_code == 200


def test_what_is_sent_binds_the_answer_to_this_browser(office: Office, provider: IdentityProvider) -> None:
    linked(office, provider)
    query = parse_qs(urlsplit(sent_away(office.browser())).query)
    assert query["prompt"] == ["login"]
    assert query["redirect_uri"] == [office.url + "/sign-in/back"]
    assert min(len(query[name][0]) for name in ("state", "nonce", "code_challenge")) >= 43
    mine, stranger = office.browser(), office.browser()
    back = httpx.get(sent_away(mine), trust_env=False).headers["location"]
    assert stranger.get(back).status_code == 401  # somebody else's sign-in, slipped in
    assert mine.get(back).status_code == 200
    assert mine.get(back).status_code == 401  # once


def test_who_is_not_linked_stays_out_whatever_its_address(office: Office, provider: IdentityProvider) -> None:
    login, _ = office.account("steward")
    provider.alter = lambda claims: claims | {"email": f"{login}@example.gov", "preferred_username": login}
    assert come_back(office.browser()).status_code == 403
    number = linked(office, provider)
    office.parts.people.close(OPERATOR, number)
    assert come_back(office.browser()).status_code == 403


ALTERED = {
    "another nonce": {"nonce": "x" * 43},
    "no nonce": {"nonce": None},
    "another issuer": {"iss": "https://id.example"},
    "another hub": {"aud": "another"},
    "another hub, with us as its party": {"aud": "another", "azp": CLIENT},
    "another party": {"aud": [CLIENT, "another"], "azp": "another"},
    "expired": {"exp": 1},
    "of the future": {"iat": 1 << 40},
    "no subject": {"sub": None},
    "a subject that is no text": {"sub": 7},
}


@pytest.mark.parametrize("what", ALTERED)
def test_claims_that_do_not_hold(office: Office, provider: IdentityProvider, what: str) -> None:
    linked(office, provider)
    changed = ALTERED[what]
    provider.alter = lambda claims: {name: value for name, value in (claims | changed).items() if value is not None}
    http = office.browser()
    assert come_back(http).status_code == 401
    assert http.get("/steward").status_code == 303


def test_signatures_that_do_not_hold(office: Office, provider: IdentityProvider) -> None:
    linked(office, provider)
    provider.shared_secret()
    assert come_back(office.browser()).status_code == 401
    other = IdentityProvider(office.clock)
    provider.header, provider.sign_with = {"alg": "RS256", "kid": "one"}, other.key
    assert come_back(office.browser()).status_code == 401
    provider.key, provider.sign_with = other.key, None  # the provider's keys were changed
    provider.header = {"alg": "RS256", "kid": "two"}
    provider.key = type(other.key).generate_key(2048, {"kid": "two", "use": "sig"})
    assert come_back(office.browser()).status_code == 200


def test_another_providers_answer_is_not_taken(office: Office, provider: IdentityProvider) -> None:
    linked(office, provider)
    http = office.browser()
    back = httpx.get(sent_away(http), trust_env=False).headers["location"]
    assert http.get(re.sub(r"iss=[^&]+", "iss=https%3A%2F%2Fid.example", back)).status_code == 401
    http = office.browser()
    away = sent_away(http)
    back = httpx.get(away, trust_env=False).headers["location"]
    office.clock.move(minutes=11)
    assert http.get(back).status_code == 401
    assert http.get("/sign-in/with/unknown").status_code == 401


@pytest.mark.parametrize(
    "published",
    [
        {"issuer": "https://id.example"},
        {"authorization_endpoint": "http://id.example/authorize"},
        {"authorization_endpoint": None},
    ],
)
def test_a_provider_that_says_something_else_is_down(
    office: Office, provider: IdentityProvider, published: dict[str, str]
) -> None:
    provider.metadata = published
    down = office.browser().get("/sign-in/with/gov")
    assert down.status_code == 503
    assert down.headers["retry-after"]


def test_only_tls_and_loopback_are_asked_and_the_file_is_read_strictly(office: Office) -> None:
    assert is_safe("https://id.example")
    assert is_safe("http://127.0.0.1:1")
    assert not any(is_safe(address) for address in ("http://id.example", "ftp://127.0.0.1", "https://", 7, None))
    file = office.home.path / FILE
    for text in ("{", "[1]", '[{"id": "gov"}]'):
        file.write_text(text)
        with pytest.raises(HomeError):
            configured(office.home)
    file.unlink()
    assert configured(office.home) == ()
