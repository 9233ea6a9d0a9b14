"""Everything that can go wrong in quality/, under one root.

Each error says cause and next step in Chinese and in English. None of them ever holds a value of a row.

    >>> str(QualityError("缺少规则", "a rule is missing"))
    '缺少规则 | a rule is missing'
"""

from collections.abc import Sequence


class QualityError(Exception):
    """The root: raised only through its children.

    Args:
        zh: cause and next step in Chinese.
        en: the same in English.
    """

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} | {en}")
        self.zh = zh
        self.en = en

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by state: children have constructors of their own, and errors cross process borders."""
        return (_rebuilt, (type(self), self.zh, self.en, dict(self.__dict__)))


def _rebuilt(kind: type[QualityError], zh: str, en: str, state: dict[str, object]) -> QualityError:
    error = kind.__new__(kind)
    QualityError.__init__(error, zh, en)
    error.__dict__.update(state)
    return error


class UnknownRule(QualityError):
    """Raised when a contract names an expectation that neither the hub nor Great Expectations has for rows."""

    def __init__(self, rule_id: str, expectation: str) -> None:
        super().__init__(
            f"质量规则 {rule_id} 使用了未知的检查 {expectation}。请在数据契约中改用已有的检查",
            f"quality rule {rule_id} names the unknown check {expectation}; choose an existing one in the contract",
        )
        self.rule_id = rule_id


class RuleMisconfigured(QualityError):
    """Raised when a rule's arguments don't fit its expectation."""

    def __init__(self, rule_id: str, expectation: str) -> None:
        super().__init__(
            f"质量规则 {rule_id} 的参数不适用于检查 {expectation}。请在数据契约中改正参数",
            f"the arguments of quality rule {rule_id} don't fit the check {expectation}; mend them in the contract",
        )
        self.rule_id = rule_id


class RulesFailed(QualityError):
    """Raised when rules could not be evaluated at all. Names the rules; the cause's own text may hold values."""

    def __init__(self, rule_ids: Sequence[str], cause: str) -> None:
        names = ", ".join(rule_ids)
        super().__init__(
            f"质量规则 {names} 无法执行({cause})。请检查规则参数是否适合该列的类型",
            f"quality rules {names} could not be evaluated ({cause}); do their arguments fit the columns?",
        )
        self.rule_ids = tuple(rule_ids)


class UnknownDataset(QualityError):
    """Raised when an intake is asked for a dataset that no contract describes."""

    def __init__(self, dataset: str) -> None:
        super().__init__(
            f"没有数据契约描述数据资源 {dataset}。请用 mianzheng contract check 查看已有的数据资源",
            f"no contract describes the dataset {dataset}; mianzheng contract check lists those that exist",
        )
        self.dataset = dataset


class UnknownCertificateType(QualityError):
    """Raised when a contract's certificates are of a type that nobody described."""

    def __init__(self, dataset: str, type_code: str) -> None:
        super().__init__(
            f"数据资源 {dataset} 的证照类型 {type_code} 没有定义。请在 certificates/types 中补充",
            f"dataset {dataset} holds certificates of the unknown type {type_code}; describe it in certificates/types",
        )
        self.type_code = type_code


class ScoresChanged(QualityError):
    """Raised when a month can't be closed, or told of: a score it is made of is not what the ledger says it was."""

    def __init__(self, month: str, dataset: str, rule_id: str | None) -> None:
        which = dataset if rule_id is None else f"{dataset} / {rule_id}"
        super().__init__(
            f"{month} 的得分与存证日志不符：{which}。请运行 mianzheng quality verify 查明，从备份恢复该批得分后重试",
            f"the scores of {month} are not what the ledger says: {which}; mianzheng quality verify tells what was "
            "changed; restore the batch's scores from a backup, then try again",
        )
        self.month = month
        self.dataset = dataset
        self.rule_id = rule_id
