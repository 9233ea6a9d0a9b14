"""The list of hosts that may be posted to: what is an address, what can be pinned, the operator's file."""

from pathlib import Path

import pytest

from registries.errors import HomeError
from registries.webhook_hosts import (
    FILE,
    AllowedHost,
    HostNotPinned,
    NoWebhookPlace,
    WebhookHosts,
    WebhookPlace,
    pinned,
)


@pytest.mark.parametrize(
    "url",
    [
        "http://approval.example/x",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://2130706433/x",
        "https://0x7f000001/x",
        "https://0x7f.1/x",
        "https://127.1/x",
        "https://user@approval.example/x",
        "https://approval.example@169.254.169.254/x",
        "https://approval.example:0/x",
        "https://approval.example:65536/x",
        "https://approval.example",
        "https://approval.example/x#y",
        "https://approval.example/x y",
        "https://approval.example\\@evil.example/x",
        "https://Approval.Example/x",
        "https://approval..example/x",
        "https://-approval.example/x",
        "https://例.example/x",
        "https://approval.example/\n",
        "https://approval.example/" + "x" * 1_024,
        "",
    ],
)
def test_no_place_for_events(url: str) -> None:
    with pytest.raises(NoWebhookPlace):
        WebhookPlace.parse(url)


def test_a_place_is_named_and_reached_by_address() -> None:
    place = WebhookPlace.parse("https://xn--fsq.gov.example:8443/hub/%20a?b=c&d=[e]")
    assert (place.authority, place.host_field) == ("xn--fsq.gov.example:8443", "xn--fsq.gov.example:8443")
    assert place.url_at("203.0.113.7") == "https://203.0.113.7:8443/hub/%20a?b=c&d=[e]"
    assert place.url_at("2001:db8::7") == "https://[2001:db8::7]:8443/hub/%20a?b=c&d=[e]"
    assert WebhookPlace.parse("https://intranet/").host_field == "intranet"


def test_names_are_resolved_once_and_only_public_addresses_are_pinned_unwritten() -> None:
    asked = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"]

    found = pinned("approval.example", clients=["approval-1"], resolve=resolve)
    assert found.addresses == ("93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946")
    assert (found.is_for("approval-1"), found.is_for("approval-2")) == (True, False)
    assert asked == [("approval.example", 443)]
    for address in ("10.0.0.7", "127.0.0.1", "192.168.1.1", "::1", "fd00::1", "100.64.0.1", "169.254.169.254"):
        with pytest.raises(HostNotPinned):
            pinned("approval.example", resolve=lambda *_, address=address: ["93.184.216.34", address])
    with pytest.raises(HostNotPinned):
        pinned("approval.example", resolve=lambda *_: [])
    assert pinned("approval.example:8443", ["10.0.0.7", "::1"]).addresses == ("10.0.0.7", "::1")
    for address in ("169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "::", "224.0.0.1", "approval.example"):
        with pytest.raises(HostNotPinned):
            pinned("approval.example", [address])
    for name in ("127.0.0.1", "a b", "approval.example:x", "approval.example:70000", ""):
        with pytest.raises(HostNotPinned):
            pinned(name, ["10.0.0.7"])
    with pytest.raises(HostNotPinned):
        pinned("approval.example", ["10.0.0.7"], authority="no certificate")


def test_the_operators_file(tmp_path: Path) -> None:
    hosts = WebhookHosts(tmp_path)
    place = WebhookPlace.parse("https://approval.example/x")
    assert (hosts.exists, hosts.all(), hosts.of(place, "a")) == (False, [], None)
    hosts.allow(pinned("approval.example", ["10.0.0.7"], clients=["a"]))
    hosts.allow(pinned("other.example", ["10.0.0.8"]))
    hosts.allow(pinned("approval.example", ["10.0.0.9"], clients=["a"]))
    assert hosts.of(place, "a") == AllowedHost("approval.example", 443, ("10.0.0.9",), ("a",))
    assert hosts.of(place, "b") is None
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
    assert hosts.forbid("approval.example:443")
    assert not hosts.forbid("approval.example:443")
    assert [one.name for one in hosts.all()] == ["other.example:443"]


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "{}x",
        '[{"host": "a.example"}]',
        '[{"host": "a.example", "addresses": []}]',
        '[{"host": "a.example", "addresses": "10.0.0.1"}]',
        '[{"host": "a.example", "addresses": ["10.0.0.1"], "clients": "a"}]',
        '["a.example"]',
    ],
)
def test_a_file_that_makes_no_sense_allows_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(HomeError):
        WebhookHosts(tmp_path).all()


def test_a_file_by_hand_can_pin_no_more_than_the_command(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('[{"host": "a.example", "addresses": ["169.254.169.254"]}]')
    with pytest.raises(HostNotPinned):
        WebhookHosts(tmp_path).all()
