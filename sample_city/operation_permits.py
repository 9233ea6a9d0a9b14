"""Vehicles' road transport licences (道路运输证) as transport keeps them in workbooks: a company each, and its vehicle.

What is planted: a company that market regulation does not know, one that it calls otherwise, a plate that is none, a
status code that nobody gave, an impossible date.
"""

import numpy as np

from sample_city.check_characters import Ascii, uscc_check
from sample_city.columns import Column, Columns, compact_dates, digits, joined, pick, text, where, years
from sample_city.companies import Companies
from sample_city.districts import CODES, bureaus
from sample_city.draws import Index, below, stream
from sample_city.holders import COMPANY_CODE, Holders
from sample_city.holdings import Asked, Holding, Made, cancelled_on, kept

DATASET = "transport.operation_permits"
KEY = "证照编号"
RATES = (
    ("holder_unknown", 0.006),
    ("company_name_disagrees", 0.006),
    ("plate_format", 0.006),
    ("status_code_unknown", 0.006),
    ("impossible_date", 0.006),
)
OFFICES = bureaus("交通运输局", "MB5C")
TERM = 4 * 1461 // 4
LETTERS = list("ABCDEFGHJKLMNPQRSTUVWXYZ")
BAD_PLATES = ["粤D1234", "D88888", "粤4D8888", "无牌", "粤DI0O01"]
UNKNOWN_STATUSES = ["11", "77", "A1"]
IMPOSSIBLE = ["0230", "1305", "0431", "0012"]


def holding(holders: Holders) -> Holding:
    """All vehicles' licences of a city."""
    people = holders.population.people

    def make(asked: Asked) -> Made:
        return _made(holders, asked)

    return Holding(DATASET, (KEY,), RATES, max(200, people // 50), 1, holders.seed, make)


def _made(holders: Holders, asked: Asked) -> Made:
    today = holders.today
    firms, found = holders.companies("operators", asked.index, lambda c: c.founded_on < today - 30)
    earlier = today - below(stream(holders.seed, "permitted"), asked.index, TERM - asked.outlasts)
    issued = asked.issued(np.maximum(firms.founded_on, earlier), today)
    return kept(_planted(asked, firms, _clean(holders.seed, asked, firms, issued, today), issued), found)


def _clean(seed: int, asked: Asked, firms: Companies, issued: Index, today: int) -> Columns:
    place = firms.district
    return {
        KEY: joined("粤交运管许可汕字", text(digits(CODES[place], 6)), text(digits(asked.index, 6)), "号"),
        "业户名称": firms.name,
        "证件类型代码": pick([COMPANY_CODE], place * 0),
        "统一社会信用代码": text(firms.uscc),
        "车牌号码": joined("粤D", pick(LETTERS, below(stream(seed, "plate"), asked.index, len(LETTERS))), _tail(asked)),
        "车辆类型": pick(["厢式货车", "仓栅式货车", "牵引车"], below(stream(seed, "vehicle"), asked.index, 3)),
        "发证日期": compact_dates(issued),
        "有效期起": compact_dates(issued),
        "有效期止": compact_dates(issued + TERM - 1),
        "状态代码": pick(["10", "03"], asked.cancelled.astype(np.int64)),
        "状态日期": cancelled_on(asked, today),
        "发证机关": pick([office.name for office in OFFICES], place),
        "发证机关代码": pick([office.code for office in OFFICES], place),
        "行政区划代码": text(digits(CODES[place], 6)),
    }


def _tail(asked: Asked) -> Column:
    return text(digits(asked.index * 7_919 % 10_000, 4))


def _planted(asked: Asked, firms: Companies, columns: Columns, issued: Index) -> Columns:
    has, drawn = asked.has, asked.drawn
    impossible = joined(text(digits(years(issued), 4)), pick(IMPOSSIBLE, drawn % len(IMPOSSIBLE)))
    return columns | {
        "业户名称": where(has["company_name_disagrees"], joined(firms.name, "分公司"), columns["业户名称"]),
        "统一社会信用代码": where(has["holder_unknown"], text(_nobody(firms)), columns["统一社会信用代码"]),
        "车牌号码": where(has["plate_format"], pick(BAD_PLATES, drawn % len(BAD_PLATES)), columns["车牌号码"]),
        "状态代码": where(
            has["status_code_unknown"], pick(UNKNOWN_STATUSES, drawn % len(UNKNOWN_STATUSES)), columns["状态代码"]
        ),
        "发证日期": where(has["impossible_date"], impossible, columns["发证日期"]),
    }


def _nobody(firms: Companies) -> Ascii:
    """A right code that nobody has: the company's own, registered in another city."""
    body = firms.uscc[:, :17].copy()
    body[:, 2:8] = np.frombuffer(b"445100", dtype=np.uint8)
    return np.hstack([body, uscc_check(body)[:, None]])
