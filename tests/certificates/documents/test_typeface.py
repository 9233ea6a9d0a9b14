"""The font in a document: what was asked for and no more, readable by others, the same bytes each time."""

import io

import pytest
from fontTools.pens.areaPen import AreaPen
from fontTools.ttLib import TTFont
from hypothesis import given, settings
from hypothesis import strategies as st

from certificates.documents.drawing import A5
from certificates.documents.flow import Flow
from certificates.documents.typeface import load_typeface

TEXT = "证照核验件 Verification 0123456789，。（）〔〕𬀩𫖯"


@pytest.fixture(scope="module")
def font() -> TTFont:
    return TTFont(io.BytesIO(load_typeface().subset([TEXT]).data), checkChecksums=2)


def test_the_font_has_the_characters_that_were_asked_for(font: TTFont) -> None:
    assert {chr(code) for code in font.getBestCmap()} == set(TEXT)
    assert font["maxp"].numGlyphs == len(set(TEXT)) + 1


def test_both_character_maps_say_the_same(font: TTFont) -> None:
    basic, whole = (table.cmap for table in font["cmap"].tables)
    assert basic == {code: name for code, name in whole.items() if code < 0xFFFF}
    assert len(whole) > len(basic)


def test_numbers_and_widths_are_those_told(font: TTFont) -> None:
    subset = load_typeface().subset([TEXT])
    cmap = font.getBestCmap()
    assert {one: font.getGlyphID(cmap[ord(one)]) for one in set(TEXT)} == subset.glyphs
    assert [font["hmtx"][name][0] for name in font.getGlyphOrder()] == list(subset.widths)


def test_outlines_cover_the_same_area_as_those_of_the_typeface(font: TTFont) -> None:
    from pylopdf_fonts_zh_cn import sans_path

    with TTFont(sans_path()) as original:
        names, outlines, cmap = original.getBestCmap(), original.getGlyphSet(), font.getBestCmap()
        for one in sorted(set(TEXT) - {" "}):
            there, here = AreaPen(), AreaPen()
            outlines[names[ord(one)]].draw(there)
            font.getGlyphSet()[cmap[ord(one)]].draw(here)
            assert abs(here.value) == pytest.approx(abs(there.value), rel=0.02), one


def test_the_same_characters_make_the_same_bytes() -> None:
    face = load_typeface()
    assert face.subset([TEXT]).data == face.subset([TEXT[::-1], TEXT]).data


@pytest.mark.parametrize(("text", "shown"), [("\U00020bb7野", "〔U+20BB7〕野"), ("a\tb\u202e", "a b "), ("龘", "龘")])
def test_what_the_typeface_lacks_is_told_and_never_dropped(text: str, shown: str) -> None:
    assert load_typeface().readable(text) == shown


@settings(max_examples=150, deadline=None)
@given(st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs", "S")), max_size=120))
def test_lines_fit_and_keep_every_character(text: str) -> None:
    flow = Flow(A5, load_typeface())
    lines = flow.lines(text, 9, 40)
    shown = flow.face.readable(text)
    assert all(flow.face.width(line, 9) * 25.4 / 72 <= 40 for line in lines)
    assert "".join("".join(lines).split()) == "".join(shown.split())


def test_a_closing_mark_begins_no_line() -> None:
    flow = Flow(A5, load_typeface())
    for width in range(12, 60):
        lines = flow.lines("可以办理，无需提交纸质证照；回执归档。（完）" * 3, 9, width)
        assert not any(line[0] in "，；。）" for line in lines)


def test_a_full_page_is_followed_by_another() -> None:
    flow = Flow(A5, load_typeface())
    for _ in range(80):
        flow.paragraph("一行", 10)
    per_page = [len(page.items) for page in flow.pages]
    assert sum(per_page) == 80
    assert len(per_page) > 1
    assert per_page[0] > per_page[-1] > 0
