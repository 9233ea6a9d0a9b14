"""What departments, datasets, rules, dimensions and figures are called in reports: Chinese first.

>>> DIMENSION_WORDS["timeliness"]
('时效性', 'Timeliness')
"""

from collections.abc import Mapping
from typing import Final

from quality.reasons import reasons_of
from registries.departments import Catalogue

DIMENSION_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "conformity": ("规范性", "Conformity"),
    "completeness": ("完整性", "Completeness"),
    "accuracy": ("准确性", "Accuracy"),
    "consistency": ("一致性", "Consistency"),
    "timeliness": ("时效性", "Timeliness"),
    "accessibility": ("可访问性", "Accessibility"),
}
LEVEL_WORDS: Final[Mapping[int, tuple[str, str]]] = {
    1: ("必达", "required"),
    2: ("应达", "expected"),
    3: ("优秀", "excellent"),
}
ACT_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "verification": ("核验", "verifications"),
    "matching": ("比对", "matches"),
    "query": ("查询", "queries"),
    "retrieval": ("调阅", "retrievals"),
    "certificates": ("名下证照", "a subject's certificates"),
    "case_check": ("办件核验", "case checks"),
}
APPLICATION_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "submitted": ("收到申请", "received"),
    "granted": ("同意", "granted"),
    "refused": ("不同意", "refused"),
    "withdrawn": ("申请方撤回", "withdrawn"),
}


class Names:
    """Names as the catalogue has them now; what it does not know any more is called by its id."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._departments = {one.id: (one.name_zh, one.name_en) for one in catalogue.departments}

    def department(self, name: str) -> str:
        """A department's Chinese name."""
        return self._departments.get(name, (name, name))[0]

    def department_en(self, name: str) -> str:
        """A department's English name."""
        return self._departments.get(name, (name, name))[1]

    def dataset(self, name: str) -> str:
        """A dataset's Chinese title."""
        return self._catalogue.dataset(name).title_zh if name in self._catalogue else name

    def rule(self, dataset: str, rule_id: str) -> str:
        """What is wrong and how to mend it, in the contract's words."""
        if dataset not in self._catalogue:
            return rule_id
        return reasons_of(self._catalogue.dataset(dataset), [rule_id])[0].zh


def both(words: tuple[str, str]) -> str:
    """Chinese and English."""
    return f"{words[0]} {words[1]}"
