"""What the departments hand over on a day, besides public security's table: drops, workbooks, exchange rows.

Each dataset is written whole before the next one, under names that carry the day, so that a killed day is written again
to the same bytes. What civil affairs, natural resources and tax hand over, their own processes make when it is due.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np

from sample_city import business_licences, drops, enterprises, exchange_database, year_events
from sample_city.business_licences import CHANGED, DELETED, NEW
from sample_city.city import City
from sample_city.columns import Columns, pick
from sample_city.draws import Index
from sample_city.driver_permits import NUMBER_COLUMN, ROUNDED
from sample_city.holdings import Holding
from sample_city.lanes import CLEAN
from sample_city.truth import Truth
from sample_city.workbooks import Chunk, write_workbook

CHUNK = 50_000
GB18030, UTF8 = "gb18030", "utf-8"
SFTP_ROOT = "sftp"
SFTP_FOLDER = f"{SFTP_ROOT}/health"
LICENCES = "business_licences"
NEVER_ISSUED = "S000000000000000"


def hand_over(home: Path, city: City, truth: Truth, exchange_url: str) -> None:
    """Everything of the city's day; on the first one, all rows of what later comes as changes only."""
    year_events.drop_lists(home, city)
    _market_regulation(home, city, truth)
    _transport(home, city, truth)
    _health(home, city, truth)
    _disabled_persons_federation(home, city, truth)
    _entitled_persons(home, city, truth)
    _human_resources(city, truth, exchange_url)
    if year_events.sheets_are_out(city):
        truth.copy(drops.SHEETS / "truth.jsonl", but=year_events.not_yet(city))
    for holding in (city.marriages, city.social_organisations, city.real_estate):
        holding.tell(city.days, truth)


# --- market regulation: snapshots of enterprises, all licences once and then change sets


def _market_regulation(home: Path, city: City, truth: Truth) -> None:
    folder = drops.folder_of(home, drops.MARKET_REGULATION)
    drops.drop_table(folder, drops.drop_name("enterprises", city.day), GB18030, _enterprise_chunks(city, truth))
    _tell_licences(city, truth)
    if city.days == 0:
        drops.drop_table(folder, drops.drop_name(f"{LICENCES}_full", city.day), GB18030, _all_licences(city))
        return
    for part, chunks in enumerate(_licence_changes(city), 1):
        drops.drop_table(folder, drops.drop_name(f"{LICENCES}_changes", city.day, part), GB18030, chunks)


def _company_chunks(city: City) -> Iterator[Index]:
    count = city.economy.count(city.days)
    return (np.arange(first, min(first + CHUNK, count)) for first in range(0, count, CHUNK))


def _enterprise_chunks(city: City, truth: Truth) -> Iterator[Columns]:
    plan = city.enterprise_defects
    for index in _company_chunks(city):
        companies = city.economy.at(index, city.days)
        columns, kinds = enterprises.rows(city.economy, companies, plan.kinds_of(index, city.days))
        truth.add(enterprises.DATASET, columns[enterprises.KEY], kinds, plan.kinds)
        yield year_events.with_other_word(city, columns)


def _licences(city: City, index: Index, operation: str, day: int | None = None) -> Columns:
    companies = city.economy.at(index, city.days)
    rows = business_licences.rows(city.economy, companies, city.licence_defects.kinds_of(index, city.days))
    return rows | business_licences.told(city.economy, companies, operation, day)


def _tell_licences(city: City, truth: Truth) -> None:
    plan = city.licence_defects
    for kind in range(len(plan.kinds)):
        index = np.sort(plan.struck(kind, city.days))
        keys = _licences(city, index, CHANGED)[business_licences.KEY]
        truth.add(business_licences.DATASET, keys, plan.kinds_of(index, city.days), plan.kinds)


def _all_licences(city: City) -> Iterator[Columns]:
    return (_licences(city, index, NEW) for index in _company_chunks(city))


def _licence_changes(city: City) -> list[list[Columns]]:
    """Two files, in a scripted year one: what changed, then what is new.

    Harmless: a row in both, and one deleted that never was.
    """
    touched, new = business_licences.changed(city.economy, city.licence_defects, city.days)
    again = _licences(city, touched[-1:], CHANGED, city.day_number)
    changes = _licences(city, touched, CHANGED, city.day_number)
    others = [_licences(city, new, NEW, city.day_number), again, _deleted(again)]
    return [[changes, *others]] if city.year else [[changes], others]


def _deleted(like: Columns) -> Columns:
    """A deletion carries its key, its operation and its time, and nothing else."""
    told = {business_licences.KEY: NEVER_ISSUED, business_licences.OPERATION: DELETED}
    empty = {name: pick([told.get(name, "")], np.zeros(1, dtype=np.int64)) for name in like}
    return empty | {business_licences.UPDATED: like[business_licences.UPDATED]}


# --- snapshots in other forms


def _transport(home: Path, city: City, truth: Truth) -> None:
    write_workbooks(home, city.day, (city.driver_permits, city.operation_permits), city.days, truth)


def write_workbooks(home: Path, day: date, holdings: Iterable[Holding], asked_for: int, truth: Truth) -> None:
    """The clerk's workbooks of a day, with the rows as they stand on the day `asked_for`."""
    folder, made_at = drops.folder_of(home, "transport"), datetime.combine(day, datetime.min.time(), UTC)
    for holding in holdings:
        name = holding.dataset.partition(".")[2]
        path = folder / f"{name}_{day:%Y%m%d}.xlsx"
        write_workbook(path, "证件", made_at.replace(tzinfo=None), _typed(holding, asked_for, truth))


def _typed(holding: Holding, day: int, truth: Truth) -> Iterator[Chunk]:
    """Rows with the cells in which a spreadsheet took a citizen number for a number."""
    for index in holding.chunks(day):
        columns, kinds = holding.rows(index, day)
        truth.add(holding.dataset, holding.keys(columns), kinds, holding.plan.kinds)
        rounded = kinds == holding.plan.kinds.index(ROUNDED) if ROUNDED in holding.plan.kinds else kinds < CLEAN
        yield columns, {NUMBER_COLUMN: rounded}


def _health(home: Path, city: City, truth: Truth) -> None:
    folder = home / SFTP_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    if year_events.happens(city, "late"):
        city.birth_certificates.tell(city.days - 1, truth)  # what it delivered a month ago stands
        return
    name = drops.drop_name("birth_certificates", city.day)
    drops.drop_table(folder, name, UTF8, city.birth_certificates.snapshot(city.days, truth))


def _disabled_persons_federation(home: Path, city: City, truth: Truth) -> None:
    folder = drops.folder_of(home, "disabled_persons_federation")
    name = f"disability_certificates_{city.day:%Y%m%d}.jsonl"
    drops.drop_json_lines(folder, name, city.disability_certificates.snapshot(city.days, truth))


def _entitled_persons(home: Path, city: City, truth: Truth) -> None:
    for holding in (city.hardship_persons, city.special_care_persons, city.special_support_persons):
        department, _, table = holding.dataset.partition(".")
        folder = drops.folder_of(home, department)
        if not city.year:  # these three don't take part in it
            drops.drop_table(folder, drops.drop_name(table, city.day), UTF8, holding.snapshot(city.days, truth))


def _human_resources(city: City, truth: Truth, url: str) -> None:
    if year_events.happens(city, "held"):
        exchange_database.load_persons(url, [])
        city.insured_persons.tell(city.days - 1, truth)
    else:
        exchange_database.load_persons(url, city.insured_persons.snapshot(city.days, truth))
    holding = city.qualifications
    holding.tell(city.days, truth)
    if city.days == 0:
        everything = ((exchange_database.NEW, columns) for columns in holding.snapshot(0))
        exchange_database.load(url, everything, city.day_number)
    else:
        exchange_database.add(url, _operations(holding, city.days), city.day_number)


def _operations(holding: Holding, day: int) -> Iterable[tuple[str, Columns]]:
    touched, new = holding.changed(day)
    return (
        (exchange_database.CHANGED, holding.rows(touched, day)[0]),
        (exchange_database.NEW, holding.rows(new, day)[0]),
    )
