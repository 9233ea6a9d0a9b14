"""From when until when a row holds in the world: what the contract names, else what its certificate mapping says.

    - {property: validTime, value: {from: valid_from, until: valid_until, longTerm: ["9999-12-31"]}}

Both days are included. A row without the one or the other is open on that side; only a declared sentinel means 长期.
"""

import functools
from collections.abc import Mapping, Sequence

from certificates.types import load_types
from registries.contracts.model import CertificateMapping, Column, ValidTime
from registries.contracts.names import FILL, one_of
from registries.contracts.odcs import QUOTE, Custom
from registries.contracts.yaml_page import Page

_KINDS = frozenset({"date", "timestamp"})


def valid_time_of(
    page: Page, custom: Custom, columns: Sequence[Column], certificate: CertificateMapping | None
) -> ValidTime | None:
    """The columns of valid time; None if the contract names none. Faults are noted on the page."""
    if not custom.has("validTime"):
        return _of_certificate(certificate)
    place = custom.place("validTime")
    given = custom.mapping("validTime", ("from", "until", "longTerm"))
    dates = [column.name for column in columns if column.logical_type in _KINDS]
    ends = {
        name: one_of(page, (*place, name), given[name], dates, "日期列", "column of dates")
        for name in ("from", "until")
        if name in given
    }
    if not ends or len(set(ends.values())) < len(ends):
        page.note(place, "validTime 应写明不同的 from、until 列", "validTime needs from, until or two columns", *FILL)
    return ValidTime(ends.get("from"), ends.get("until"), _sentinels(page, custom, given.get("longTerm", [])))


def _sentinels(page: Page, custom: Custom, given: object) -> tuple[str, ...]:
    if isinstance(given, list) and all(isinstance(item, str) for item in given):
        return tuple(given)
    place = (*custom.place("validTime"), "longTerm")
    page.note(place, "longTerm 应为文本的列表", "longTerm should be a list of texts", *QUOTE)
    return ()


def _of_certificate(mapping: CertificateMapping | None) -> ValidTime | None:
    if mapping is None or (mapping.valid_from is None and mapping.valid_until is None):
        return None
    return ValidTime(mapping.valid_from, mapping.valid_until, _of_types().get(mapping.type_code, ()))


@functools.cache  # what the package ships does not change while it runs
def _of_types() -> Mapping[str, tuple[str, ...]]:
    return {code: kind.sentinels for code, kind in load_types().items()}
