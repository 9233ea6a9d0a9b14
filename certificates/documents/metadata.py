"""A receipt's metadata as archives and the certificate standard name it (``archive_terms.yaml``), as pairs and as XML.

Example:
    >>> [term.short for term in archive_terms()["certificate"]][:3]
    ['ZZMC', 'ZZLXDM', 'ZZBH']
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, Final, NamedTuple
from xml.sax.saxutils import escape, quoteattr

from certificates import compact
from certificates.china_time import CHINA
from certificates.documents.errors import DocumentsMissing
from certificates.documents.marks import Mark, receipt_digest
from certificates.receipts import answer_of

NATURE: Final = "核验件（非电子证照原件）"
NAMESPACE: Final = "urn:mianzheng:verification-metadata:1"


class Term(NamedTuple):
    """A name of the scheme: Chinese, pinyin short name or "", English; and which value it takes."""

    name: str
    short: str
    english: str
    source: str


class Told(NamedTuple):
    """One term with its value."""

    group: str
    term: Term
    value: str


@cache
def archive_terms() -> Mapping[str, tuple[Term, ...]]:
    """The scheme's groups in their order. Raises DocumentsMissing without PyYAML."""
    try:
        import yaml
    except ImportError:
        raise DocumentsMissing from None
    content = yaml.safe_load((files("certificates") / "documents" / "archive_terms.yaml").read_text(encoding="utf-8"))
    return {
        group: tuple(Term(entry["name"], entry["short"], entry["english"], entry["from"]) for entry in entries)
        for group, entries in content.items()
    }


def told(token: str, type_name: str, fingerprint: str, mark: Mark | None, made_at: int) -> list[Told]:
    """Every term that the receipt, or the mark of a copy, has a value for."""
    values = {
        "certificate": _of_certificate(compact.parse(token), type_name),
        "copy": {} if mark is None else {**mark.to_json(), "made_at": _moment(made_at)},
        "record": _of_record(token, type_name, fingerprint),
    }
    return [
        Told(group, term, value)
        for group, terms in archive_terms().items()
        for term in terms
        if (value := values[group].get(term.source, ""))
    ]


def pairs(members: Iterable[Told]) -> tuple[tuple[str, str], ...]:
    """As OFD's CustomDatas hold them: the short name, or where there is none the English one."""
    return tuple((member.term.short or member.term.english, member.value) for member in members)


def as_xml(members: Sequence[Told], root: str = "metadata") -> bytes:
    """The members of one receipt as a document."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{element(members, root, namespace=True)}'.encode()


def element(members: Sequence[Told], root: str, *, namespace: bool = False, more: str = "") -> str:
    """The members as an element; ``more`` stands before its end."""
    groups = dict.fromkeys(member.group for member in members)
    inner = "".join(
        f"  <{group}>\n{''.join(_item(member) for member in members if member.group == group)}  </{group}>\n"
        for group in groups
    )
    space = f" xmlns={quoteattr(NAMESPACE)}" if namespace else ""
    return f"<{root}{space}>\n{inner}{more}</{root}>\n"


def _item(member: Told) -> str:
    short = f" short={quoteattr(member.term.short)}" if member.term.short else ""
    name, english = quoteattr(member.term.name), quoteattr(member.term.english)
    return f"    <item name={name}{short} english={english}>{escape(member.value)}</item>\n"


def _of_certificate(token: compact.Compact, type_name: str) -> dict[str, str]:
    found = answer_of(token.payload)[1].get("certificate")
    if not isinstance(found, Mapping):
        return {}
    days = {name: str(found.get(name) or "").replace("-", "") for name in ("issued_on", "valid_from", "valid_until")}
    if found.get("long_term"):
        days["valid_until"] = "长期"
    return {
        **{name: str(found.get(name) or "") for name in ("type", "number", "identifier", "issuing_authority")},
        **days,
        "type_name": type_name,
        "holders": "^".join(map(_holder, found.get("holders") or ())),
    }


def _holder(member: str | Mapping[str, Any]) -> str:
    """Receipts made before there were roles hold names alone."""
    return member if isinstance(member, str) else str(member.get("name", ""))


def _of_record(token: str, type_name: str, fingerprint: str) -> dict[str, str]:
    parsed = compact.parse(token)
    payload = parsed.payload
    _, verification = answer_of(payload)
    asked: Mapping[str, str] = verification.get("asked") or {}
    return {
        "nature": NATURE,
        "title": f"证照核验回执 {type_name}".strip(),
        "issuer": payload["iss"],
        "issued_at": _moment(payload["iat"]),
        **{name: asked.get(name, "") for name in ("department", "service_item", "case", "as_of")},
        "asked_purpose": asked.get("purpose", ""),
        "verdict": verification["code"],
        "verdict_text": verification["zh"],
        "receipt_id": payload["jti"],
        "digest": receipt_digest(token),
        "digest_algorithm": "SHA-256 (base64url)",
        "key": parsed.header["kid"],
        "fingerprint": fingerprint,
    }


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, CHINA).isoformat()
