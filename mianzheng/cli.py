"""The command line `mianzheng`: composes the commands; each command is a few lines that call one function.

mianzheng up --once
mianzheng load enterprises_20261121.csv --dry-run
mianzheng receipt verify receipt.jws
"""

import typer

from mianzheng.commands import (
    archiving,
    backups,
    benching,
    bundling,
    contracts,
    explaining,
    hub_keys,
    keeping,
    ledgers,
    loading,
    proving,
    pushing,
    running,
    subject_rights,
    subjects,
    witnessing,
)

app = typer.Typer(
    name="mianzheng",
    help="免证: 政务数据共享与电子证照交换枢纽 / a data-sharing and e-certificate exchange hub.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # tracebacks with local variables would show personal data
    add_completion=False,
    rich_markup_mode=None,
)
for group in (
    *(running.app, loading.app, proving.app, pushing.app),
    *(keeping.app, explaining.app, backups.app, archiving.app, bundling.app),
):
    app.add_typer(group)
app.add_typer(benching.app, name="bench")
app.add_typer(contracts.app, name="contract")
app.add_typer(hub_keys.app, name="keys")
app.add_typer(ledgers.app, name="ledger")
app.add_typer(witnessing.app, name="witness")
for name in ("export", "withhold", "erase"):
    subjects.app.command(name)(getattr(subject_rights, name))
app.add_typer(subjects.app, name="subject")
