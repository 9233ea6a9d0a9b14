"""How many of the planted defects the hub finds, and how many of its findings were planted.

    python tests/benchmarks/defects.py --people 20000 --json

A sample city and an empty hub on a PostgreSQL of their own; every dataset is taken in by the intake; the unit is a row
and a kind. Exit 1 if a kind's recall or precision is below 0.95, or all kinds' together below 0.99. A level 1 finding
of any other rule on a planted dataset is a false alarm too: it counts in the precision over all.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # run as a file, from a checkout

import psycopg

from mianzheng.embedded_postgres import Cluster
from mianzheng.store_set_up import set_up_store
from quality.intake import Intake
from registries.home import HubHome, Role
from sample_city.build import build, next_day

PASSWORD = "only-for-this-benchmark"
OF_A_KIND, OVER_ALL = 0.95, 0.99
CITY_DAY = date(2026, 6, 1)
RULES = {
    ("public_security.residents", "citizen_number_check"): "citizen_number-citizen_number",
    ("public_security.residents", "birth_date_disagrees"): "birth_date-agrees",
    ("public_security.residents", "sex_disagrees"): "sex-agrees",
    ("public_security.residents", "unknown_division"): "division_code-reference",
    ("public_security.residents", "name_missing"): "name-required",
    ("public_security.residents", "impossible_date"): "registered_on-format",
    ("market_regulation.enterprises", "uscc_check"): "uscc-uscc",
    ("market_regulation.enterprises", "conflicting_rows"): "key-unique",
    ("market_regulation.business_licences", "ends_before_start"): "valid_until-after_start",
    ("market_regulation.business_licences", "identifier_check"): "certificate_identifier-certificate_identifier",
    ("market_regulation.business_licences", "status_code_unknown"): "status_code-code_table",
}
KINDS = {(dataset, rule): kind for (dataset, kind), rule in RULES.items()}
OTHER = "false_alarm"
ORDER = (
    "standards_administration.divisions",
    "statistics_bureau.divisions",
    "civil_affairs.divisions",
    "public_security.residents",
    "market_regulation.enterprises",
    "market_regulation.business_licences",
)
PLANTED = ORDER[3:]
SERVERS = ("market_regulation", "statistics_bureau", "civil_affairs", "standards_administration")
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


def say_where(home: HubHome, city: Path, url: str) -> None:
    """Write the hub's sources.json for this city."""
    sources = {f"{name}_drop": str(city / "drops" / name) for name in SERVERS}
    (home.path / "sources.json").write_text(json.dumps(sources | {"residents_database": url}), encoding="utf-8")


def take_all_in(intake: Intake) -> dict[str, dict[str, object]]:
    """One cycle over all datasets, references before those that refer; counts of each batch."""
    outcomes = {}
    for name in ORDER:
        started = time.monotonic()
        outcome = intake.take_in(name)
        seconds = round(time.monotonic() - started, 2)
        outcomes[name] = {"state": str(outcome.state), "seconds": seconds, **asdict(outcome.counts)}
    return outcomes


def planted(city: Path) -> Counter[Finding]:
    """What the truth file says."""
    lines = (city / "truth.jsonl").read_text(encoding="utf-8").splitlines()
    return Counter((line["dataset"], line["key"], line["kind"]) for line in map(json.loads, lines))


def found(home: HubHome, intake: Intake) -> Counter[Finding]:
    """What the newest batch of each planted dataset was found to have: keys are read from the landed rows."""
    findings: Counter[Finding] = Counter()
    url = home.store_url(Role.OWNER).replace("+psycopg", "")
    with psycopg.connect(url) as connection:
        for name in PLANTED:
            newest = connection.execute("SELECT max(number) FROM hub.batch WHERE dataset = %s", [name]).fetchone()
            rows = connection.execute(
                "SELECT row_number, rule_id, level FROM hub.finding WHERE batch = %s", newest
            ).fetchall()
            landed = intake.landing.landed(newest[0])
            keys = intake.landing.rows(landed, [row[0] for row in rows]).column(intake.catalogue.dataset(name).key[0])
            kinds = [KINDS.get((name, rule), OTHER if level == 1 else None) for _, rule, level in rows]
            findings.update((name, key, kind) for key, kind in zip(keys.to_pylist(), kinds, strict=True) if kind)
    return findings


def measures(truth: Counter[Finding], findings: Counter[Finding]) -> list[Measure]:
    """One measure for each kind, the false alarms of other rules, and all together at the end."""
    kinds = [*(kind for _, kind in RULES), OTHER]
    measured = []
    for kind in kinds:
        of_truth, of_found = (Counter({f: n for f, n in of.items() if f[2] == kind}) for of in (truth, findings))
        measured.append(Measure(kind, of_truth.total(), of_found.total(), (of_truth & of_found).total()))
    return [*measured, Measure("all", truth.total(), findings.total(), (truth & findings).total())]


def good(measured: list[Measure]) -> bool:
    """Whether every kind and all together reach what is promised."""
    *kinds, over_all = measured
    return over_all.reaches(OVER_ALL) and all(kind.reaches(OF_A_KIND) for kind in kinds if kind.kind != OTHER)


def run(people: int, seed: int, days: int) -> dict[str, object]:
    """Build, take in, let `days` pass and take in again; the last day is measured."""
    with hub_and_city() as (home, city, url):
        build(city, url, people, seed, CITY_DAY)
        home.secret_or_new("landing_key")
        say_where(home, city, url)
        with Intake.open(home, lambda: datetime.now(UTC)) as intake:
            outcomes = take_all_in(intake)
            for _ in range(days):
                next_day(city, url)
                outcomes = take_all_in(intake)
            measured = measures(planted(city), found(home, intake))
    rows = [asdict(m) | {"recall": round(m.recall, 4), "precision": round(m.precision, 4)} for m in measured]
    return {"people": people, "seed": seed, "days": days, "good": good(measured), "kinds": rows, "intake": outcomes}


def readable(result: dict[str, object]) -> str:
    """The same as a table."""
    lines = [f"{'kind':<24}{'planted':>9}{'found':>9}{'recall':>9}{'precision':>11}"]
    for row in result["kinds"]:
        shares = f"{row['recall']:>9.4f}{row['precision']:>11.4f}"
        lines.append(f"{row['kind']:<24}{row['planted']:>9}{row['found']:>9}{shares}")
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
