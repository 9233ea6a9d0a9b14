"""The page of keys and trust: for everybody; alarms for stewards, in readiness and in the metrics."""

from collections.abc import Callable
from datetime import timedelta

import httpx

from certificates.keys import KeyPurpose, KeyRules
from registries.hub_keys import open_keys
from tests.exchange_api.conftest import Clock, Hub, Served


def test_keys_that_are_due_are_told_everywhere(
    served: Served, sign_in: Callable[[str], httpx.Client], make_account: Callable[..., int], clock: Clock
) -> None:
    make_account("steward", "steward")
    make_account("officer", "officer")
    assert served.http.get("/health/ready").json()["alarms"] == []
    assert 'mianzheng_key_days_left{purpose="receipt"} 730.0' in served.http.get("/metrics").text
    clock.move(days=(KeyRules().lifetime - timedelta(days=10)).days)
    ready = served.http.get("/health/ready").json()
    assert {"zh", "en"} == set(ready["alarms"][0])
    assert any("keys prepare receipt" in alarm["en"] for alarm in ready["alarms"])
    assert 'mianzheng_key_days_left{purpose="receipt"} 10.0' in served.http.get("/metrics").text
    steward, officer = sign_in("steward"), sign_in("officer")
    assert "keys prepare receipt" in steward.get("/trust").text
    assert "keys prepare receipt" not in officer.get("/trust").text
    assert "keys prepare receipt" not in served.http.get("/trust").text
    clock.move(days=20)
    overdue = served.http.get("/health/ready")
    assert overdue.status_code == 200  # a date stops no answer
    assert any("overdue" in alarm["en"] for alarm in overdue.json()["alarms"])


def test_the_page_shows_the_fingerprint_and_every_published_key(hub: Hub, served: Served, clock: Clock) -> None:
    ring = open_keys(hub.home, clock())
    ring.prepare(KeyPurpose.STATUS, clock())
    ring.compromise(ring.active(KeyPurpose.DOCUMENT).kid, clock(), clock())
    page = served.http.get("/trust")
    assert page.status_code == 200
    for group in ring.fingerprint().split(" "):
        assert f">{group}</span>" in page.text
    for state in ring.states():
        assert (state.kid in page.text) == (state.purpose != KeyPurpose.CLIENT)
    for word in ("待启用", "使用中", "已失密", "尚无可信时间戳"):
        assert word in page.text
