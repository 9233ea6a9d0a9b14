"""The command line `mianzheng`: composes the commands; each command is a few lines that call one function.

mianzheng up --once
mianzheng load enterprises_20261121.csv --dry-run
mianzheng receipt verify receipt.jws
"""

import typer

from mianzheng.commands import (
    accounts,
    alerting,
    archiving,
    backups,
    batching,
    benching,
    budgeting,
    bundling,
    casework,
    clients,
    contracts,
    demonstrating,
    explaining,
    hub_keys,
    integrating,
    keeping,
    ledgers,
    loading,
    proving,
    pushing,
    reporting,
    running,
    sandboxing,
    scoring,
    service_items,
    subject_rights,
    subjects,
    watching,
    witnessing,
    workbooks,
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
    integrating.app,
):
    app.add_typer(group)
app.add_typer(accounts.app, name="account")
app.add_typer(alerting.app, name="alerts")
app.add_typer(batching.app, name="batch")
app.add_typer(benching.app, name="bench")
app.add_typer(budgeting.app, name="budgets")
app.add_typer(casework.app, name="cases")
app.add_typer(clients.app, name="client")
app.add_typer(contracts.app, name="contract")
app.add_typer(demonstrating.app, name="demonstrate")
app.add_typer(service_items.app, name="items")
app.add_typer(sandboxing.app, name="sandbox")
app.add_typer(hub_keys.app, name="keys")
app.add_typer(ledgers.app, name="ledger")
app.add_typer(scoring.app, name="quality")
app.add_typer(reporting.app, name="report")
app.add_typer(watching.app, name="watches")
app.add_typer(witnessing.app, name="witness")
app.add_typer(workbooks.app, name="workbook")
for name in ("export", "withhold", "erase"):
    subjects.app.command(name)(getattr(subject_rights, name))
app.add_typer(subjects.app, name="subject")
