"""Predicates over columns against a slow model of what the contracts' vocabulary says, one row at a time."""

import datetime as dt
import re

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from certificates.identifiers import check_citizen_number
from quality.predicates import PREDICATES
from registries.contracts.expectations import EXPECTATIONS

NEARLY = """2024-02-29 2023-02-29 1900-02-29 2000-02-29 0000-01-01 0001-01-01 9999-12-31 2024-00-10 2024-13-01
2024-01-32 20240101 2024/01/01 2024-1-1 ２０２４-01-01 xxxxxxxxxx"""
DATES = st.sampled_from([*NEARLY.split(), "", "2024-01-01 "])
DAYS = st.dates().map(dt.date.isoformat)
CLOCKS = st.datetimes().map(lambda at: at.isoformat(" ", "seconds"))


def real_day(text: str) -> dt.date | None:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text[:10], re.ASCII):
        return None
    try:
        return dt.date.fromisoformat(text[:10])
    except ValueError:
        return None


def judged(name: str, *columns: list[str | None], **arguments: object) -> list[bool]:
    return PREDICATES[name].holds(*(pa.array(column, pa.string()) for column in columns), **arguments).tolist()


def test_every_row_expectation_of_the_vocabulary_exists_with_its_columns() -> None:
    own = {
        name.removeprefix("mianzheng:"): expectation.columns
        for name, expectation in EXPECTATIONS.items()
        if name.startswith("mianzheng:") and expectation.kind == "row"
    }
    assert own == {name: predicate.columns for name, predicate in PREDICATES.items()}


@given(st.lists(st.none() | DATES | DAYS, max_size=30))
def test_a_date_is_a_day_that_exists(texts: list[str | None]) -> None:
    assert judged("date", texts) == [t is None or (len(t) == 10 and real_day(t) is not None) for t in texts]


@given(st.lists(st.none() | DATES | CLOCKS, max_size=30))
def test_a_timestamp_is_a_day_with_a_clock(texts: list[str | None]) -> None:
    def model(text: str) -> bool:
        clock = re.fullmatch(r".{10} [0-9]{2}:[0-9]{2}:[0-9]{2}", text)
        return clock is not None and real_day(text) is not None

    assert judged("timestamp", texts) == [t is None or model(t) for t in texts]


@given(st.lists(st.none() | st.from_regex(r"\A2024-0[1-2]-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(\.1|Z)?\Z"), max_size=30))
def test_a_clock_ends_before_midnight(texts: list[str | None]) -> None:
    def model(text: str) -> bool:
        try:
            return bool(dt.datetime.fromisoformat(text))
        except ValueError:
            return False

    assert judged("timestamp", texts) == [t is None or model(t.replace(".1", ".100")) for t in texts]


@pytest.mark.parametrize("text", ["2024-02-29 24:00:00", "2024-02-29T10:00:00", "2024-02-30 10:00:00", "2024-02-29"])
def test_what_is_no_timestamp(text: str) -> None:
    assert judged("timestamp", [text]) == [False]


def test_a_timestamp_may_have_fraction_and_offset() -> None:
    assert judged("timestamp", ["2024-02-29 10:00:00.123456+08:00", "2024-02-29 10:00:00Z"]) == [True, True]


@given(st.lists(st.tuples(st.none() | DATES | DAYS, st.none() | DATES | DAYS), max_size=30))
def test_not_before_compares_days(pairs: list[tuple[str | None, str | None]]) -> None:
    def model(later: str | None, earlier: str | None) -> bool:
        days = [real_day(text) if text else None for text in (later, earlier)]
        return None in days or days[0] >= days[1]  # type: ignore[operator] # neither is None here

    assert judged("not_before", [a for a, _ in pairs], [b for _, b in pairs]) == [model(a, b) for a, b in pairs]


def test_not_before_compares_clocks_of_one_day_and_not_a_clock_with_a_day() -> None:
    later = ["2024-01-01 08:00:00", "2024-01-01 09:00:00", "2024-01-01", "2024-01-02 00:00:00"]
    earlier = ["2024-01-01 09:00:00", "2024-01-01 08:00:00", "2024-01-01 09:00:00", "2024-01-01 23:00:00"]
    assert judged("not_before", later, earlier) == [False, True, True, True]


@given(st.lists(st.none() | DATES | DAYS, max_size=30))
def test_not_in_future(texts: list[str | None]) -> None:
    today = dt.date(2024, 6, 1)
    days = [real_day(text) if text else None for text in texts]
    assert judged("not_in_future", texts, today="2024-06-01") == [day is None or day <= today for day in days]


@given(st.lists(st.tuples(st.sampled_from(["11010519491231002X", "110101199003072316", "x", None]), DATES | st.none())))
def test_old_enough(pairs: list[tuple[str | None, str | None]]) -> None:
    def model(number: str | None, text: str | None) -> bool:
        day = real_day(text) if text else None
        if number is None or not check_citizen_number(number) or day is None:
            return True
        born = (int(number[6:10]) + 22, int(number[10:12]), int(number[12:14]))
        return born <= (day.year, day.month, day.day)

    found = judged("old_enough", [a for a, _ in pairs], [b for _, b in pairs], years=22)
    assert found == [model(a, b) for a, b in pairs]


NUMBERS = ["11010519491231002X", "110101199003072316", "110101199003072315", "x", None]


@given(st.lists(st.tuples(st.sampled_from(NUMBERS), st.sampled_from(["1949-12-31", "1990-03-07", "1990-02-30", None]))))
def test_birth_dates_agree_or_are_not_judged(pairs: list[tuple[str | None, str | None]]) -> None:
    def model(number: str | None, birth: str | None) -> bool:
        if number is None or birth is None or not check_citizen_number(number) or real_day(birth) is None:
            return True
        return number[6:14] == birth.replace("-", "")

    assert judged("birth_date_agrees", [a for a, _ in pairs], [b for _, b in pairs]) == [model(a, b) for a, b in pairs]


@given(st.lists(st.tuples(st.sampled_from(NUMBERS), st.sampled_from(["0", "1", "2", "9", "12", "男", "", None]))))
def test_sexes_agree_or_are_not_judged(pairs: list[tuple[str | None, str | None]]) -> None:
    def model(number: str | None, sex: str | None) -> bool:
        if number is None or sex not in {"1", "2"} or not check_citizen_number(number):
            return True
        return (int(number[16]) % 2 == 1) == (sex == "1")

    assert judged("sex_agrees", [a for a, _ in pairs], [b for _, b in pairs]) == [model(a, b) for a, b in pairs]


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("integer", ["0", "-12", "9" * 18], ["9" * 19, "1.0", "", "１", "+1", "1 "]),
        ("number", ["0", "-1.50", "12"], ["1.", ".5", "1e3", "", "1,000"]),
        ("boolean", ["true", "false"], ["True", "1", ""]),
    ],
)
def test_shapes(name: str, good: list[str], bad: list[str]) -> None:
    assert judged(name, [*good, *bad, None]) == [True] * len(good) + [False] * len(bad) + [True]


def test_required_when_and_matches_when() -> None:
    values, deciding = [None, "x", None, "12", None], ["3", "3", "4", "3", None]
    assert judged("required_when", values, deciding, when_values=["3"]) == [False, True, True, True, True]
    decided = judged("matches_when", values, deciding, when_values=["3"], regex="[0-9]+")
    assert decided == [True, False, True, True, True]


def test_divisions_lie_under_others_by_their_digits() -> None:
    lower = ["440511", "440511", "440511", "440511001001", "44", "110000", None, "440511"]
    upper = ["440500", "440000", "450000", "440511001000", "440500", "000000", "440000", None]
    assert judged("division_under", lower, upper) == [True, True, False, True, False, True, True, True]


def test_blocks_of_rows_make_no_difference() -> None:
    texts = ["2024-02-29", "2024-02-30", None] * 20_000
    assert judged("date", texts) == [True, False, True] * 20_000
    chunked = pa.chunked_array([texts[:7], texts[7:]], pa.string())
    assert PREDICATES["date"].holds(chunked).tolist() == [True, False, True] * 20_000
    assert PREDICATES["date"].holds(pa.chunked_array([], pa.string())).tolist() == []


TODAY = "2024-06-01"


@given(st.lists(st.tuples(st.none() | DATES | DAYS, st.sampled_from(["1", "2", None])), max_size=30))
def test_not_expired_when(pairs: list[tuple[str | None, str | None]]) -> None:
    def model(end: str | None, status: str | None) -> bool:
        day = real_day(end) if end else None
        return day is None or status != "1" or day >= dt.date.fromisoformat(TODAY)

    found = judged("not_expired_when", [a for a, _ in pairs], [b for _, b in pairs], when_values=["1"], today=TODAY)
    assert found == [model(end, status) for end, status in pairs]


VALIDITY = {"01": ["2020-01-01", None], "02": [None, "2023-12-31"], "03": ["2020-01-01", "2021-12-31"]}


def valid_on(code: str | None, day: dt.date) -> bool:
    first, last = VALIDITY.get(code or "", [None, None])
    return (first is None or dt.date.fromisoformat(first) <= day) and (
        last is None or day <= dt.date.fromisoformat(last)
    )


CODES = st.none() | st.sampled_from(["01", "02", "03", "04"])
NEAR = st.sampled_from(["2019-12-31", "2020-01-01", "2021-12-31", "2022-01-01", "2023-12-31", "2024-01-01"])


@given(st.lists(st.tuples(CODES, st.none() | NEAR | DATES), max_size=30))
def test_codes_are_valid_on_their_day_or_the_batch_s(pairs: list[tuple[str | None, str | None]]) -> None:
    codes, days = [a for a, _ in pairs], [b for _, b in pairs]
    today = dt.date.fromisoformat(TODAY)
    assert judged("code_validity", codes, validity=VALIDITY, today=TODAY) == [valid_on(code, today) for code in codes]
    found = judged("code_validity_on", codes, days, validity=VALIDITY, today=TODAY)
    assert found == [valid_on(code, (real_day(day) if day else None) or today) for code, day in pairs]


def misread(text: str, read_as: str) -> str:
    return text.encode().decode(read_as, "replace")


@pytest.mark.parametrize(
    "text",
    [
        "汕头市金平区１号",
        "Ａ座 3 楼",
        "张\u200b三",
        "\ufeff张三",
        "张\u00ad三",
        "张\t三",
        "张\ufffd三",
        "锟斤拷锟斤拷",
        "烫烫烫",
        misread("张三", "latin-1"),
        misread("汕头市金平区", "cp1252"),
        misread("ä", "latin-1"),
        misread("张三", "gb18030"),
        misread("汕头市澄海区宏辉装修服务部", "gb18030"),
        misread("欧阳娜娜", "gb18030"),
        misread("李四路 12 号", "gb18030"),
    ],
)
def test_text_that_came_through_a_wrong_encoding_is_not_readable(text: str) -> None:
    assert judged("readable_text", [text]) == [False]


GOOD_TEXTS = """张三 欧阳娜娜 古丽·阿卜杜拉 汕头市（澄海区）莲下镇「东村」12-3号，二楼 José O'Neill 澋川 䶮月 㐂寿
𠮷野家
(株)会社 €5 ABC有限公司 鍾無艷 銮铃 涓涓流水 浜名湖 鎏金 锟铻 烫伤医院 鐵木真 閩南"""


def test_good_names_and_addresses_are_readable() -> None:
    texts = [*GOOD_TEXTS.split(), None, "汕头市 金平区"]
    assert [text for text, good in zip(texts, judged("readable_text", texts), strict=True) if not good] == []


@given(
    st.lists(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=2, max_size=8), max_size=20)
)
def test_chinese_that_was_read_as_gbk_is_told_and_chinese_is_left_alone(texts: list[str]) -> None:
    """Of characters in use, that is: a text of rare ones can look like another text's UTF-8."""
    assert judged("readable_text", [misread(text, "gb18030") for text in texts]) == [False] * len(texts)


def test_what_a_spreadsheet_rounded() -> None:
    rounded = ["4.40507E+17", "4E+08", "4.4e+17", "440507199001010000", "1234567890123450", "12345678901234500000"]
    good = ["11010519491231002X", "440507", "S051520243060073", "123456789012345", "1E5", "", None, "1.5", "000"]
    assert judged("not_rounded", rounded) == [False] * len(rounded)
    assert judged("not_rounded", good) == [True] * len(good)
    assert judged("not_rounded", rounded, zeros=False) == [False] * 3 + [True] * 3


def test_a_good_number_that_ends_in_zeros_is_not_taken_for_a_rounded_one() -> None:
    bodies = [
        f"4405241988{month:02d}{day:02d}{sequence}00" for month in (1, 2) for day in (1, 2) for sequence in range(10)
    ]
    good = [body + "0" for body in bodies if check_citizen_number(body + "0")]
    assert good
    assert judged("not_rounded", good) == [True] * len(good)


def test_missing_values() -> None:
    assert judged("not_missing", ["x", "无", None, ""], missing_values=["无"]) == [True, False, False, True]


@given(st.lists(st.tuples(*[st.none() | DATES | DAYS] * 3), max_size=30))
def test_in_order_passes_over_what_is_missing(rows: list[tuple[str | None, ...]]) -> None:
    def model(*texts: str | None) -> bool:
        days = [day for text in texts if text and (day := real_day(text)) is not None]
        return days == sorted(days)

    columns = [[row[place] for row in rows] for place in range(3)]
    assert judged("in_order", *columns) == [model(*row) for row in rows]
