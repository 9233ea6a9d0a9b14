"""The acceptance report: passes where hub, client and network are in order, and says what is wrong where not."""

from collections.abc import Iterator
from html.parser import HTMLParser

import pytest

from certificates.jose import ES256, new_key
from certificates.trust_root import fingerprint
from exchange_api.conformance.report import Report, as_page
from exchange_api.conformance.requirements import REQUIREMENTS
from exchange_api.conformance.running import conform
from tests.exchange_api.conftest import Asking, Certificates, Clock, Served
from tests.exchange_api.sandbox_served import ServedSandbox, now, serving_sandbox

PAGES = {"problem-page", "not-modified"}
OF_SANDBOX = {"every-verdict", "busy"}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedSandbox]:
    with serving_sandbox(tmp_path_factory.mktemp("sandbox")) as served:
        yield served


@pytest.fixture(scope="module")
def report(sandbox: ServedSandbox) -> Report:
    question = {**sandbox.sandbox.numbers.answers()[0].question, "case": "SBX-1"}
    root = fingerprint(sandbox.sandbox.jwks())
    return conform(sandbox.url, sandbox.client_id, sandbox.key, question, now, root=root, sandbox=True)


def outcomes(report: Report) -> dict[str, bool | None]:
    return {one.requirement: one.passed for one in report.results}


def test_a_client_in_order_passes_in_the_sandbox(report: Report) -> None:
    assert {one.requirement: one.why_en for one in report.results if one.passed is False} == {}
    assert report.passed
    assert {name for name, passed in outcomes(report).items() if passed is None} == PAGES


def test_each_requirement_shows_what_was_sent_and_what_came(report: Report) -> None:
    told = [one for one in report.results if one.passed is not None]
    assert all(one.exchanges and one.exchanges[0].status for one in told)
    assert report.to_json()["results"][1]["exchanges"][0]["sent"]["claims"]["question"]["certificate_number"]


def test_the_page_says_each_requirement_in_both_languages_and_needs_nothing_else(report: Report) -> None:
    page = as_page(report)
    assert all(one.zh in page and one.en.replace("'", "&#39;") in page for one in REQUIREMENTS)
    found: list[tuple[str, dict[str, str | None]]] = []

    class Tags(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.append((tag, dict(attrs)))

    Tags().feed(page)
    assert not [tag for tag, attrs in found if tag in {"script", "link", "img", "iframe"} or "src" in attrs]


def test_a_client_that_is_not_registered_is_told_so(sandbox: ServedSandbox) -> None:
    question = {**sandbox.sandbox.numbers.answers()[0].question, "case": "SBX-1"}
    report = conform(sandbox.url, sandbox.client_id, new_key(ES256), question, now, sandbox=True)
    assert not report.passed
    failed = next(one for one in report.results if one.requirement == "receipt")
    assert "not-verified" in failed.why_en
    assert failed.exchanges[0].came["code"] == "not-verified"


def test_nobody_there_is_told_for_every_requirement(sandbox: ServedSandbox) -> None:
    report = conform("http://127.0.0.1:9", "approval-1", sandbox.key, {"holder_name": "", "case": ""}, now)
    assert not report.passed
    assert {one.passed for one in report.results} == {False, None}


def test_a_hub_in_order_passes_and_the_report_holds_no_value_of_the_question(
    served: Served, certificates: Certificates, asking: Asking, clock: Clock
) -> None:
    certificates.add("S0001")
    question = asking.question("S0001")
    report = conform(served.url, asking.client_id, asking.key, question, clock)
    assert {one.requirement: one.why_en for one in report.results if one.passed is False} == {}
    assert {name for name, passed in outcomes(report).items() if passed is None} == OF_SANDBOX
    text = as_page(report) + str(report.to_json())
    assert not [name for name in ("certificate_number", "holder_name", "holder_code") if question[name] in text]
