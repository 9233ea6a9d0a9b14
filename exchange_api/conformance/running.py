"""Runs the acceptance of one client against one hub or sandbox.

report = conform(address, "approval-1", key, question, clock, sandbox=True)
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from certificates.jose import Key
from exchange_api.client import Client
from exchange_api.conformance.report import Report, Result
from exchange_api.conformance.requirements import REQUIREMENTS, Requirement, check
from exchange_api.conformance.trial import Trial


def conform(
    hub: str,
    client_id: str,
    key: Key,
    question: Mapping[str, str],
    clock: Callable[[], datetime],
    *,
    root: str = "",
    sandbox: bool = False,
) -> Report:
    """The report on every requirement, in their order.

    Args:
        hub: the address.
        client_id: as registered there.
        key: the signing key whose public half is registered.
        question: one that a grant covers, about a certificate that the client knows.
        clock: gives the time, with zone.
        root: the fingerprint of the hub's trust root, if it is known.
        sandbox: whether a sandbox is asked.
    """
    with Client(hub, client_id, key, root=root, sandbox=sandbox, clock=clock, tries=1) as client:
        trial = Trial(client, key, question, clock, sandbox=sandbox)
        try:
            results = tuple(_result(requirement, trial) for requirement in REQUIREMENTS)
        finally:
            trial.close()
    return Report(client.hub, client_id, sandbox, clock().isoformat(timespec="seconds"), results)


def _result(requirement: Requirement, trial: Trial) -> Result:
    trial.exchanges.clear()
    passed, zh, en = check(requirement, trial)
    return Result(requirement.code, requirement.zh, requirement.en, passed, zh, en, tuple(trial.exchanges))
