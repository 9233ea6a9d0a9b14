"""How many of the planted defects the hub finds, and how many of its findings were planted.

    python tests/benchmarks/defects.py --people 20000 --json

A sample city and an empty hub on a PostgreSQL of their own, the departments' servers beside them; every dataset is
taken in by the intake; the unit is a row and a kind, or a batch and a kind. Exit 1 if a kind's recall or precision is
below 0.95, or all kinds' together below 0.99. A level 1 finding of any other rule on a planted dataset is a false alarm
too, unless it follows from the planted value: it counts in the precision over all.
"""

import argparse
import hashlib
import io
import json
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta, timezone
from datetime import time as clock_time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run as a file, from a checkout

import psycopg

from mianzheng.embedded_postgres import Cluster
from mianzheng.store_set_up import set_up_store
from quality.intake import Intake
from registries.connectors.pushed import PushedRows
from registries.home import HubHome, Role
from sample_city.build import build, next_day
from sample_city.city import found as found_city
from sample_city.pushing import CLIENT, Progress, bodies
from tests.sample_city_sources import departments_up

PASSWORD = "only-for-this-benchmark"
OF_A_KIND, OVER_ALL = 0.95, 0.99
CITY_DAY = date(2026, 6, 1)
CHINA = timezone(timedelta(hours=8))
NOON = clock_time(12)


@dataclass(frozen=True)
class Rule:
    """By which rule a kind is found, and which others follow from the same mistake.

    Attributes:
        rule: its id; CONFLICT for two departments that disagree about a subject of a register.
        follows: other rules that the same wrong value breaks: no false alarms on rows of this kind.
        whole: the unit is the batch, as the rule speaks of all of its rows at once.
        instead: a rule that finds some rows of the kind which `rule` does not.
    """

    rule: str
    follows: tuple[str, ...] = ()
    whole: bool = False
    instead: str = ""


CONFLICT = "conflict"
IN_NAME = "holder_name-readable"
RULES: dict[str, dict[str, Rule]] = {
    "public_security.residents": {
        "citizen_number_check": Rule("citizen_number-citizen_number"),
        "birth_date_disagrees": Rule("birth_date-agrees"),
        "sex_disagrees": Rule("sex-agrees"),
        "unknown_division": Rule("division_code-reference"),
        "name_missing": Rule("name-required"),
        "impossible_date": Rule("registered_on-format"),
    },
    "public_security.number_corrections": {},
    "market_regulation.enterprises": {
        "uscc_check": Rule("uscc-uscc"),
        "organisation_code_check": Rule("uscc-uscc"),
        "conflicting_rows": Rule("key-unique"),
    },
    "market_regulation.business_licences": {
        "ends_before_start": Rule("valid_until-after_start"),
        "identifier_check": Rule("certificate_identifier-certificate_identifier"),
        "status_code_unknown": Rule("status_code-code_table"),
        "identifier_of_another_type": Rule("certificate_identifier-type"),
        "licence_name_disagrees": Rule("holder_name-reference"),
        "issuer_code_wrong": Rule("issuing_authority_code-uscc"),
    },
    "civil_affairs.marriages": {
        "spouse_unknown": Rule("man_code-reference"),
        "spouse_code_check": Rule("man_code-holder_code", ("man_code-reference",)),
        "married_to_oneself": Rule("spouses-differ"),
        "married_under_age": Rule("man-of_age", instead="woman-of_age"),
        "future_date": Rule("issued_on-in_future"),
        "zero_width": Rule("man_name-readable"),
    },
    "civil_affairs.social_organisations": {
        "uscc_check": Rule("uscc-uscc"),
        "organisation_code_check": Rule("uscc-uscc"),
        "uscc_of_another_registrar": Rule("uscc-pattern"),
        "ends_before_start": Rule("valid_until-after_start"),
        "phone_format": Rule("phone-pattern"),
    },
    "transport.driver_permits": {
        "number_rounded": Rule("holder_code-not_rounded", ("holder_code-citizen_number", "holder_code-reference")),
        "category_unknown": Rule("category_code-code_table"),
        "category_abolished": Rule("category_code-code_validity"),
        "expired_but_valid": Rule("valid_until-not_expired"),
        "number_reused": Rule("key-unique"),
        "issuer_code_wrong": Rule("issuing_authority_code-uscc"),
    },
    "transport.operation_permits": {
        "holder_unknown": Rule("holder_code-reference"),
        "company_name_disagrees": Rule("holder_name-reference"),
        "plate_format": Rule("plate_number-licence_plate"),
        "status_code_unknown": Rule("status_code-code_table"),
        "impossible_date": Rule("issued_on-format"),
    },
    "health.birth_certificates": {
        "certificate_number_format": Rule("certificate_number-pattern"),
        "born_after_issue": Rule("issued_on-after_birth"),
        "sex_disagrees": Rule("sex-agrees"),
        "birth_date_disagrees": Rule("birth_date-agrees"),
        "name_missing": Rule("holder_name-required"),
        "mojibake": Rule(IN_NAME),
    },
    "human_resources.qualifications": {
        "citizen_number_check": Rule("holder_code-citizen_number", ("holder_code-reference",)),
        "identifier_check": Rule("certificate_identifier-certificate_identifier"),
        "level_unknown": Rule("skill_level-code_table"),
        "trade_abolished": Rule("trade_code-code_validity"),
        "future_date": Rule("issued_on-in_future"),
        "zero_width": Rule(IN_NAME),
    },
    "human_resources.insured_persons": {
        "name_disagrees": Rule(CONFLICT),
        "citizen_number_check": Rule("citizen_number-citizen_number"),
    },
    "natural_resources.real_estate_certificates": {
        "shares_over_whole": Rule("share-whole"),
        "holder_code_check": Rule("owner_code-holder_code"),
        "unit_number_format": Rule("unit_number-pattern"),
        "area_not_a_number": Rule("area_sqm-format"),
        "name_missing": Rule("owner_name-required"),
        "status_code_unknown": Rule("status_code-code_table"),
    },
    "disabled_persons_federation.disability_certificates": {
        "number_disagrees": Rule("certificate_number-of_holder"),
        "grade_unknown": Rule("grade-code_table"),
        "full_width_digits": Rule("guardian_phone-pattern"),
        "mojibake": Rule(IN_NAME),
        "expired_but_valid": Rule("valid_until-not_expired"),
    },
    "statistics_bureau.economic_indicators": {
        "value_not_a_number": Rule("value-format"),
        "unknown_division": Rule("division_code-reference"),
    },
    "development_and_reform.public_credit": {
        "grade_unknown": Rule("credit_grade-code_table"),
        "count_negative": Rule("penalty_count-not_negative"),
        "stale_batch": Rule("batch-stale", whole=True),
    },
}
"""Dataset -> kind -> the rule that is to find it."""
CAUSED_ELSEWHERE = {"holder_name-reference": "holder_code-reference"}
"""A name that is unknown because its whole enterprise is in quarantine is no finding about the name."""
PUSHED = "natural_resources.real_estate_certificates"
OTHER = "false_alarm"
WHOLE = "*"
Finding = tuple[str, str, str]


@dataclass(frozen=True)
class Measure:
    """One kind: planted, found, both, and the two shares."""

    kind: str
    planted: int
    found: int
    both: int

    @property
    def recall(self) -> float:
        """The share of planted defects that were found."""
        return self.both / self.planted if self.planted else 1.0

    @property
    def precision(self) -> float:
        """The share of findings that were planted."""
        return self.both / self.found if self.found else 1.0

    def reaches(self, share: float) -> bool:
        """Whether both shares are at least `share`."""
        return min(self.recall, self.precision) >= share


@contextmanager
def hub_and_city() -> Iterator[tuple[HubHome, Path, str]]:
    """An empty, planned hub, a folder for the city, and the city's database; all gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="mianzheng-defects-"))
    folder.chmod(0o711)
    cluster = Cluster(folder / "postgres")
    try:
        cluster.start(PASSWORD)
        cluster.create_database("hub", Role.OWNER.value, PASSWORD, PASSWORD)
        cluster.create_database("city", "city", PASSWORD, PASSWORD)
        home = HubHome(folder / "hub")
        home.prepare()
        set_up_store(home, cluster.url(Role.OWNER.value, PASSWORD, "hub"))
        yield home, folder / "city", cluster.url("city", PASSWORD, "city")
    finally:
        cluster.stop()
        shutil.rmtree(folder)


def take_all_in(intake: Intake, city: Path, pushed: Progress) -> tuple[dict[str, dict[str, object]], Progress]:
    """One cycle over all datasets, references first, what is pushed last; the counts of each one's last batch."""
    outcomes = {}
    for dataset in intake.catalogue.in_order_of_references():
        if dataset.pulled:
            started = time.monotonic()
            outcome = intake.take_in_all(dataset.name)[-1]
            seconds = round(time.monotonic() - started, 2)
            outcomes[dataset.name] = {"state": str(outcome.state), "seconds": seconds, **asdict(outcome.counts)}
    reached = pushed
    for reached, body in bodies(found_city(city), pushed):
        outcomes[PUSHED] = take_push(intake, reached.sequence, body)
    return outcomes, reached


def take_push(intake: Intake, sequence: int, body: bytes) -> dict[str, object]:
    """One pushed body, as the intake worker takes it in."""
    dataset, digest = intake.catalogue.dataset(PUSHED), hashlib.sha256(body).digest()
    connector = PushedRows(dataset, CLIENT, sequence, digest, lambda: io.BytesIO(body))
    outcome = intake.take_in(PUSHED, connector=connector, deliverer=CLIENT)
    return {"state": str(outcome.state), **asdict(outcome.counts)}


def planted(city: Path) -> Counter[Finding]:
    """What the truth file says; of kinds that speak of a whole batch, that there is one."""
    lines = map(json.loads, (city / "truth.jsonl").read_text(encoding="utf-8").splitlines())
    truth = Counter((line["dataset"], line["key"], line["kind"]) for line in lines)
    whole = {finding for finding in truth if RULES[finding[0]][finding[2]].whole}
    kept = Counter({finding: count for finding, count in truth.items() if finding not in whole})
    return kept + Counter({(dataset, WHOLE, kind) for dataset, _, kind in whole})


def found(home: HubHome, intake: Intake, truth: Counter[Finding]) -> Counter[Finding]:
    """What the hub says now of each planted dataset: of each key the newest delivery that held it."""
    findings: Counter[Finding] = Counter()
    with psycopg.connect(home.store_url(Role.OWNER).replace("+psycopg", "")) as connection:
        for name in RULES:
            findings.update(_of_rows(connection, intake, name, truth))
            findings.update(_of_batches(connection, name))
            findings.update(_of_conflicts(connection, name))
    return findings


def _of_rows(connection: psycopg.Connection, intake: Intake, name: str, truth: Counter[Finding]) -> Iterator[Finding]:
    dataset = intake.catalogue.dataset(name)
    batches = connection.execute("SELECT number FROM hub.batch WHERE dataset = %s ORDER BY number", [name]).fetchall()
    if dataset.delivery == "snapshot":
        batches = batches[-1:]
    newest: dict[str, list[tuple[tuple[str, int], ...]]] = {}
    for (number,) in batches:
        landed = intake.landing.landed(number)
        told: dict[int, list[tuple[str, int]]] = {}
        wanted = "SELECT row_number, rule_id, level FROM hub.finding WHERE batch = %s"
        for row_number, rule, level in connection.execute(wanted, [number]):
            told.setdefault(row_number, []).append((rule, level))
        rows = intake.landing.rows(landed, list(range(1, landed.rows + 1)))
        keys = zip(*(rows.column(part).to_pylist() for part in dataset.key), strict=True)
        moments = rows.column(dataset.watermark).to_pylist() if dataset.delivery == "changes" else [""] * landed.rows
        delivered: dict[str, list[tuple[tuple[str, int], ...]]] = {}
        latest: dict[str, str] = {}
        for row_number, (parts, moment) in enumerate(zip(keys, moments, strict=True), 1):
            key = "|".join(part or "" for part in parts)
            if moment > latest.setdefault(key, moment):  # of several rows of one key the last change counts
                latest[key], delivered[key] = moment, []
            delivered.setdefault(key, []).append(tuple(told.get(row_number, ())))
        newest |= delivered
    for key, of_rows in newest.items():
        for rules in of_rows:
            yield from _kinds_of(name, key, dict(rules), truth)


def _kinds_of(name: str, key: str, rules: dict[str, int], truth: Counter[Finding]) -> Iterator[Finding]:
    """The kinds that a row's broken rules speak for: the planted one where it fits, or a false alarm."""
    known = {kind: rule for kind, rule in RULES[name].items() if not rule.whole}
    mine = [kind for kind in known if (name, key, kind) in truth]
    excused = {rule for kind in mine for rule in known[kind].follows}
    for rule, level in rules.items():
        speaking = [kind for kind, expected in known.items() if rule in {expected.rule, expected.instead}]
        fitting = [kind for kind in speaking if kind in mine]
        whole = rule in {expected.rule for expected in RULES[name].values() if expected.whole}
        told_already = any(expected.instead == rule and expected.rule in rules for expected in known.values())
        if whole or told_already or rule in excused or CAUSED_ELSEWHERE.get(rule) in rules:
            continue
        if speaking:
            yield name, key, (fitting or speaking)[0]
        elif level == 1:
            yield name, key, OTHER


def _of_batches(connection: psycopg.Connection, name: str) -> Iterator[Finding]:
    """Kinds of a whole batch: their rule failed in the newest one."""
    for kind, expected in RULES[name].items():
        if expected.whole:
            wanted = (
                "SELECT failed FROM hub.score WHERE rule_id = %s AND batch = "
                "(SELECT max(number) FROM hub.batch WHERE dataset = %s)"
            )
            failed = connection.execute(wanted, [expected.rule, name]).fetchone()
            if failed is not None and failed[0]:
                yield name, WHOLE, kind


def _of_conflicts(connection: psycopg.Connection, name: str) -> Iterator[Finding]:
    for kind, expected in RULES[name].items():
        if expected.rule == CONFLICT:
            rows = connection.execute("SELECT subject_key FROM hub.conflict WHERE dataset = %s", [name])
            yield from ((name, key, kind) for (key,) in rows)


def measures(truth: Counter[Finding], findings: Counter[Finding]) -> list[Measure]:
    """One measure for each kind of each dataset, the false alarms of other rules, and all together at the end."""
    kinds = [(name, kind) for name, of_one in RULES.items() for kind in of_one]
    measured = [_measure(f"{name} {kind}", truth, findings, name, kind) for name, kind in kinds]
    false = sum(count for finding, count in findings.items() if finding[2] == OTHER)
    measured.append(Measure(OTHER, 0, false, 0))
    return [*measured, Measure("all", truth.total(), findings.total(), (truth & findings).total())]


def _measure(title: str, truth: Counter[Finding], findings: Counter[Finding], name: str, kind: str) -> Measure:
    of_truth, of_found = (
        Counter({finding: count for finding, count in of.items() if (finding[0], finding[2]) == (name, kind)})
        for of in (truth, findings)
    )
    return Measure(title, of_truth.total(), of_found.total(), (of_truth & of_found).total())


def good(measured: list[Measure]) -> bool:
    """Whether every kind and all together reach what is promised."""
    *kinds, over_all = measured
    return over_all.reaches(OVER_ALL) and all(kind.reaches(OF_A_KIND) for kind in kinds if kind.kind != OTHER)


def run(people: int, seed: int, days: int) -> dict[str, object]:
    """Build, take in, let `days` pass and take in again; the last day is measured."""
    with hub_and_city() as (home, city, url):
        build(city, url, people, seed, CITY_DAY)
        home.secret_or_new("landing_key")
        today = CITY_DAY
        with departments_up(home, city, url), Intake.open(home, lambda: datetime.combine(today, NOON, CHINA)) as intake:
            outcomes, pushed = take_all_in(intake, city, Progress())
            for _ in range(days):
                today = next_day(city, url).day
                outcomes, pushed = take_all_in(intake, city, pushed)
            truth = planted(city)
            measured = measures(truth, found(home, intake, truth))
    rows = [asdict(m) | {"recall": round(m.recall, 4), "precision": round(m.precision, 4)} for m in measured]
    kinds = len({kind for of_one in RULES.values() for kind in of_one})
    totals = {"people": people, "seed": seed, "days": days, "distinct_kinds": kinds, "good": good(measured)}
    return totals | {"kinds": rows, "intake": outcomes}


def readable(result: dict[str, object]) -> str:
    """The same as a table."""
    lines = [f"{'dataset and kind':<80}{'planted':>9}{'found':>9}{'recall':>9}{'precision':>11}"]
    for row in result["kinds"]:
        shares = f"{row['recall']:>9.4f}{row['precision']:>11.4f}"
        lines.append(f"{row['kind']:<80}{row['planted']:>9}{row['found']:>9}{shares}")
    lines += [f"{name}: {counts}" for name, counts in result["intake"].items()]
    return "\n".join(lines)


def main() -> int:
    """0 when good, 1 when not."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--days", type=int, default=0, help="days that pass before measuring")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    result = run(asked.people, asked.seed, asked.days)
    sys.stdout.write((json.dumps(result, ensure_ascii=False) if asked.json else readable(result)) + "\n")
    return 0 if result["good"] else 1


if __name__ == "__main__":
    sys.exit(main())
