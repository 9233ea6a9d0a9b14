"""Commands that measure the hub: bench load, quality, verify, workbook ... They bring their own rows, and clean up."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.cells import set_cell_size

from mianzheng.terminal import Json, clock, console, explained, print_json, say

if TYPE_CHECKING:
    from mianzheng.benchmark.load import LoadFound
    from mianzheng.benchmark.quality import QualityFound
    from mianzheng.benchmark.verify import VerifyFound

app = typer.Typer(help="测速 / measure the hub on this machine.", no_args_is_help=True, rich_markup_mode=None)

Rows = Annotated[int, typer.Option(min=1_000, max=100_000_000, help="行数 / how many rows")]
Seed = Annotated[int, typer.Option(help="同样的种子,同样的行 / equal seeds make equal rows")]
Folder = Annotated[
    Path | None,
    typer.Option(help="临时目录放在哪里,决定用哪块磁盘 / where the scratch folder goes, and so on which disk"),
]
Keep = Annotated[bool, typer.Option("--keep", help="保留临时目录 / keep the scratch folder")]


@contextlib.contextmanager
def cleaned_up() -> Iterator[None]:
    """Errors explained; Ctrl-C and SIGTERM stop the server, remove the scratch folder and exit with 130."""
    from mianzheng.supervisor import Stopped, stoppable

    try:
        with explained(), stoppable():
            yield
    except Stopped:
        raise typer.Exit(130) from None


@app.command("load")
def load(
    rows: Rows = 1_000_000,
    seed: Seed = 1,
    deltas: Annotated[bool, typer.Option(help="是否测增量 / whether deltas are measured")] = True,
    floor_after: Annotated[
        bool, typer.Option("--floor-after", help="最后再测一次基准 / measure the floor again at the end")
    ] = False,
    folder: Folder = None,
    keep: Keep = False,
    as_json: Json = False,
) -> None:
    """归集与直接 COPY 之比 / taking residents in, beside a plain COPY of them.

    Example: `mianzheng bench load --rows 1000000 --json`
    """
    from mianzheng.benchmark.load import LoadBench, bench_load

    with cleaned_up():
        asked = LoadBench(rows, seed, deltas, floor_after, folder, keep)
        found = bench_load(asked, clock, (lambda _zh, _en: None) if as_json else say)
    if as_json:
        print_json(found)
    else:
        show_load(found)


def show_load(found: "LoadFound") -> None:
    """The ratios, then a line per part and step."""
    console.print(f"\n{found.rows:,} 行 rows, {found.columns} 列 columns, {found.rules} 条规则 rules", markup=False)
    for name, part in found.parts.items():
        console.print(
            f"{name:<20}{part.seconds:>10.2f} s {part.cpu_s:>10.2f} cpu s {part.peak.mib:>9,.0f} MiB", markup=False
        )
        for step in part.steps:
            console.print(f"  {step.step:<18}{step.seconds:>10.2f} s {step.cpu_s:>10.2f} cpu s {step.rows:>13,}")
    for name, value in {
        "ratio": found.ratio,
        "delta_ratio": found.delta_ratio,
        "snapshot_delta_ratio": found.snapshot_delta_ratio,
    }.items():
        if value is not None:
            console.print(f"{name:<22}{value:>8.3f}   cpu {found.cpu_ratios[name]:>8.3f}")
    console.print(f"peak_mib              {found.peak_mib:>8,.0f}")


@app.command("quality")
def quality(
    rows: Rows = 1_000_000,
    seed: Seed = 1,
    months: Annotated[int, typer.Option(min=0, max=600, help="逐月交付几个月 / how many months are delivered")] = 60,
    folder: Folder = None,
    keep: Keep = False,
    as_json: Json = False,
) -> None:
    """检查与 DuckDB 扫描之比,查全率与查准率 / checking beside a scan by DuckDB; recall and precision.

    Example: `mianzheng bench quality --rows 1000000 --json`
    """
    from mianzheng.benchmark.quality import QualityBench, bench_quality

    with cleaned_up():
        found = bench_quality(
            QualityBench(rows, seed, folder, keep, months), clock, (lambda _zh, _en: None) if as_json else say
        )
    if as_json:
        print_json(found)
    else:
        show_quality(found)


def show_quality(found: "QualityFound") -> None:
    """What each pass took, then a line per rule."""
    console.print(f"\n{found.rows:,} 行 rows, {found.rules} 条规则 rules", markup=False)
    for zh_en, seconds, name in (
        ("检查 gate", found.gate_s, "gate"),
        ("扫描 scan", found.scan_s, "scan"),
        ("手写 handwritten", found.handwritten_s, "handwritten"),
    ):
        console.print(f"{set_cell_size(zh_en, 20)}{seconds:>10.2f} s {found.cpu[name]:>10.2f} cpu s")
    console.print(f"ratio               {found.ratio:>10.2f}")
    for rule in found.by_rule:
        console.print(f"  {rule.rule:<34}{rule.planted:>9,} planted {rule.found:>9,} found {rule.both:>9,} both")
    for kind in found.kinds:
        console.print(f"  {kind.kind:<34}{kind.planted:>9,} planted {kind.found:>9,} found {kind.both:>9,} both")
    agrees = "相同 equal" if found.handwritten_agrees else "不同 differ"
    console.print(f"recall {found.recall:.4f}  precision {found.precision:.4f}  手写计数 counts by hand: {agrees}")


@app.command("revocation")
def revocation(
    certificates: Annotated[int, typer.Option(min=100, help="证照数 / certificates in the hub")] = 100_000,
    revocations: Annotated[int, typer.Option(min=2, help="吊销次数 / how many are revoked")] = 10,
    among: Annotated[int, typer.Option(min=0, help="同批其他变更 / other changes, in every second delivery")] = 2_000,
    folder: Folder = None,
    keep: Keep = False,
    as_json: Json = False,
) -> None:
    """吊销推送到在线核验结论变更所需的秒数 / seconds from the push of a revocation to the verdict that says so.

    Example: `mianzheng bench revocation --json`; exit status 1 where any took longer than 5 s.
    """
    from mianzheng.benchmark.revocation import RevocationBench, as_lines, bench_revocation

    with cleaned_up():
        asked = RevocationBench(certificates, revocations, among, folder, keep)
        found = bench_revocation(asked, clock, (lambda _zh, _en: None) if as_json else say)
    if as_json:
        print_json(found)
    else:
        for line in as_lines(found):
            console.print(line, markup=False)
    raise typer.Exit(0 if found.within else 1)


@app.command("verify")
def verify(
    certificates: Annotated[int, typer.Option(min=10_000, help="证照数 / how many certificates")] = 1_000_000,
    seconds: Annotated[float, typer.Option(min=1.0, max=60.0, help="每段秒数 / seconds of each run")] = 8.0,
    processes: Annotated[
        int, typer.Option(min=1, max=64, help="网页进程数,空接口同样多 / web processes, as many for the bare route")
    ] = 1,
    folder: Folder = None,
    keep: Keep = False,
    as_json: Json = False,
) -> None:
    """签名核验与空接口之比 / signed, durable answers beside a bare route in the same server.

    Example: `mianzheng bench verify --certificates 10000000 --json`
    """
    from mianzheng.benchmark.verify import VerifyBench, bench_verify

    with cleaned_up():
        asked = VerifyBench(certificates, seconds, processes, folder=folder, keep=keep)
        found = bench_verify(asked, clock, (lambda _zh, _en: None) if as_json else say)
    if as_json:
        print_json(found)
    else:
        show_verify(found)


def show_verify(found: "VerifyFound") -> None:
    """What a second brings, then where an answer's time goes."""
    console.print(f"\n{found.certificates:,} 张证照 certificates", markup=False)
    for name in (
        "hello_rps",
        "signed_rps",
        "verify_rps",
        "ratio",
        "signed_ratio",
        "batch_verdicts_per_s",
        "batch_ratio",
        "size_ratio",
    ):
        console.print(f"{name:<22}{getattr(found, name):>12,.3f}")
    for name in ("hello_p99_ms", "verify_p99_ms", "p99_more_ms"):
        console.print(f"{name:<22}{getattr(found, name):>12,.2f}")
    for stage, microseconds in found.stages.items():
        console.print(f"  {stage:<20}{microseconds:>12,.1f} µs")


@app.command("workbook")
def workbook(
    rows: Annotated[int, typer.Option(min=100, max=200_000, help="行数 / how many rows")] = 100_000,
    columns: Annotated[int, typer.Option(min=1, max=200, help="列数 / how many columns")] = 20,
    folder: Folder = None,
    as_json: Json = False,
) -> None:
    """批注一份工作簿所需时间与内存 / what it takes to give a workbook back with its faults marked.

    Example: `mianzheng bench workbook --json`; exit status 1 where it took 20 s or 512 MiB.
    """
    from mianzheng.benchmark.workbook import WorkbookBench, bench_workbook

    with cleaned_up():
        found = bench_workbook(WorkbookBench(rows, columns, folder), (lambda _zh, _en: None) if as_json else say)
    if as_json:
        print_json(found)
    else:
        console.print(f"\n{found.rows:,} 行 rows × {found.columns} 列 columns, {found.findings:,} 处 findings")
        for name in ("seconds", "cpu_s", "peak_mib", "own_mib", "reader_mib", "source_mib", "result_mib"):
            console.print(f"{name:<12}{getattr(found, name):>10,.2f}", markup=False)
    raise typer.Exit(0 if found.within else 1)


@app.command("bare", hidden=True)
def bare(
    port: Annotated[int, typer.Option()],
    host: str = "127.0.0.1",
    keys: Annotated[Path | None, typer.Option()] = None,
    shared: Annotated[bool, typer.Option("--shared")] = False,
) -> None:
    """A bare server that answers are measured against; with a JWK set the one that reads what these keys signed."""
    from certificates.jose import key_from_jwk
    from exchange_api.bare import hello_app, serve_bare, signed_app

    with explained():
        known = [] if keys is None else [key_from_jwk(jwk) for jwk in json.loads(keys.read_bytes())["keys"]]
        app = signed_app({key.kid: key for key in known}) if keys else hello_app()
        serve_bare(app, host, port, shared=shared)
