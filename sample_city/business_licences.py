"""The business licences as market regulation drops them: all of them once, then what changes each day.

Six kinds of defects are planted. A row says what happened to it (I new, U changed, D deleted) and when. Column names,
holder code types and compact dates follow GB/T 36903 as deployed systems use it; identifiers GB/T 36904.
"""

import numpy as np
from numpy.typing import NDArray

from sample_city.columns import Column, Columns, compact_dates, digits, joined, moments, pick, text, where
from sample_city.companies import LONG_TERM, STATUSES, Companies, Economy
from sample_city.districts import BUREAUS, CODES, COUNT
from sample_city.draws import Index, below, stream
from sample_city.identifiers import identifiers
from sample_city.lanes import DefectPlan
from sample_city.scripts import Script
from sample_city.trades import COMPANY

DATASET = "market_regulation.business_licences"
KEY = "证照编号"
OPERATION, UPDATED = "操作类型", "更新时间"
NEW, CHANGED, DELETED = "I", "U", "D"
TYPE_CODE = "11100000MB0143028R001"
HOLDER_CODE_TYPE = "001"  # unified social credit code
RATES = (
    ("ends_before_start", 0.003),
    ("identifier_check", 0.005),
    ("status_code_unknown", 0.002),
    ("identifier_of_another_type", 0.003),
    ("licence_name_disagrees", 0.003),
    ("issuer_code_wrong", 0.003),
)
BACKWARDS, WRONG_CHECK, NO_SUCH_STATUS, ANOTHER_TYPE, ANOTHER_NAME, WRONG_ISSUER = range(len(RATES))
FOOD_LICENCE = "DEMO00000000000000006"
UNKNOWN_STATUSES = ["11", "77", "88", "A1"]
LONG_TERM_TEXT = "99991231"

REASONS = {
    "10": ("",),
    "01": ("变更登记换发新照",),
    "02": ("营业期限届满",),
    "03": ("决议解散", "经营者申请注销"),
    "04": ("提交虚假材料取得登记",),
    "05": ("开业后自行停业连续六个月以上", "通过登记的住所无法联系", "逾期未报送年度报告"),
    "09": ("暂扣",),
}


def plan(economy: Economy, script: Script | None = None) -> DefectPlan:
    """Which licences have which kind of defect on which day."""
    return DefectPlan.of(economy.companies, RATES, stream(economy.seed, "defects of licences"), script)


def rows(economy: Economy, companies: Companies, kinds: NDArray[np.int64]) -> Columns:
    """The rows of these companies' licences with the defects that `kinds` (positions in RATES, or CLEAN) says."""
    columns = _clean(economy, companies)
    drawn = below(stream(economy.seed, "defect of a licence"), companies.index, 1 << 20)
    backwards = compact_dates(companies.founded_on - 1 - drawn % 2000)
    unknown = pick(UNKNOWN_STATUSES, drawn % len(UNKNOWN_STATUSES))
    right = _identifiers(economy, companies, TYPE_CODE, np.where(kinds == WRONG_CHECK, 1 + drawn % 35, 0))
    other = _identifiers(economy, companies, FOOD_LICENCE, drawn * 0)
    renamed = joined(companies.name, "(原)")
    slipped = pick([_slipped(bureau.code) for bureau in BUREAUS], _issuers(economy, companies))
    return columns | {
        "电子证照标识": where(kinds == ANOTHER_TYPE, other, right),
        "持证主体": where(kinds == ANOTHER_NAME, renamed, columns["持证主体"]),
        "证照颁发机构代码": where(kinds == WRONG_ISSUER, slipped, columns["证照颁发机构代码"]),
        "有效期截止日期": where(kinds == BACKWARDS, backwards, columns["有效期截止日期"]),
        "证照状态代码": where(kinds == NO_SUCH_STATUS, unknown, columns["证照状态代码"]),
    }


def _clean(economy: Economy, companies: Companies) -> Columns:
    issuer = _issuers(economy, companies)
    long_term = companies.valid_until == LONG_TERM
    until = where(long_term, LONG_TERM_TEXT, compact_dates(companies.valid_until))
    return {
        KEY: text(economy.licence_numbers(companies.index, companies.district, companies.founded_on)),
        "电子证照标识": None,
        "持证主体": companies.name,
        "持证主体代码": text(companies.uscc),
        "持证主体代码类型代码": pick([HOLDER_CODE_TYPE], companies.index * 0),
        "证照颁发机构": pick([bureau.name for bureau in BUREAUS], issuer),
        "证照颁发机构代码": pick([bureau.code for bureau in BUREAUS], issuer),
        "证照颁发日期": compact_dates(companies.issued_on),
        "有效期起始日期": compact_dates(companies.founded_on),
        "有效期截止日期": until,
        "证照状态代码": pick(list(STATUSES), companies.status),
        "状态变更日期": compact_dates(companies.status_since),
        "状态说明": _reasons(economy, companies),
        "证照版本号": text(digits(companies.version, 3)),
        "行政区划代码": text(digits(CODES[companies.district], 6)),
    }


def _issuers(economy: Economy, companies: Companies) -> NDArray[np.int64]:
    """Mostly the district's bureau; some firms are registered with the city's."""
    by_city = below(stream(economy.seed, "issuer"), companies.index, 10) == 0
    firm = companies.uscc[:, 1] == ord(str(COMPANY))
    return np.where(by_city & firm, COUNT, companies.district)


def _reasons(economy: Economy, companies: Companies) -> Column:
    """Why a licence is in its state; nothing for valid ones."""
    reasons = [reason for status in STATUSES for reason in REASONS[status]]
    sizes = np.array([len(REASONS[status]) for status in STATUSES])
    first = (np.cumsum(sizes) - sizes)[companies.status]
    return pick(reasons, first + below(stream(economy.seed, "reason"), companies.index, sizes[companies.status]))


def _identifiers(economy: Economy, companies: Companies, type_code: str, wrong_by: Index) -> Column:
    """The serial is the printed number."""
    codes = np.array([list(bureau.code.encode()) for bureau in BUREAUS], dtype=np.uint8)
    issuer = codes[_issuers(economy, companies)]
    serial = economy.licence_numbers(companies.index, companies.district, companies.founded_on)
    return identifiers(type_code, issuer, serial, digits(companies.version, 3), wrong_by)


def _slipped(code: str) -> str:
    """The code with one digit of its division mistyped: the last character is not right any more."""
    return f"{code[:6]}{(int(code[6]) + 3) % 10 if code[6].isdigit() else 8}{code[7:]}"


def changed(economy: Economy, defects: DefectPlan, day: int) -> tuple[Index, Index]:
    """The companies whose licences changed on `day` (from 1), and those that got one."""
    queues = (economy.revocations.on(day), economy.suspensions.on(day), economy.suspensions.on(day + 1))
    touched = np.unique(np.concatenate([*queues, defects.changed(day)]))
    return touched, np.arange(economy.count(day - 1), economy.count(day))


def told(economy: Economy, companies: Companies, operation: str, day: int | None = None) -> Columns:
    """What happened to each row and when; without a day, when it was last touched before the city's first."""
    last = np.minimum(np.maximum(companies.issued_on, companies.status_since), economy.population.today - 1)
    second = 8 * 3600 + below(stream(economy.seed, "second of a licence"), companies.index, 10 * 3600)
    days = last if day is None else np.full(len(last), day)
    return {OPERATION: pick([operation], last * 0), UPDATED: moments(days, second)}
