"""The register of enterprises as market regulation drops it, with three kinds of defects planted."""

import numpy as np
from numpy.typing import NDArray

from sample_city.check_characters import USCC_ALPHABET, another_character, another_inner_check, uscc_check
from sample_city.columns import Columns, dates, digits, joined, pick, take, text, where
from sample_city.companies import (
    CANCELLED,
    REVOKED_PENALTY,
    REVOKED_VOID,
    STATUSES,
    Companies,
    Economy,
)
from sample_city.districts import CODES
from sample_city.draws import Index, below, stream, unit
from sample_city.lanes import DefectPlan
from sample_city.scripts import Script

DATASET = "market_regulation.enterprises"
KEY = "统一社会信用代码"
RATES = (("uscc_check", 0.004), ("conflicting_rows", 0.002), ("organisation_code_check", 0.003))
WRONG_CODE, CONFLICT, WRONG_INSIDE = 0, 1, 2
REPEATED_SHARE = 0.001
"""How many rows stand in the drop twice, letter for letter: harmless."""

STATES = {CANCELLED: "注销", REVOKED_VOID: "撤销", REVOKED_PENALTY: "吊销"}
IN_BUSINESS = "存续"


def plan(economy: Economy, script: Script | None = None) -> DefectPlan:
    """Which enterprises have which kind of defect on which day; one of `conflicting_rows` makes two rows."""
    return DefectPlan.of(economy.companies, RATES, stream(economy.seed, "defects of enterprises"), script)


def rows(economy: Economy, companies: Companies, kinds: NDArray[np.int64]) -> tuple[Columns, NDArray[np.int64]]:
    """The rows of these enterprises and, for each row, its kind of defect (a position in RATES, or CLEAN)."""
    columns = _with_wrong_codes(economy.seed, companies, _clean(companies), kinds)
    twice = unit(stream(economy.seed, "repeated enterprise"), companies.index) < REPEATED_SHARE
    copies = 1 + ((kinds == CONFLICT) | ((kinds < 0) & twice))
    source = np.repeat(np.arange(len(kinds)), copies)
    second = np.concatenate([[False], source[1:] == source[:-1]]) & (kinds[source] == CONFLICT)
    table = {name: take(column, source) for name, column in columns.items()}
    return _contradicting(economy.seed, companies.index[source], table, second), kinds[source]


def _clean(companies: Companies) -> Columns:
    person, states = companies.person, [STATES.get(status, IN_BUSINESS) for status in STATUSES]
    return {
        KEY: text(companies.uscc),
        "企业名称": companies.name,
        "法定代表人": joined(person.surname, person.given_name),
        "法定代表人证件号码": text(person.number),
        "行政区划代码": text(digits(CODES[companies.district], 6)),
        "住所": companies.address,
        "注册资本(万元)": companies.capital,
        "成立日期": dates(companies.founded_on),
        "登记状态": pick(states, companies.status),
        "行业代码": companies.industry,
    }


def _with_wrong_codes(seed: int, companies: Companies, columns: Columns, kinds: NDArray[np.int64]) -> Columns:
    """A wrong last character; or a right one behind an organisation code whose own check character is wrong."""
    drawn = below(stream(seed, "wrong code"), companies.index, len(USCC_ALPHABET) - 1)
    wrong, inside = companies.uscc.copy(), companies.uscc.copy()
    wrong[:, 17] = another_character(companies.uscc[:, 17], 1 + drawn, USCC_ALPHABET)
    inside[:, 16] = another_inner_check(companies.uscc[:, 16], drawn)
    inside[:, 17] = uscc_check(inside[:, :17])
    code = where(kinds == WRONG_CODE, text(wrong), columns[KEY])
    return columns | {KEY: where(kinds == WRONG_INSIDE, text(inside), code)}


def _contradicting(seed: int, index: Index, columns: Columns, second: NDArray[np.bool_]) -> Columns:
    """The second row of a conflict says another capital, every other one another address too."""
    moved = second & (below(stream(seed, "conflict"), index, 2) == 0)
    return columns | {
        "注册资本(万元)": where(second, joined(columns["注册资本(万元)"], "8"), columns["注册资本(万元)"]),
        "住所": where(moved, joined(columns["住所"], "之二"), columns["住所"]),
    }
