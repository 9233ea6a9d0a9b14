"""The application as a whole: headers, problems, health, metrics, logs; what it serves and what it never says."""

import csv
import json
import logging
import time
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from exchange_api.scrubbed_logs import ScrubbedFormatter
from exchange_api.security_headers import CONTENT_SECURITY_POLICY
from registries.home import Role
from tests.exchange_api.conftest import HOLDER, Asking, Certificates, Hub, Served
from tests.exchange_api.test_answering import NUMBER, problem

PLACES = ["/health/live", "/v1/keys.jwks", "/metrics", "/nothing/here", "/v1/verifications", "/sign-in"]


@pytest.mark.parametrize("place", PLACES)
def test_every_response_carries_the_headers(served: Served, place: str) -> None:
    headers = served.http.get(place).headers
    assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert "server" not in headers


def test_answers_are_kept_nowhere(served: Served, asking: Asking) -> None:
    assert asking.ask(served, NUMBER).headers["cache-control"] == "no-store"
    assert served.http.get("/health/ready").headers["cache-control"] == "no-store"
    assert "max-age" in served.http.get("/v1/keys.jwks").headers["cache-control"]


def test_routing_refuses_with_problems(served: Served) -> None:
    problem(served.http.get("/v1/nothing"), 404, "no-such-address")
    refused = served.http.get("/v1/verifications")
    problem(refused, 405, "method-not-allowed")
    assert refused.headers["allow"] == "POST"
    wrong = served.http.get("/v1/ledger/proofs/440500000000001x")
    assert problem(wrong, 422, "wrong-members")["members"] == ["path.index"]
    assert "440500000000001" not in wrong.text


def reviewed_places() -> set[str]:
    """Places for machines among those that were reviewed for who may call them."""
    with (Path(__file__).parent / "roles_matrix.csv").open(encoding="utf-8", newline="") as file:
        places = {row["path"].replace(":path}", "}") for row in csv.DictReader(file)}
    return {place for place in places if place.startswith(("/v1/", "/health/", "/metrics", "/ledger/"))}


def test_the_api_describes_itself_without_pages_from_elsewhere(served: Served) -> None:
    described = served.http.get("/v1/openapi.json").json()
    undescribed = {
        "/v1/docs",
        "/v1/openapi.json",
        "/v1/ledger/checkpoint",
    }  # itself, and an old address
    assert set(described["paths"]) == reviewed_places() - undescribed
    for place in ("/docs", "/redoc", "/openapi.json"):
        assert served.http.get(place, headers={"accept": "application/json"}).status_code == 404


def test_published_keys_hold_nothing_private(served: Served) -> None:
    response = served.http.get("/v1/keys.jwks")
    assert response.headers["content-type"] == "application/jwk-set+json"
    keys = response.json()["keys"]
    assert {key["purpose"] for key in keys} >= {"receipt", "checkpoint", "credential", "status"}
    assert not any("d" in key for key in keys)


# --- readiness


def reasons(response: httpx.Response) -> str:
    assert response.status_code == 503
    found = response.json()["reasons"]
    assert all(each["zh"] != each["en"] for each in found)
    return json.dumps(found)


def test_a_well_hub_is_ready(served: Served) -> None:
    assert served.http.get("/health/live").json() == {"status": "live"}
    ready = served.http.get("/health/ready")
    assert (ready.status_code, ready.json()["reasons"]) == (200, [])
    assert "mianzheng_ready 1.0" in served.http.get("/metrics").text


@pytest.mark.parametrize(
    "right",
    [
        "GRANT SELECT ON hub.certificate TO hub_api",
        "GRANT SELECT (number) ON hub.certificate TO hub_api",
        "GRANT UPDATE ON hub.ledger_entry TO hub_api",
        "GRANT DELETE ON hub.ledger_body TO hub_api",
    ],
)
def test_a_right_too_many_makes_it_unready(served: Served, hub: Hub, right: str) -> None:
    with hub.store(Role.OWNER).begin() as conn:
        conn.execute(sa.text(right))
    assert right.split(" ON ")[1].split(" ", maxsplit=1)[0] in reasons(served.http.get("/health/ready"))
    assert "mianzheng_ready 0.0" in served.http.get("/metrics").text


def test_keys_that_can_not_sign_make_it_unready(served: Served, hub: Hub) -> None:
    for file in hub.home.keys.glob("*"):
        file.unlink()
    assert "keys" in reasons(served.http.get("/health/ready"))
    assert served.http.get("/health/live").status_code == 200


def test_a_ledger_older_than_its_checkpoints_makes_it_unready_and_unsigned(
    served: Served, hub: Hub, asking: Asking
) -> None:
    asking.ask(served, NUMBER)
    with hub.store(Role.OWNER).begin() as conn:
        conn.execute(
            sa.text(
                "INSERT INTO hub.checkpoint (size, root, note, made_at, row_digest)"
                " SELECT 99, root, note, made_at, row_digest FROM hub.checkpoint LIMIT 1"
            )
        )
    assert "ledger check" in reasons(served.http.get("/health/ready"))
    problem(asking.ask(served, NUMBER), 503, "ledger-damaged")


def test_a_store_that_is_down_makes_it_unready(served: Served, asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    assert asking.ask(served, NUMBER).status_code == 200
    served.parts.store_api.dispose()
    engine = served.parts.store_api._engine
    monkeypatch.setattr(engine.pool, "_creator", _no_connection)
    reasons(served.http.get("/health/ready"))
    down = asking.ask(served, NUMBER)
    problem(down, 503, "store-down")
    assert down.headers["retry-after"]
    assert down.headers["ratelimit"] == f'"capacity";r=0;t={down.headers["retry-after"]}'
    assert served.http.get("/health/live").status_code == 200


def _no_connection(*_given: object) -> None:
    from psycopg import OperationalError

    raise OperationalError(NUMBER)


# --- metrics and logs


def test_metrics_count_verdicts_and_problems_and_never_numbers(
    served: Served, asking: Asking, certificates: Certificates
) -> None:
    certificates.add(NUMBER)
    asking.ask(served, NUMBER)
    asking.ask(served, "440500000000009")
    served.http.get(f"/v1/{NUMBER}")
    metrics = served.http.get("/metrics").text
    assert 'mianzheng_answers_total{verdict="valid"} 1.0' in metrics
    assert 'mianzheng_answers_total{verdict="no_match"} 1.0' in metrics
    assert 'mianzheng_problems_total{problem="no-such-address"} 1.0' in metrics
    assert "mianzheng_ledger_size 2.0" in metrics
    assert 'mianzheng_request_seconds_count{route="/v1/verifications",status="2xx"} 2.0' in metrics
    assert "4405" not in metrics


def test_logs_name_routes_and_nothing_that_was_asked(
    served: Served, asking: Asking, certificates: Certificates, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    certificates.add(NUMBER)
    asking.ask(served, NUMBER)
    served.http.get(f"/v1/ledger/proofs/0?number={NUMBER}")
    served.http.get(f"/v1/{NUMBER}?name=张三")
    own: list[logging.LogRecord] = []
    for _ in range(100):  # a line is written when its answer is out, which the asker may notice first
        own = [record for record in caplog.records if record.name == "mianzheng.access"]
        if len(own) == 3:
            break
        time.sleep(0.05)
    found = [json.loads(record.getMessage()) for record in own]
    assert [line["route"] for line in found] == ["/v1/verifications", "/v1/ledger/proofs/{index}", "unknown"]
    assert set(found[0]) == {"method", "route", "status", "milliseconds", "request"}
    text = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("http"))
    for secret in (NUMBER, HOLDER[0], HOLDER[1], "张三"):
        assert secret not in text


def test_an_exceptions_message_is_not_logged() -> None:
    try:
        try:
            int(NUMBER + "x")
        except ValueError as error:
            raise RuntimeError(NUMBER) from error
    except RuntimeError as error:
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "went wrong", None, (type(error), error, None))
    text = ScrubbedFormatter().format(record)
    assert NUMBER not in text
    assert "RuntimeError" in text
    assert "ValueError" in text
    assert "test_application.py" in text
