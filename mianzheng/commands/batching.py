"""Commands about held batches: batch held, show, release, return."""

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from certificates.sealing import sealing_key
from mianzheng.errors import MianzhengError
from mianzheng.progress_display import waiting
from mianzheng.terminal import Json, clock, console, explained, hub_home, print_json
from registries.home import HubHome, Role
from registries.store import held_batches
from registries.store.engine import Store
from registries.store.held_batches import Act, Decision, Line, New
from registries.store.window_tables import RELEASE_REASONS, RETURN_REASONS

if TYPE_CHECKING:
    from quality.intake import Intake

app = typer.Typer(
    help="挂起的批次 / held batches: what was held, and to release or return it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
OPERATOR = "operator"
BUSY_SECONDS = 0.5
Number = Annotated[int, typer.Argument(help="批次号 / the batch's number")]
Note = Annotated[str, typer.Option(help="补充说明,加密保存 / a note, kept sealed")]


@app.command("held")
def held(
    department: Annotated[str | None, typer.Option(help="部门 / department")] = None, as_json: Json = False
) -> None:
    """挂起过的批次,新的在前 / batches that are or were held, latest first.

    Example: `mianzheng batch held`
    """
    with explained(), Store(hub_home().store_url(Role.PAGE)) as store, store.begin() as conn:
        found = held_batches.listed(conn, department=department)
    if as_json:
        print_json([_told(line) for line in found])
        return
    for line in found:
        rows = line.batch.counts.held if line.batch.counts else 0
        why = (line.batch.hold_reason or "").splitlines()[0]
        console.print(
            f"{line.batch.number:>8}  {line.standing:<10} {rows:>12,}  {line.batch.dataset}  {why}", markup=False
        )


@app.command("release")
def release(
    number: Number,
    reason: Annotated[str, typer.Option(help="理由 / " + " ".join(RELEASE_REASONS))],
    note: Note = "",
    as_json: Json = False,
) -> None:
    """放行:按正常流程重新检查后入库 / take what it holds over, judged again without the rules that held it.

    Example: `mianzheng batch release 17 --reason planned_change`
    """
    _decide(number, "release", reason, note, as_json=as_json)


@app.command("return")
def give_back(
    number: Number,
    reason: Annotated[str, typer.Option(help="理由 / " + " ".join(RETURN_REASONS))],
    note: Note = "",
    as_json: Json = False,
) -> None:
    """退回:挂起的行不入库 / the rows stay out; its department reads why and delivers again.

    Example: `mianzheng batch return 17 --reason incomplete_export`
    """
    _decide(number, "return", reason, note, as_json=as_json)


def _decide(number: int, act: Act, reason: str, note: str, *, as_json: bool) -> None:
    from quality.intake import Intake

    with explained():
        home = hub_home()
        _check(act, reason)
        with Intake.open(home, clock) as intake, Store(home.store_url(Role.LOAD)) as store:
            _write_down(home, store, number, act, reason, note)
            with waiting(console, "处置挂起的批次", "carrying it out", wanted=not as_json):
                decision = _carried_out(store, intake, number)
    if as_json:
        print_json({"batch": number, "state": decision.state, "outcome": decision.outcome})
    else:
        outcome = decision.outcome or {}
        console.print(f"{outcome.get('zh', decision.state)}  {outcome.get('en', '')}", markup=False)
    raise typer.Exit(1 if decision.state == "refused" else 0)


def _check(act: Act, reason: str) -> None:
    known = RELEASE_REASONS if act == "release" else RETURN_REASONS
    if reason not in known:
        raise MianzhengError(
            f"没有这个理由。请从中选择:{'、'.join(known)}", f"there is no such reason; choose one of {', '.join(known)}"
        )


def _write_down(home: HubHome, store: Store, number: int, act: Act, reason: str, note: str) -> None:
    from exchange_api.sealed_words import SealedWords

    sealed = SealedWords(sealing_key(home.secret("landing_key"))).sealed(note.strip()) if note.strip() else None
    with store.begin() as conn:
        found = held_batches.listed(conn, batch=number, limit=1)
        if not found:
            raise MianzhengError(
                f"批次 {number} 没有挂起过。请见 mianzheng batch held。",
                f"batch {number} never was held; see batch held.",
            )
        made = held_batches.decide(conn, New(number, found[0].batch.dataset, act, reason, sealed, OPERATOR), clock())
    if made is None:
        raise MianzhengError(f"批次 {number} 已有处置。", f"batch {number} has been decided about already.")


def _carried_out(store: Store, intake: "Intake", number: int) -> Decision:
    """By this process, or by the hub's own worker if it is quicker; what waits before it goes first."""
    from mianzheng.held_intake import carry_out_next

    while True:
        carry_out_next(store, intake, clock, set())
        with store.begin() as conn:
            found = held_batches.decision_of(conn, number)
        if found is None or found.state != "waiting":
            break
        time.sleep(BUSY_SECONDS)  # the worker has its dataset
    if found is None:
        raise MianzhengError(f"批次 {number} 的处置不见了。", f"the decision about batch {number} is gone.")
    return found


def _told(line: Line) -> dict[str, Any]:
    return {
        "batch": line.batch.number,
        "dataset": line.batch.dataset,
        "department": line.department,
        "standing": line.standing,
        "held": line.batch.counts.held if line.batch.counts else 0,
        "why": (line.batch.hold_reason or "").splitlines(),
        "later_batch": line.later,
    }
