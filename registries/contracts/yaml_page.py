r"""Reading YAML that strangers wrote: safely, with the line of everything in it, and with every fault noted.

Anchors are refused (a few lines of them unfold into gigabytes), so are deep nesting, double keys (YAML keeps the
last one in silence) and files past a megabyte. Nothing named in a file is ever fetched.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.yaml"
    >>> _ = path.write_text("a:\n  b: 1\n")
    >>> page = read_yaml(path)
    >>> page.line(("a", "b")), page.content
    (2, {'a': {'b': 1}})
"""

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import yaml

from registries.contracts.faults import ContractFaults, Fault

Place = tuple[str | int, ...]
"""The way from the top of a file to something in it: keys and positions."""

LARGEST: Final = 1_000_000
DEEPEST: Final = 30
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times faster where libyaml is there


class Page:
    """A file's content with the lines of its parts and the faults found so far."""

    def __init__(self, file: str, content: Mapping[str, object], lines: Mapping[Place, int]) -> None:
        self.file = file
        self.content = content
        self.faults: list[Fault] = []
        self._lines = lines

    def line(self, place: Place) -> int:
        """The line of a part, or of the nearest thing around it, from 1."""
        while place and place not in self._lines:
            place = place[:-1]
        return self._lines.get(place, 1)

    def note(self, place: Place, cause_zh: str, cause_en: str, mend_zh: str, mend_en: str) -> None:
        """Note a fault at a part."""
        self.faults.append(Fault(self.file, self.line(place), cause_zh, cause_en, mend_zh, mend_en))

    def note_unknown(self, place: Place, what_zh: str, what_en: str, name: object, known: Iterable[str]) -> None:
        """Note a name that is on no list, with the nearest one that is."""
        names = sorted(known)
        near = difflib.get_close_matches(str(name), names, n=1)
        shown = near or names
        self.note(
            place,
            f"未知的{what_zh} {name}",
            f"unknown {what_en} {name}",
            f"{'是否应为' if near else '可用的有'} {', '.join(shown)}",
            f"{'did you mean' if near else 'known are'} {', '.join(shown)}",
        )

    def stop_if_faulty(self) -> None:
        """Raise ContractFaults if any were noted."""
        if self.faults:
            raise ContractFaults(self.faults)


def read_yaml(path: Path) -> Page:
    """Read a YAML file whose top is a mapping; ContractFaults if it is none."""
    text = _text(path)
    _refuse_anchors_and_depths(path, text)
    try:
        node = yaml.compose(text, Loader=_LOADER)
        lines: dict[Place, int] = {}
        doubles: list[tuple[Place, int]] = []
        if isinstance(node, yaml.MappingNode):
            _note_lines(node, (), lines, doubles)
        content = yaml.load(text, Loader=_LOADER)  # noqa: S506 - it is a safe one
    except yaml.MarkedYAMLError as error:
        raise _not_yaml(path, error) from None
    except (yaml.YAMLError, ValueError):
        raise _fault(
            path, 1, "不是可读的 YAML", "not readable as YAML", "请检查文件内容", "check its content"
        ) from None
    if not isinstance(content, dict) or not all(isinstance(key, str) for key in content):
        raise _fault(
            path, 1, "内容不是字段表", "the file is not a mapping", "请以“字段: 值”书写", "write `field: value`"
        )
    page = Page(_shown(path), content, lines)
    for place, line in doubles:
        page.faults.append(
            Fault(
                page.file,
                line,
                f"字段 {place[-1]} 出现了两次",
                f"field {place[-1]} is given twice",
                "请保留一个",
                "keep one",
            )
        )
    return page


def _shown(path: Path) -> str:
    # The folder tells one department's file from another's; the way to it is nobody's business.
    return f"{path.parent.name}/{path.name}" if path.parent.name else path.name


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()[: LARGEST + 1]
    except OSError as error:
        reason = error.strerror or "I/O error"
        raise _fault(
            path, 1, f"文件不可读: {reason}", f"file can't be read: {reason}", "请检查路径与权限", "check path and mode"
        ) from None
    if len(raw) > LARGEST:
        raise _fault(path, 1, "文件超过 1 MB", "file is larger than 1 MB", "请拆分数据契约", "split the contract")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise _fault(
            path, line, "不是 UTF-8 编码", "not encoded in UTF-8", "请另存为 UTF-8", "save it as UTF-8"
        ) from None


def _refuse_anchors_and_depths(path: Path, text: str) -> None:
    depth = 0
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            line = event.start_mark.line + 1 if event.start_mark else 1
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise _fault(
                    path, line, "不接受锚点与引用", "anchors and aliases are not accepted", "请写出全文", "write it out"
                )
            if depth > DEEPEST:
                raise _fault(path, line, "嵌套过深", "it is nested too deep", "请检查括号", "check brackets")
    except yaml.MarkedYAMLError as error:
        raise _not_yaml(path, error) from None
    except yaml.YAMLError:
        raise _fault(path, 1, "含有不允许的字符", "holds a forbidden character", "请删除", "remove it") from None


def _note_lines(node: yaml.Node, place: Place, lines: dict[Place, int], doubles: list[tuple[Place, int]]) -> None:
    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        for position, item in enumerate(node.value):
            _note_lines(item, (*place, position), lines, doubles)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*place, str(key.value))
            if inner in lines:
                doubles.append((inner, key.start_mark.line + 1))
            lines[inner] = key.start_mark.line + 1
            _note_lines(value, inner, lines, doubles)


def _not_yaml(path: Path, error: yaml.MarkedYAMLError) -> ContractFaults:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else 1
    return _fault(
        path,
        line,
        f"YAML 语法错误: {error.problem}",
        f"YAML syntax: {error.problem}",
        "请检查缩进、冒号与引号",
        "check indentation, colons and quotes",
    )


def _fault(path: Path, line: int, cause_zh: str, cause_en: str, mend_zh: str, mend_en: str) -> ContractFaults:
    return ContractFaults([Fault(_shown(path), line, cause_zh, cause_en, mend_zh, mend_en)])
