"""The page where anybody drops a file: what it finds, what it keeps (nothing), and how much of it anybody gets."""

import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from exchange_api.credentials import PATH
from exchange_api.pages.verify_page import MOST_VERIFIED
from exchange_api.verifying import PER_MINUTE
from tests.exchange_api.conftest import Asking, Certificates, Clock, Served

NUMBER = "440508000000012"
Files = list[tuple[str, tuple[str, bytes, str]]]


def drop(served: Served, files: dict[str, bytes], **fields: str) -> httpx.Response:
    page = served.http.get("/verify").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token is not None
    parts: Files = [("files", (name, content, "application/octet-stream")) for name, content in files.items()]
    data = {"csrf_token": token[1], **fields}
    return served.http.post("/verify", data=data, files=parts or [("files", ("", b"", "application/octet-stream"))],
                            headers={"origin": served.url})  # fmt: skip


@pytest.fixture
def answer(served: Served, asking: Asking, certificates: Certificates) -> dict[str, str]:
    certificates.add(NUMBER)
    found: dict[str, str] = asking.ask(served, NUMBER).json()
    return found


def test_a_receipt_and_its_proof_together(served: Served, answer: dict[str, str]) -> None:
    files = {"proof.txt": answer["proof"].encode(), "receipt.jws": answer["receipt"].encode()}
    response = drop(served, files)
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    for text in ("真实，未被改动", "Integrity", "Issuer", NUMBER, "已存证", "此处不能确认"):
        assert text in response.text
    assert "未提供存证证明" not in response.text
    assert "未提供存证证明" in drop(served, {"receipt.jws": answer["receipt"].encode()}).text


def test_a_changed_receipt_shows_nothing_of_its_content(served: Served, answer: dict[str, str]) -> None:
    token = answer["receipt"]
    changed = token[:-5] + ("AAAAA" if not token.endswith("AAAAA") else "BBBBB")
    response = drop(served, {"receipt.jws": changed.encode()})
    assert response.status_code == 200
    assert "未通过验证" in response.text
    assert NUMBER not in response.text
    metrics = served.http.get("/metrics").text
    assert re.search(r'mianzheng_refused_tokens_total\{place="page",reason="(signature|encoding)"\} 1\.0', metrics)


def test_a_genuine_receipt_with_another_verdict_is_not_shown_green(served: Served, asking: Asking) -> None:
    negative = asking.ask(served, "440508999999999").json()["receipt"]
    response = drop(served, {"receipt.jws": negative.encode()})
    assert "结论不是" in response.text
    assert "verdict green" not in response.text


def test_a_credential_is_held_against_the_hubs_own_lists(
    served: Served, asking: Asking, certificates: Certificates, clock: Clock
) -> None:
    certificates.add(NUMBER)
    token = asking.token(served.url, asking.question(NUMBER), url=served.url + PATH)
    answer = served.http.post(PATH, content=token, headers={"content-type": "application/jwt"}).json()
    shown = drop(served, {"credential.txt": answer["credential"].encode()}).text
    assert "verdict green" in shown
    assert "状态列表：有效" in shown
    clock.move(hours=1)
    certificates.add(NUMBER, status_code="05", status_date=clock().date().isoformat())
    shown = drop(served, {"credential.txt": answer["credential"].encode()}).text
    assert "verdict red" in shown
    assert "状态列表：已失效" in shown


def test_the_hubs_key_set_and_a_checkpoint(served: Served, answer: dict[str, str]) -> None:
    assert answer
    jwks, note = served.http.get("/v1/keys.jwks").content, served.http.get("/v1/ledger/checkpoint").content
    assert "检查点" in drop(served, {"checkpoint": note}).text
    assert "公钥文件" in drop(served, {"keys.jwks": jwks}).text


@pytest.mark.parametrize(
    "content", [b"hello", b"\xff\xfe\x00", b"%PDF-1.7 nothing", b"PK\x03\x04", b"{", b"a.b.c", b"~"]
)
def test_anything_else_is_refused_and_never_an_error(served: Served, content: bytes) -> None:
    response = drop(served, {"<b>evil.jws": content})
    assert response.status_code == 200
    assert "<b>evil" not in response.text
    assert re.search("未通过验证|无法验证", response.text)


def test_nothing_chosen_is_told(served: Served) -> None:
    response = drop(served, {})
    assert response.status_code == 422
    assert "请选择文件" in response.text


def test_pasted_text_is_verified_too(served: Served, answer: dict[str, str]) -> None:
    assert "真实，未被改动" in drop(served, {}, pasted=answer["receipt"]).text


def test_forms_from_elsewhere_and_too_large_ones_are_refused(served: Served) -> None:
    assert served.http.post("/verify", data={"pasted": "x"}).status_code == 403
    large = drop(served, {"large.bin": b"a" * (MOST_VERIFIED + 100_000)})
    assert large.status_code == 413


def test_an_address_has_its_share_of_a_minute(served: Served, clock: Clock) -> None:
    for _ in range(PER_MINUTE):
        assert drop(served, {"a": b"x"}).status_code == 200
    refused = drop(served, {"a": b"x"})
    assert refused.status_code == 429
    assert "秒后再试" in refused.text
    clock.move(seconds=61)
    assert drop(served, {"a": b"x"}).status_code == 200


def test_nothing_of_a_file_is_kept(
    served: Served, answer: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    mark = b"MARK-" + b"7" * 40
    drop(served, {"receipt.jws": answer["receipt"].encode() + mark * 40_000})
    assert list(folder.iterdir()) == []
    home = served.parts.home.landed.parent
    kept = [path for path in home.rglob("*") if path.is_file() and "postgres" not in path.parts]
    assert not [path for path in kept if mark in path.read_bytes()]


def test_who_is_signed_in_has_it_in_the_menu(served: Served, make_account: Callable[..., int]) -> None:
    make_account("lin", "officer")
    assert "文件验真" in served.http.get("/verify").text
    assert 'href="/verify"' in served.http.get("/sign-in").text
