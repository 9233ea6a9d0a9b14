"""The steward's page that explains a subject: masked, written down, for stewards only, and no key in any address."""

from collections.abc import Callable
from typing import Protocol

import httpx
import pytest
import sqlalchemy as sa

from registries.home import Role
from registries.store import budgets
from registries.store.access_tables import subject_access
from registries.store.engine import Store
from registries.store.ledger_tables import ledger_entry
from tests.exchange_api.conftest import HOLDER, Certificates, Served
from tests.exchange_api.pages.signing_in import token
from tests.registries.store.deliveries import take_in

PLACE = "/steward/explain"
PERSON = "11010519491231002X"
ASKED = {"register": "population", "subject": PERSON, "reason": "复核", "as_of": "", "known_at": ""}


class Hub(Protocol):
    """What these tests need of the fixture `hub`."""

    def store(self, role: Role) -> Store: ...


def post(http: httpx.Client, fields: dict[str, str]) -> httpx.Response:
    return http.post(PLACE, data={**fields, "csrf_token": token(http.get(PLACE))})


@pytest.fixture
def person(served: Served, hub: Hub) -> None:
    resident = {
        "citizen_number": PERSON,
        "name": "欧阳志强",
        "sex": "1",
        "birth_date": "1949-12-31",
        "division_code": "440507",
        "life_status": "1",
        "registered_on": "1958-01-09",
        "updated_at": "2026-01-01 08:00:00",
    }
    insured = {"citizen_number": PERSON, "name": "欧阳自强"}
    catalogue = served.parts.catalogue
    with hub.store(Role.LOAD).begin() as conn:
        take_in(conn, catalogue.dataset("public_security.residents"), [(resident, False)])
        take_in(conn, catalogue.dataset("human_resources.insured_persons"), [(insured, False)])


@pytest.mark.usefixtures("person")
def test_values_are_masked_and_traced(steward: httpx.Client, hub: Hub) -> None:
    page = post(steward, ASKED)
    assert page.status_code == 200
    column = "public_security.residents.<wbr>name"
    for told in ("欧**强", "1101**********002X", "第 1 数源", "不一致", column, "文件已到期"):
        assert told in page.text
    assert "欧阳" not in page.text
    assert page.text.count(PERSON) == 1  # in the field in which it was typed
    assert PERSON not in str(page.url)
    with hub.store(Role.OWNER).begin() as conn:
        (looked,) = conn.execute(sa.select(subject_access)).all()
        entries = conn.execute(sa.select(ledger_entry.c.jti).where(ledger_entry.c.kind == "access")).scalars().all()
    assert (looked.by_whom, looked.reason, looked.values_shown) == ("steward", "复核", False)
    assert entries == [f"access:{looked.id}"]


@pytest.mark.usefixtures("person")
def test_both_axes_are_asked(steward: httpx.Client) -> None:
    assert "不在有效期" in post(steward, {**ASKED, "as_of": "1958-01-08"}).text
    assert "此时基础库中没有该主体" in post(steward, {**ASKED, "known_at": "2020-01-01T08:00"}).text
    assert "没有写明有效期" not in post(steward, {**ASKED, "as_of": "1958-01-09"}).text


def test_certificates_are_explained_row_by_row(steward: httpx.Client, certificates: Certificates) -> None:
    certificates.add("A1")
    page = post(steward, {**ASKED, "register": "certificates", "subject": "A1"})
    assert HOLDER[0] in page.text  # an organisation's name is public
    certificates.vanish("A1")
    page = post(steward, {**ASKED, "register": "certificates", "subject": "A1"})
    assert "此时基础库中没有该主体" in page.text
    assert "记录从来源中消失" in page.text


def test_a_certificates_life_is_a_line_of_events(steward: httpx.Client, certificates: Certificates) -> None:
    asked = {**ASKED, "register": "certificates", "subject": "A1"}
    certificates.add("A1")
    certificates.add("A1", status_code="05", status_since="2024-03-01", status_reason="向陈美娟虚报注册资本")
    certificates.add("A1", status_since="2025-03-01")  # valid again, by no decision that is named
    page = post(steward, asked).text
    line = page[page.index("证照经历") :]
    for told in (
        "签发",
        "吊销",
        "恢复",
        "不合法定流程",
        "未载明日期",
        "2024-03-01",
        "汕头市市场监督管理局",
        "MZ-",
        "载有事由",
    ):
        assert told in line
    assert line.index("签发") < line.index("吊销") < line.index("恢复")
    assert "待校核" in line[: line.index("<ol")]
    assert "陈美娟" not in page
    assert "吊销" in page_state(post(steward, {**asked, "as_of": "2024-06-01"}).text)
    assert "有效" in page_state(post(steward, {**asked, "as_of": "2020-06-01"}).text)
    assert "证照状态变更不合法定流程" in page


def page_state(page: str) -> str:
    """What the page says of the day that was asked for."""
    line = page[page.index("证照经历") :]
    return line[line.index("的状态") : line.index("<ol")]


def test_a_life_is_told_as_it_was_known(steward: httpx.Client, certificates: Certificates) -> None:
    certificates.add("A1")
    asked = {**ASKED, "register": "certificates", "subject": "A1"}
    assert "证照经历" in post(steward, asked).text
    assert "证照经历" not in post(steward, {**asked, "known_at": "2020-01-01T08:00"}).text
    assert "证照经历" not in post(steward, {**asked, "register": "population"}).text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"subject": " "}, "请填写主体标识"),
        ({"reason": ""}, "请写明查看理由"),
        ({"register": "nowhere"}, "请选择基础库"),
        ({"as_of": "yesterday"}, "日期或时间无法识别"),
        ({"known_at": "noon"}, "日期或时间无法识别"),
    ],
)
def test_what_is_missing_is_said(steward: httpx.Client, hub: Hub, fields: dict[str, str], said: str) -> None:
    page = post(steward, {**ASKED, **fields})
    assert page.status_code == 422
    assert said in page.text
    with hub.store(Role.OWNER).begin() as conn:
        assert conn.execute(sa.select(sa.func.count()).select_from(subject_access)).scalar_one() == 0


def test_only_stewards_and_only_our_forms(
    steward: httpx.Client, sign_in: Callable[[str], httpx.Client], make_account: Callable[..., int]
) -> None:
    assert steward.post(PLACE, data=ASKED).status_code == 403
    make_account("officer", "officer")
    officer = sign_in("officer")
    assert officer.get(PLACE).status_code == 403
    assert officer.post(PLACE, data={**ASKED, "csrf_token": "x"}).status_code == 403


@pytest.mark.usefixtures("person")
def test_one_attribute_is_shown_in_clear_with_a_reason_counted_and_logged(steward: httpx.Client, hub: Hub) -> None:
    place = "/steward/unmask"

    def unmask(**given: str) -> httpx.Response:
        fields = {"attribute": "population.name", "subject": PERSON, "reason": "工单核对姓名", **given}
        return steward.post(place, data={**fields, "csrf_token": token(steward.get(place))})

    shown = unmask()
    assert shown.status_code == 200
    assert "欧阳志强" in shown.text
    assert "欧阳自强" in shown.text
    assert PERSON not in shown.text
    assert unmask(reason=" ").status_code == 422
    assert unmask(attribute="population.moon").status_code == 422
    assert unmask(attribute="moon.name").status_code == 404
    with hub.store(Role.OWNER).begin() as conn:
        looks = conn.execute(sa.select(subject_access.c.reason, subject_access.c.values_shown)).all()
        assert [tuple(look) for look in looks] == [("工单核对姓名", True)]
        kinds = conn.execute(sa.select(ledger_entry.c.kind).where(ledger_entry.c.issuer == "subjects")).scalars()
        assert list(kinds) == ["access"]
        budgets.set_limit(conn, budgets.Key("unmasking", "*"), budgets.Limit(1, None), "test")
    spent = unmask()
    assert spent.status_code == 422
    assert "欧阳" not in spent.text
