"""Commands by which people get their rights: subject export, withhold, erase."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from certificates.sealing import sealing_key
from mianzheng.errors import MianzhengError
from mianzheng.progress_display import waiting
from mianzheng.subject_print import printable
from mianzheng.terminal import Json, as_text, clock, console, explained, hub_home, plain, print_json
from registries.compare.images import Images
from registries.contracts.model import Register
from registries.departments import Catalogue
from registries.erasure import Eraser
from registries.home import Role
from registries.operators.folders import Contracts
from registries.store import grants, holdings, subject_export
from registries.store.engine import Store
from registries.store.erasing import GROUNDS, Ground, Why
from registries.store.erasure_plans import Plan
from registries.store.subject_versions import Looking, open_access

COMMAND_LINE = "command line"
CONNECTIONS = 40  # a lock on each dataset in question takes one

Key = Annotated[str, typer.Argument(help="主体标识,如公民身份号码 / the subject's key")]
RegisterName = Annotated[str, typer.Option("--register", help="基础库 / register")]


def export(
    subject: Key,
    register: RegisterName = "population",
    reason: Annotated[str, typer.Option(help="为何查阅,不写号码 / why; no numbers")] = "本人查阅、复制",
    out: Annotated[Path | None, typer.Option(help="写入文件: .json 或 .html (可打印) / file, .html to print")] = None,
    as_json: Json = False,
) -> None:
    """一个主体的全部数据: 有什么、从哪来、谁查过 / what is held on a subject, from whom, and who asked.

    Every use is written down in the ledger.

    Example: `mianzheng subject export 110105… --out export.html`
    """
    with explained():
        home = hub_home()
        catalogue = Contracts(home).catalogue()
        wanted = _register(catalogue, register)
        with Store(home.store_url(Role.LOAD)) as store, store.begin() as conn:
            found = holdings.subject_of(conn, wanted, subject)
            looking = Looking(COMMAND_LINE, reason, clock(), values=True)
            told = subject_export.collect(conn, catalogue, found)
            open_access(conn, wanted, found.keys[0], looking)
    document = {"subject": {"register": register, "keys": list(found.keys)}, "made_at": looking.now, **told}
    if out is not None:
        _keep(out, document)
        console.print(f"{len(told['held'])} 行, {len(told['asked'])} 次查询: {out}  rows held, questions", markup=False)
    elif as_json:
        print_json(document)
    else:
        _summary(told)


def withhold(
    grant: Annotated[int, typer.Argument(help="授权编号 / the grant's number")],
    because: Annotated[str, typer.Option(help="不予告知的法律依据,空为恢复告知 / the law; empty: tell again")] = "",
    as_json: Json = False,
) -> None:
    """依法不向主体告知某项授权下的查询 / tell subjects nothing of what is asked under a grant, by a law.

    Example: `mianzheng subject withhold 7 --because 个人信息保护法第三十五条`
    """
    with explained(), Store(hub_home().store_url(Role.OWNER)) as store, store.begin() as conn:
        if not grants.withhold(conn, grant, because.strip() or None):
            raise MianzhengError("没有这个授权。请核对编号。", "there is no such grant; compare its number.")
    if as_json:
        print_json({"grant": grant, "withheld_because": because.strip() or None})
    else:
        console.print("已记录  done")


def _register(catalogue: Catalogue, name: str) -> Register:
    found = next((one for one in catalogue.registers if one.id == name and one.merged), None)
    if found is None:
        raise MianzhengError(f"没有基础库 {name}。请见 --help。", f"there is no register {name}; see --help.")
    return found


def _keep(path: Path, document: dict[str, Any]) -> None:
    """Write the document where nobody else can read it (0600)."""
    try:
        with open(path, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            path.chmod(0o600)
            file.write(printable(plain(document)) if path.suffix == ".html" else as_text(document))
    except OSError as error:
        told = error.strerror or "I/O"
        raise MianzhengError(f"无法写入 {path} ({told})。请换一处。", f"{path} can't be written ({told}).") from None


def _summary(told: dict[str, Any]) -> None:
    """Without values: those go to a file, or to whoever asks for JSON."""
    for row in told["held"]:
        since, relation = row["since"] or {}, row["relation"]
        batch = f"#{since.get('batch')}"
        console.print(
            f"{row['department']['zh']}  {row['dataset']['zh']}  {relation['zh']}  {row['state']['zh']} {batch}"
        )
    for each in told["asked"]:
        console.print(f"{each['at']:%Y-%m-%d %H:%M}  {each['by']['zh']}  {each['act']}  {each.get('purpose', '')}")
    for each in told["withheld"]:
        console.print(f"{each['what']['zh']}: {each['ground']}  withheld by law", markup=False)
    console.print(f"{len(told['held'])} 行, {len(told['asked'])} 次查询  rows held, questions; --out FILE 写出全部")


def erase(
    subject: Key,
    reason: Annotated[str, typer.Option(help="理由,不写号码和姓名 / why; no numbers, no names")] = "",
    ground: Annotated[
        str, typer.Option(help="个人信息保护法第四十七条的情形 / ground: " + " ".join(GROUNDS))
    ] = "other",
    register: RegisterName = "population",
    dataset: Annotated[
        list[str] | None, typer.Option(help="点名的数据资源 / a dataset, besides those that allow it")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只列出,不删除 / list only")] = False,
    as_json: Json = False,
) -> None:
    """依法删除一个主体的数据,存证仍可验 / erase a subject where the law asks for it; proofs stay valid.

    Example: `mianzheng subject erase 110105… --ground consent --reason 本人撤回同意 --dry-run`
    """
    named = dataset or []
    with explained(), waiting(console, "查找主体数据", "the subject's data", wanted=not as_json):
        home = hub_home()
        catalogue = Contracts(home).catalogue()
        if _register(catalogue, register) and ground not in GROUNDS:
            raise MianzhengError("没有这种情形。请见 --help。", "there is no such ground; see --help.")
        with Store(home.store_url(Role.OWNER), pool_size=CONNECTIONS) as store:
            images = Images(home.spill, sealing_key(home.secret("landing_key")))
            eraser = Eraser(home, store, catalogue, images)
            found = eraser.plan(register, subject, named)
            counts: dict[str, int] = {}
            if not dry_run:
                why = Why(cast("Ground", ground), reason.strip(), COMMAND_LINE, clock())
                counts = eraser.erase(register, subject, why, named).counts
    _tell(found, counts, dry_run=dry_run, as_json=as_json)


def _tell(found: Plan, counts: dict[str, int], *, dry_run: bool, as_json: bool) -> None:
    rows = {name: len(keys) for name, keys in found.rows.items()}
    if as_json:
        stands = found.refusals if dry_run else ()
        print_json({"dry_run": dry_run, "keys": rows, "kept": found.kept, "refusals": stands, "erased": counts})
        return
    for name, count in sorted(rows.items()):
        console.print(f"{name}  {count}")
    for label, reasons in (("保留 kept", found.kept), ("不能删除 refused", found.refusals if dry_run else ())):
        _reasons(label, [(each.zh, each.en) for each in reasons])
    for what, count in sorted(counts.items()):
        console.print(f"{what}: {count:,}")
    console.print("尚未删除  nothing was erased yet" if dry_run else "已删除  erased")


def _reasons(label: str, reasons: Sequence[tuple[str, str]]) -> None:
    for zh, en in reasons:
        console.print(f"{label}: {zh}  {en}", markup=False)
