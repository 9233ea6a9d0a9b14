"""What answers about a subject say, in both languages, with the next step: of whole answers and of single fields.

words("matching", "mismatch")["next"]["en"]
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple


class Words(NamedTuple):
    """A sentence and the next step, zh and en."""

    zh: str
    en: str
    next_zh: str
    next_en: str


_ASK_AGAIN = (
    "以申请人材料照常办理；需要时申请授权。",
    "Serve with the applicant's papers; apply for the right if you need it.",
)
_SERVE = (
    "以申请人材料照常办理，不得要求其先行更正。",
    "Serve with the applicant's papers; do not ask for a correction first.",
)

_ANSWERS: Final[Mapping[str, Mapping[str, Words]]] = {
    "matching": {
        "match": Words(
            "全部一致。", "Everything matches.", "可以办理；回执归档。", "Proceed; keep the receipt on file."
        ),
        "mismatch": Words(
            "有不一致项。",
            "Something does not match.",
            "请核对所填内容；持有有效材料的照常办理，并可提出校核。",
            "Check what was entered; who holds valid papers is served as usual, and the entry can be disputed.",
        ),
        "unknown": Words("有未能比对的项。", "Something could not be compared.", *_SERVE),
        "refused": Words("有未获授权的项。", "Some fields are not granted.", *_ASK_AGAIN),
    },
    "query": {
        "found": Words(
            "已查到。", "Found.", "按授权用途使用；回执归档。", "Use it for the granted purpose; keep the receipt."
        ),
        "partly": Words("部分查到。", "Found in part.", *_SERVE),
        "not_found": Words("未查到。", "Nothing was found.", *_SERVE),
        "refused": Words("有未获授权的项。", "Some fields are not granted.", *_ASK_AGAIN),
    },
    "certificates": {
        "found": Words(
            "已查到证照。",
            "There are certificates.",
            "按编号逐一核验后办理。",
            "Verify each by its number before you rely on it.",
        ),
        "not_found": Words("未查到证照。", "No certificate was found.", *_SERVE),
        "refused": Words("有未获授权的类型。", "Some types are not granted.", *_ASK_AGAIN),
    },
}
_FIELDS: Final[Mapping[str, tuple[str, str]]] = {
    "match": ("一致", "matches"),
    "mismatch": ("不一致", "does not match"),
    "unknown": ("无法比对", "can't be compared"),
    "told": ("已提供", "told"),
    "empty": ("无值", "has no value"),
    "not_found": ("未查到", "not found"),
    "not_granted": ("未获授权", "not granted"),
    "not_covered": ("未归集", "not collected"),
}


def words(act: str, code: str) -> dict[str, Any]:
    """The members code, zh, en and next of an answer."""
    said = _ANSWERS[act][code]
    return {"code": code, "zh": said.zh, "en": said.en, "next": {"zh": said.next_zh, "en": said.next_en}}


def outcome(code: str) -> dict[str, str]:
    """The members outcome, zh and en of a field."""
    zh, en = _FIELDS[code]
    return {"outcome": code, "zh": zh, "en": en}
