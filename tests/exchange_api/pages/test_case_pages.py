"""The case-check on one screen, disputes in two clicks, needless paper counted: without a browser, over real HTTP."""

import re
from collections.abc import Callable

import httpx
import pytest

from tests.exchange_api.conftest import HOLDER, PURPOSE, Asking, Certificates, Served
from tests.exchange_api.pages.signing_in import token
from tests.exchange_api.test_case_checks import ELDER, WANG, allow, everything, town

__all__ = ["allow", "everything", "town"]  # fixtures

CHECK, DISPUTES = "/officer/case-check", "/officer/disputes"
SCAN = b"%PDF-1.7 scanned"
Signing = Callable[[str], httpx.Client]
Making = Callable[..., int]


def typed(page: httpx.Response, **more: str) -> dict[str, str]:
    """The form as an officer fills it in."""
    (jti,) = re.findall(r'name="jti" value="([0-9a-f]+)"', page.text)
    person = {f"person-applicant-{name}": value for name, value in WANG.items()}
    return {"csrf_token": token(page), "jti": jti, "item": ELDER, "case": "YL-1", "purpose": PURPOSE, **person, **more}


@pytest.mark.usefixtures("town", "everything")
def test_one_item_is_settled_on_one_screen_and_needless_paper_is_counted(
    sign_in: Signing, make_account: Making, served: Served
) -> None:
    make_account("window", "window_officer")
    make_account("steward", "steward")
    officer, steward = sign_in("window"), sign_in("steward")
    assert "公办养老机构入住轮候登记" in officer.get(CHECK).text
    assert officer.get(f"{CHECK}?item=none").status_code == 404
    form = officer.get(CHECK, params={"item": ELDER})
    sent = typed(form)
    page = officer.post(CHECK, data=sent).text
    assert re.findall(r'data-outcome="(\w+)"', page) == ["green", "green", "green", "blue", "gold"]
    for word in ("免交", "待校核", "需提交", "可容缺", "下一步"):
        assert word in page
    assert WANG["code"] not in re.sub(r'<input type="hidden"[^>]*>', "", page)
    assert officer.post(CHECK, data=sent).text.count("<li data-outcome") == 5  # the same form, the same answer
    wrong = officer.post(CHECK, data=typed(form) | {"case": ""})
    assert (wrong.status_code, 'role="alert"' in wrong.text) == (422, True)
    note = {**sent, "material": "identity", "form": "paper"}
    assert "请说明收取纸质材料的理由" in officer.post(f"{CHECK}/received", data=note).text
    noted = officer.post(f"{CHECK}/received", data=note | {"reason": "applicant_wishes"}).text
    assert "已登记收件" in noted
    moved = steward.get("/steward/paper", params={"since": "2026-01-01"})
    assert (moved.status_code, moved.headers["location"]) == (308, "/steward/boards/paper?since=2026-01-01")
    told = steward.get("/steward/boards/paper").text
    assert "申请人自愿提交 × 1" in told
    (count,) = steward.get("/steward/paper.json").json()["counts"]
    assert (count["item"], count["department"], count["received"], count["needless"]) == (ELDER, "civil_affairs", 1, 1)
    assert count["reasons"] == {"applicant_wishes": 1}
    sheet = steward.get("/steward/paper.csv", follow_redirects=True)
    assert sheet.content.startswith(b"\xef\xbb\xbf")
    assert "申请人自愿提交 × 1" in sheet.text
    empty = steward.get("/steward/paper.json", params={"since": "2025-01-01", "until": "2025-01-31"}).json()
    assert empty["counts"] == []
    assert officer.get("/steward/paper").status_code == 403
    assert served.http.get(CHECK).status_code in {303, 401}


def test_a_verdict_is_disputed_in_two_clicks_and_answered_by_its_source(
    sign_in: Signing, make_account: Making, served: Served, asking: Asking, certificates: Certificates
) -> None:
    certificates.add("S-1")
    make_account("window", "window_officer")
    for department in ("market_regulation", "tax"):
        make_account(f"steward-{department}", "steward", department=department)
    officer, provider, other = (sign_in(name) for name in ("window", "steward-market_regulation", "steward-tax"))
    question = asking.question("S-1") | {"jti": "f" * 32, "csrf_token": token(officer.get("/officer"))}
    form = officer.post(f"{DISPUTES}/new", data=question)
    assert "S-1" in form.text
    sent = question | {"kind": "validity", "statement": "照面有效期至 2030 年", "csrf_token": token(form)}
    assert officer.post(DISPUTES, data=sent | {"statement": ""}).status_code == 422
    files = {"file": ("执照.pdf", SCAN, "application/pdf")}
    filed = officer.post(DISPUTES, data=sent, files=files)
    assert filed.status_code == 303
    assert officer.post(DISPUTES, data=sent, files=files).headers["location"] == filed.headers["location"]
    reference = filed.headers["location"].rpartition("/")[2]
    assert "照面有效期至 2030 年" in officer.get(filed.headers["location"]).text
    assert officer.get(DISPUTES).text.count(f"{DISPUTES}/{reference}") == 1
    assert asking.ask(served, "S-1").json()["verdict"]["code"] == "pending_check"
    assert other.get(f"/steward/disputes/{reference}").status_code == 404
    place = f"/steward/disputes/{reference}"
    assert reference in provider.get("/steward/disputes").text
    page = provider.get(place)
    assert HOLDER[1] not in page.text
    (evidence,) = re.findall(rf'href="({place}/evidence/[0-9a-f]+)"', page.text)
    assert provider.get(evidence).content == SCAN
    assert other.get(evidence).status_code == 404
    answer = {"outcome": "corrected", "words": "已更正", "csrf_token": token(page)}
    assert provider.post(f"{place}/answer", data=answer | {"words": ""}).status_code == 422
    assert provider.post(f"{place}/answer", data=answer).status_code == 303
    assert provider.post(f"{place}/answer", data=answer).status_code == 404
    assert "已更正" in officer.get(filed.headers["location"]).text
    assert asking.ask(served, "S-1").json()["verdict"]["code"] == "valid"
