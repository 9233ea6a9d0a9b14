"""The catalogue (目录) as people read it: lists that a text narrows, and each dataset and register in full."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Final

from exchange_api.catalogue import (
    FORMATS,
    MODES,
    NOTHING_YET,
    Standing,
    authorities,
    classification_of,
    format_of,
    mode_of,
)
from exchange_api.pages import words
from exchange_api.pages.quality_views import dimensions_view, rule_words, rules_view, total
from exchange_api.pages.rendering import NOTHING, moment
from exchange_api.pages.views.catalogue import (
    AttributeLine,
    CatalogueDatasetView,
    CatalogueRegisterView,
    CatalogueView,
    CodeLine,
    DatasetLine,
    DepartmentLine,
    ItemLine,
    RegisterLine,
    RuleLine,
)
from exchange_api.pages.views.frame import Item, Words
from registries.contracts.model import Code, Column, Dataset, Register
from registries.departments import Catalogue, Department

CLASSIFICATIONS: Final[Mapping[str, tuple[str, Words]]] = {
    "public": ("green", Words("公开", "public")),
    "internal": ("blue", Words("内部", "internal")),
    "personal": ("gold", Words("个人信息", "personal")),
    "sensitive": ("red", Words("敏感个人信息", "sensitive")),
}


def catalogue_view(
    catalogue: Catalogue, standing: Mapping[str, Standing], version: int, text: str, today: date
) -> CatalogueView:
    """The lists; with a text only what has it in a name or title, of itself, its columns or its department."""
    wanted = text.strip().casefold()
    datasets = [each for each in catalogue.datasets if _fits(wanted, _words_of_dataset(each, catalogue))]
    registers = [each for each in catalogue.registers if _fits(wanted, _words_of_register(each, catalogue))]
    shown = {each.department for each in datasets} | {each.department for each in registers}
    departments = [
        each
        for each in catalogue.departments
        if each.id in shown or _fits(wanted, (each.id, each.name_zh, each.name_en))
    ]
    return CatalogueView(
        text.strip(),
        version,
        tuple(_department(each, catalogue, today) for each in departments),
        tuple(_register(each, catalogue) for each in registers),
        tuple(dataset_line(each, catalogue, standing) for each in datasets),
    )


def _fits(wanted: str, texts: Iterable[str]) -> bool:
    return any(wanted in text.casefold() for text in texts)


def _words_of_dataset(dataset: Dataset, catalogue: Catalogue) -> Iterable[str]:
    department = catalogue.department(dataset.department)
    columns = (text for column in dataset.columns for text in (column.name, column.title_zh))
    titles = (dataset.name, dataset.title_zh, dataset.title_en, dataset.group)
    return (*titles, department.name_zh, department.name_en, *columns)


def _words_of_register(register: Register, catalogue: Catalogue) -> Iterable[str]:
    department = catalogue.department(register.department)
    columns = (text for column in (register.key, *register.attributes) for text in (column.name, column.title_zh))
    kind = register.subject_kind
    titles = (register.id, register.title_zh, register.title_en, kind.zh, kind.en)
    return (*titles, department.name_zh, department.name_en, *columns)


def _department(department: Department, catalogue: Catalogue, today: date) -> DepartmentLine:
    return DepartmentLine(
        Words(department.name_zh, department.name_en),
        department.area_code,
        department.level,
        len(catalogue.of_department(department.id)),
        sum(register.department == department.id for register in catalogue.registers),
        department.valid_until is not None and department.valid_until < today,
    )


def _register(register: Register, catalogue: Catalogue) -> RegisterLine:
    return RegisterLine(
        register.id,
        Words(register.title_zh, register.title_en),
        Words(register.subject_kind.zh, register.subject_kind.en),
        _department_words(catalogue, register.department),
        len(register.attributes),
        len(catalogue.of_register(register.id)),
    )


def dataset_line(dataset: Dataset, catalogue: Catalogue, standing: Mapping[str, Standing]) -> DatasetLine:
    """A dataset in a list."""
    stands = standing.get(dataset.name, NOTHING_YET)
    return DatasetLine(
        dataset.name,
        Words(dataset.title_zh, dataset.title_en),
        _department_words(catalogue, dataset.department),
        dataset.sharing_class,
        Words(*MODES[mode_of(dataset)]),
        _every(dataset, dataset.sla.update_every_days),
        total(stands.scores),
        stands.data_as_of,
    )


def _department_words(catalogue: Catalogue, department_id: str) -> Words:
    department = catalogue.department(department_id)
    return Words(department.name_zh, department.name_en)


def _every(dataset: Dataset, days: int) -> Words:
    if dataset.sla.working_days:
        return Words(f"{days} 个工作日", f"{days} working days")
    return Words(f"{days} 天", "1 day" if days == 1 else f"{days} days")


def catalogue_dataset_view(dataset: Dataset, catalogue: Catalogue, stands: Standing) -> CatalogueDatasetView:
    """A dataset in full."""
    judged = {line.rule_id for line in stands.scores}
    register = dataset.register.register if dataset.register else None
    return CatalogueDatasetView(
        dataset.name,
        _facts(dataset, catalogue, stands),
        (register, Words(catalogue.register(register).title_zh, catalogue.register(register).title_en))
        if register
        else None,
        tuple(_item(column) for column in dataset.stored_columns),
        total(stands.scores),
        dimensions_view(stands.scores),
        rules_view(stands.scores, dataset.name, catalogue),
        tuple(
            RuleLine(rule.id, rule_words(dataset.name, rule.id, catalogue), words.LEVELS[rule.level].words)
            for rule in dataset.rules
            if rule.id not in judged
        ),
    )


def _facts(dataset: Dataset, catalogue: Catalogue, stands: Standing) -> tuple[Item, ...]:
    every, fresh = (_every(dataset, days) for days in (dataset.sla.update_every_days, dataset.sla.fresh_for_days))
    as_of = moment(stands.data_as_of) if stands.data_as_of else NOTHING
    given = (
        (Words("提供部门", "Provider"), _text(_department_words(catalogue, dataset.department))),
        (Words("数据格式", "Format"), _text(Words(*FORMATS[format_of(dataset)]))),
        (Words("更新周期", "Updated every"), _text(every)),
        (Words("时效承诺", "Fresh for"), _text(fresh)),
        (Words("数据截至", "Data as of"), as_of),
        (Words("有效期列", "Valid by"), _valid_by(dataset)),
        (Words("共享类型", "Sharing class"), dataset.sharing_class),
        (Words("共享方式", "Mode"), _text(Words(*MODES[mode_of(dataset)]))),
        *_sharing_facts(dataset),
        (Words("数据契约", "Contract"), f"{dataset.contract_id} {dataset.contract_version}"),
    )
    return tuple(Item(name, text) for name, text in given)


def _sharing_facts(dataset: Dataset) -> Iterator[tuple[Words, str]]:
    """What Decree 809, articles 13 to 15, asks of its class; what nobody said is told, too."""
    sharing = dataset.sharing
    if sharing.sharing_class == "不予共享":
        yield Words("不予共享理由", "Reason"), sharing.reason or NOTHING
        yield Words("不予共享依据", "Legal basis"), sharing.legal_basis or NOTHING
    else:
        yield Words("使用要求", "Conditions"), sharing.conditions or NOTHING
        yield Words("使用范围", "Scope"), sharing.scope or NOTHING
        yield Words("使用用途", "Purpose"), sharing.purpose or NOTHING
    yield Words("数据分级", "Grade"), sharing.grade or NOTHING
    strictest = CLASSIFICATIONS[classification_of(dataset)][1]
    yield Words("最高分类", "Strictest classification"), _text(strictest)
    if sharing.missing:
        yield Words("目录待补充", "Still missing"), "、".join(sharing.missing)


def _valid_by(dataset: Dataset) -> str:
    """The titles of the columns that say when a row holds in the world."""
    valid = dataset.valid_time
    names = (valid.since, valid.until) if valid else (None, None)
    if names == (None, None):
        return NOTHING
    return " → ".join("…" if name is None else dataset.column(name).title_zh for name in names)


def _text(both: Words) -> str:
    return f"{both.zh} {both.en}"


def _item(column: Column) -> ItemLine:
    tone, classification = CLASSIFICATIONS[column.classification]
    marks = [
        mark
        for holds, mark in ((column.key, Words("主键", "key")), (column.required, Words("必填", "required")))
        if holds
    ]
    return ItemLine(
        column.name,
        column.title_zh,
        column.description,
        words.COLUMN_TYPES[column.logical_type],
        classification,
        tone,
        tuple(marks),
        tuple(_code(code) for code in column.code_table or ()),
    )


def _code(code: Code) -> CodeLine:
    valid = ""
    if code.valid_from or code.valid_until:
        valid = f"{code.valid_from or ''} – {code.valid_until or ''}"
    return CodeLine(code.value, Words(code.zh, code.en), valid)


def catalogue_register_view(
    register: Register, catalogue: Catalogue, standing: Mapping[str, Standing]
) -> CatalogueRegisterView:
    """A register in full."""
    kind = register.subject_kind
    facts = (
        Item(Words("主体", "Speaks of"), f"{kind.zh} {kind.en}"),
        Item(Words("主管部门", "Led by"), _text(_department_words(catalogue, register.department))),
        Item(Words("主体标识", "Subject key"), f"{register.key.title_zh} {register.key.name}"),
        Item(Words("数据契约", "Contract"), f"{register.contract_id} {register.contract_version}"),
    )
    return CatalogueRegisterView(
        register.id,
        facts,
        tuple(
            AttributeLine(
                _item(column),
                tuple(
                    (each.name, Words(each.title_zh, each.title_en), _department_words(catalogue, each.department))
                    for each in authorities(catalogue, register, column.name)
                ),
            )
            for column in register.attributes
        ),
        tuple(dataset_line(each, catalogue, standing) for each in catalogue.of_register(register.id)),
    )
