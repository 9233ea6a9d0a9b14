"""Where a table comes from, from ODCS `servers`: its kind and what that kind needs; addresses are faults.

The address itself stands in HUB_HOME/sources.json under the server's name, and its secrets in HUB_HOME/secrets.
"""

import re
from typing import Any, Final, cast

from open_data_contract_standard.model import OpenDataContractStandard, SchemaObject
from open_data_contract_standard.model import Server as OdcsServer

from registries.contracts.model import Paging, Server, SourceKind
from registries.contracts.names import FILL, one_of
from registries.contracts.odcs import QUOTE, Custom
from registries.contracts.vocabulary import ENCODINGS, FILE_FORMATS, PAGING_STYLES, SOURCE_KINDS
from registries.contracts.yaml_page import Page, Place

_PLACE: Final[Place] = ("servers", 0)
_PATTERN: Final = re.compile(r"[^/\\\x00]+")
_FOLDER: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}")
_PATH: Final = re.compile(r"/[A-Za-z0-9._~/-]*")
_FOR_KIND: Final[dict[str, tuple[str, ...]]] = {
    "files": ("format", "sheet", "answers"),
    "http_api": ("paging",),
    "live_query": ("timeoutSeconds",),
}
_PAGING: Final = {
    "style": "style",
    "size": "size",
    "sizeParameter": "size_parameter",
    "pageParameter": "page_parameter",
    "firstPage": "first_page",
    "cursorParameter": "cursor_parameter",
    "rowsAt": "rows_at",
    "nextAt": "next_at",
    "totalAt": "total_at",
}
_ADDRESSES: Final = frozenset(OdcsServer.model_fields) - {
    "id",
    "server",
    "type",
    "description",
    "environment",
    "encoding",
    "customProperties",
}
_LONGEST_WAIT: Final = 30


def server_part(page: Page, contract: OpenDataContractStandard) -> OdcsServer | None:
    """The contract's one server; None, and a fault, if there is not exactly one."""
    servers = contract.servers or []
    if len(servers) != 1 or not servers[0].server:
        page.note(
            ("servers",),
            f"应有且只有一个来源, 现有 {len(servers)} 个",
            f"there should be one named server, there are {len(servers)}",
            "请在 servers 下写一个 server 名称",
            "name one under servers",
        )
        return None
    given = servers[0]
    for name in sorted(_ADDRESSES):
        if getattr(given, name, None) is not None:
            shown = OdcsServer.model_fields[name].alias or name
            page.note(
                (*_PLACE, shown),
                f"数据契约中不得写地址 {shown}",
                f"a contract holds no address, but gives {shown}",
                "请删除, 并写入 HUB_HOME/sources.json",
                "remove it; addresses stand in HUB_HOME/sources.json",
            )
    return given


def server_of(page: Page, given: OdcsServer, place: Place, table: SchemaObject, changes_pattern: str | None) -> Server:
    """One table's source; the same server may hold several tables."""
    every = {name for names in _FOR_KIND.values() for name in names}
    custom = Custom(page, _PLACE, given.customProperties, ("kind", *sorted(every)))
    kind = cast("SourceKind", custom.choice("kind", SOURCE_KINDS, ""))
    for name in sorted(every - set(_FOR_KIND.get(kind, ()))):
        if custom.has(name):
            page.note(custom.place(name), f"{name} 不适用于 {kind}", f"{name} is not for {kind}", "请删除", "remove it")
    name, physical = given.server or "", table.physicalName or table.name or ""
    if kind == "files":
        return _files(page, custom, name, (*place, "physicalName"), physical, changes_pattern)
    if changes_pattern is not None:
        page.note(place, "changesPattern 只用于文件", "changesPattern is for files only", "请删除", "remove it")
    if kind in {"http_api", "live_query"}:
        return _http(page, custom, name, kind, (*place, "physicalName"), physical)
    return Server(name, kind, table=physical)


def encoding_of(page: Page, given: OdcsServer) -> str:
    """The agreed encoding of files."""
    return one_of(page, (*_PLACE, "encoding"), given.encoding or "UTF-8", ENCODINGS)


def _files(page: Page, custom: Custom, name: str, place: Place, pattern: str, changes_pattern: str | None) -> Server:
    for each in (pattern, changes_pattern):
        if each is not None and not _PATTERN.fullmatch(each):
            page.note(place, "文件名模式不合规", "not a pattern of file names", *FILL)
    return Server(
        name,
        "files",
        pattern=pattern,
        changes_pattern=changes_pattern,
        format=cast("Any", custom.choice("format", FILE_FORMATS, "csv")),
        sheet=custom.text("sheet") or None,
        answers=_answers(page, custom),
    )


def _answers(page: Page, custom: Custom) -> str | None:
    """The folder for replies, right below that of the files: `out/` is what most write."""
    folder = custom.text("answers").removesuffix("/")
    if folder and not _FOLDER.fullmatch(folder):
        page.note(
            custom.place("answers"),
            "answers 应为投递目录下一级目录的名称",
            "answers should be the name of a folder right below that of the files",
            "例如 out/",
            "such as out/",
        )
    return folder or None


def _http(page: Page, custom: Custom, name: str, kind: SourceKind, place: Place, path: str) -> Server:
    if not _PATH.fullmatch(path) or ".." in path:
        page.note(
            place,
            "不是以 / 开头的路径",
            "is no path that begins with /",
            "请只写服务器地址之后的路径",
            "give only the path below the server's address",
        )
    if kind == "live_query":
        return Server(name, kind, path=path, timeout_seconds=_seconds(page, custom))
    return Server(name, kind, path=path, paging=_paging(page, custom))


def _seconds(page: Page, custom: Custom) -> float:
    value = custom.number("timeoutSeconds", Server.timeout_seconds)
    if not 0 < value <= _LONGEST_WAIT:
        page.note(
            custom.place("timeoutSeconds"),
            f"应在 0 到 {_LONGEST_WAIT} 秒之间",
            f"should be between 0 and {_LONGEST_WAIT} seconds",
            *FILL,
        )
    return value


def _paging(page: Page, custom: Custom) -> Paging:
    place = custom.place("paging")
    values: dict[str, Any] = {}
    for name, value in custom.mapping("paging", _PAGING).items():
        fits = type(value) is int and value >= 0 if name in {"size", "firstPage"} else isinstance(value, str)
        if not fits:
            page.note((*place, name), f"paging.{name} 的值不合规", f"paging.{name} has a wrong value", *QUOTE)
        else:
            values[_PAGING[name]] = value
    one_of(page, (*place, "style"), values.get("style", "page"), PAGING_STYLES)
    for name in ("rows_at", "next_at", "total_at"):
        if values.get(name, "") and not values[name].startswith("/"):
            page.note(
                place, f"{name} 不是 JSON 指针", f"{name} is no JSON pointer", "例如 /data/rows", "such as /data/rows"
            )
    return Paging(**values)
