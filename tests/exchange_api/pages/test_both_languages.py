"""Every page says everything in both languages: looked for in templates, in the views' words and in scripts."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGES = ROOT / "exchange_api" / "pages"
TEMPLATES = sorted((PAGES / "templates").glob("*.html"))
SCRIPTS = sorted((PAGES / "static").glob("*.js"))
SOURCES = sorted((ROOT / "exchange_api").rglob("*.py"))
CHINESE = re.compile(r"[\u3400-\u9fff]")
ENGLISH = re.compile(r"[A-Za-z]{2,}")
VOID = frozenset({"br", "hr", "img", "input", "link", "meta", "rect", "path", "circle", "source", "wbr"})
SAID = ("alt", "aria-label", "placeholder", "title")
NEAR = 3
"""How many elements up the English may stand."""

ALONE = {
    "sign_in.html": {
        "人口",
        "法人",
        "电子证照",
        "免证枢纽",
        "质检 · 存证",
        "办事窗口",
        "签名回执",
    },  # a drawing, hidden
}
"""Chinese that stands alone for a reason."""


@dataclass
class Element:
    """A part of a template: its own texts, and what is inside."""

    attributes: dict[str, str]
    parent: "Element | None" = None
    texts: list[str] = field(default_factory=list)
    children: list["Element"] = field(default_factory=list)

    def has_english(self) -> bool:
        return self.attributes.get("lang") == "en" or any(child.has_english() for child in self.children)


class Tree(HTMLParser):
    """A template without its Jinja."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.root = self._at = Element({})
        plain = re.sub(r"\{#.*?#\}|\{%.*?%\}", "", text, flags=re.DOTALL)
        self.feed(re.sub(r"\{\{(.*?)\}\}", lambda found: _said_by(found[1]), plain, flags=re.DOTALL))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = Element({name: value or "" for name, value in attrs}, self._at)
        self._at.children.append(made)
        if tag not in VOID:
            self._at = made

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID and self._at.parent is not None:
            self._at = self._at.parent

    def handle_data(self, data: str) -> None:
        if data.strip():
            self._at.texts.append(data.strip())


def _said_by(call: str) -> str:
    """The Chinese that a Jinja expression writes itself; nothing if it gives English along."""
    strings = re.findall(r'"([^"]*)"', call) + re.findall(r"'([^']*)'", call)
    said = [one for one in strings if CHINESE.search(one)]
    return "" if any(ENGLISH.search(one) for one in strings) else " ".join(said)


def only_chinese(element: Element) -> Iterator[str]:
    """Texts of an element and of what is inside that have no English in sight."""
    for text in element.texts:
        if CHINESE.search(text) and not ENGLISH.search(text) and not _english_near(element):
            yield text
    for name in SAID:
        said = element.attributes.get(name, "")
        if CHINESE.search(said) and not ENGLISH.search(said):
            yield said
    for child in element.children:
        yield from only_chinese(child)


def _english_near(element: Element) -> bool:
    place: Element | None = element
    for _ in range(NEAR):
        if place is None:
            return False
        if place.has_english():
            return True
        place = place.parent
    return False


@pytest.mark.parametrize("template", TEMPLATES, ids=[one.name for one in TEMPLATES])
def test_a_template_says_it_in_both(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    found = [said for said in only_chinese(Tree(text).root) if said not in ALONE.get(template.name, ())]
    assert found == []


def words_in(source: Path) -> Iterator[tuple[str, int, ast.expr, ast.expr]]:
    """Every `Words(zh, en)` of a file: where it stands, and both."""
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(func=ast.Name(id="Words"), args=[zh, en]):
                yield source.name, node.lineno, zh, en


def test_words_are_given_in_both() -> None:
    found = [each for source in SOURCES for each in words_in(source)]
    assert len(found) > 100
    wrong = [(name, line) for name, line, zh, en in found if _one_language(_literal(zh), _literal(en), en)]
    assert wrong == []


def _one_language(zh: str, en: str, given: ast.expr) -> bool:
    """Whether Chinese or English is missing, or English is written in Chinese; quoted names of columns may be."""
    if re.fullmatch(r"[A-Za-z0-9 ./-]*", zh) and zh == en:  # a format's name: JSON
        return False
    spoken = re.sub("[“(].*?[”)]|证照编号", "", en)
    empty = isinstance(given, ast.Constant) and not en and bool(CHINESE.search(zh))
    return empty or bool(CHINESE.search(spoken)) or (bool(ENGLISH.search(zh)) and not CHINESE.search(zh))


def _literal(node: ast.expr) -> str:
    """What is said for certain: a text, or the fixed parts of one."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
    return ""


@pytest.mark.parametrize("script", SCRIPTS, ids=[one.name for one in SCRIPTS])
def test_a_script_says_it_in_both(script: Path) -> None:
    lines = [line for line in script.read_text(encoding="utf-8").splitlines() if not line.strip().startswith("//")]
    assert [line.strip() for line in lines if CHINESE.search(line) and not _both(line)] == []


def _both(line: str) -> bool:
    strings = re.findall(r'"([^"]*)"|`([^`]*)`', line)
    said = [one or other for one, other in strings]
    return " en: " in line or all(ENGLISH.search(one) for one in said if CHINESE.search(one))
