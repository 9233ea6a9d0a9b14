"""Connects as hub_api, as an API would that does what it must not, and tries to read what no grant reaches."""

import dataclasses
import json
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from psycopg import sql

from certificates.records import Question
from registries.home import Role
from registries.store import granted_reads, grants
from registries.store.certificates import wanted
from registries.store.engine import Store
from tests.registries.store.conftest import Stores
from tests.registries.store.deliveries import take_in
from tests.registries.store.granted import ADDRESS, ITEM, NUMBER, PURPOSE, TODAY, YESTERDAY, ask, grant, settle
from tests.registries.store.sample_catalogue import CATALOGUE, CLAIMANT, LICENCE_TYPE, LICENCES, NOW
from tests.registries.store.test_certificates import licence

CALLED = {
    # what questions need; each demands grant and asker, or gives no data of a subject
    "find_certificates", "query_fields", "match_fields", "subject_certificates", "take_status_place", "status_states",
    "case_facts", "held_numbers", "received_before", "open_watches", "open_dispute", "grant_covers", "in_area",
}  # fmt: skip
SECRETS = ("林志强", NUMBER, ADDRESS, "汕头示例有限公司", "91440500MA4UHGDR0K")
HOLDER = {"holder_name": "汕头示例有限公司", "holder_code": "91440500MA4UHGDR0K", "holder_code_type": "001"}


@dataclasses.dataclass
class Intruder:
    """The API's own connection, with whatever statement comes to mind."""

    store: Store

    def tries(self, statement: str, **values: object) -> list[tuple[object, ...]]:
        """What it gets; nothing where PostgreSQL refuses."""
        with self.store.connect() as conn:
            try:
                return [tuple(row) for row in conn.execute(sa.text(statement), values).all()]
            except sa.exc.ResourceClosedError:  # done, with nothing to give
                return []
            except sa.exc.DBAPIError as error:
                return [("refused", getattr(error.orig, "sqlstate", None))]

    def learns(self, statement: str, **values: object) -> bool:
        """Whether anything about the subjects comes back."""
        got = str(self.tries(statement, **values))
        return any(secret in got for secret in SECRETS)


@pytest.fixture
def hub_with_people(hub: Stores) -> Stores:
    settle(hub, *CATALOGUE.datasets)
    with hub.store(Role.LOAD).begin() as conn:
        take_in(conn, LICENCES, [(licence("A"), False)])
    return hub


@pytest.fixture
def intruder(hub_with_people: Stores) -> Intruder:
    return Intruder(hub_with_people.store(Role.API))


def everything(hub: Stores) -> Iterator[str]:
    """Every table and view of the hub's schemas."""
    found = """SELECT format('%I.%I', n.nspname, c.relname)
                 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname IN ('hub', 'data', 'stage') AND c.relkind IN ('r', 'v', 'm', 'p') ORDER BY 1"""
    with hub.store(Role.OWNER).begin() as conn:
        yield from conn.execute(sa.text(found)).scalars().all()


def test_no_table_and_no_view_gives_a_subject_away(hub_with_people: Stores, intruder: Intruder) -> None:
    relations = [*everything(hub_with_people)]
    assert {"data.test_police__residents", "data.register_population", "hub.certificate_holder"} <= set(relations)
    for name in relations:
        for statement in (
            f"SELECT t::text FROM {name} t LIMIT 50",  # noqa: S608 - names come from the catalogue
            f"SELECT count(*)::text, string_agg(t::text, '') FROM {name} t",  # noqa: S608 - likewise
            f"COPY {name} TO PROGRAM 'cat'",
            f"SELECT query_to_xml('SELECT * FROM {name}', true, true, '')::text",  # noqa: S608 - likewise
            f"CREATE TEMPORARY TABLE mine AS SELECT * FROM {name}",  # noqa: S608 - likewise
            f"UPDATE {name} SET ctid = ctid RETURNING *",  # noqa: S608 - likewise
        ):
            assert not intruder.learns(statement), statement


def test_statistics_and_catalogues_give_nothing_away(hub_with_people: Stores, intruder: Intruder) -> None:
    with hub_with_people.store(Role.OWNER).begin() as conn:
        conn.execute(sa.text("ANALYZE"))
    for statement in (
        "SELECT most_common_vals::text, histogram_bounds::text FROM pg_stats",
        "SELECT stavalues1::text, stavalues2::text FROM pg_statistic",
        "SELECT query FROM pg_stat_activity",
        "SELECT passwd FROM pg_shadow",
        "SELECT rolpassword FROM pg_authid",
        "SELECT pg_read_file('global/pg_control')",
        "SELECT pg_ls_dir('base')",
        "SELECT lo_import('/etc/passwd')",
        "SELECT lo_get(oid) FROM pg_largeobject_metadata",
        "SELECT secret::text FROM hub.pepper",
        "SELECT get_raw_page('hub.certificate_holder', 0)",
    ):
        assert not intruder.learns(statement), statement
    assert intruder.tries("SELECT secret FROM hub.pepper") == [("refused", "42501")]


GIVE = """INSERT INTO hub.grant_right (department, act, fields, purpose, granted_by, valid_from)
          VALUES ('test_office', 'query', '{}', 'x', 'x', '2020-01-01')"""


def test_nobody_else_can_it_become(intruder: Intruder) -> None:
    def refused(statement: str) -> bool:
        return [row[0] for row in intruder.tries(statement)] == ["refused"]

    tried = (
        "SET ROLE hub_load",
        "SET ROLE hub_owner",
        "SET ROLE hub_page",
        "SET SESSION AUTHORIZATION hub_owner",
        "ALTER ROLE hub_api SUPERUSER",
        "GRANT hub_load TO hub_api",
        "GRANT SELECT ON data.test_police__residents TO hub_api",
        "ALTER FUNCTION hub.field_values SECURITY DEFINER",
        "CREATE SCHEMA mine",
        "CREATE TABLE hub.mine (x text)",
        "CREATE FUNCTION hub.upper(text) RETURNS text LANGUAGE sql AS 'SELECT $1'",
        "CREATE FUNCTION public.masked(text) RETURNS text LANGUAGE sql AS 'SELECT $1'",
        "CREATE EXTENSION dblink",
        "UPDATE hub.grant_right SET in_clear = true",
        GIVE,
        "UPDATE hub.shown_field SET is_open = true",
        "UPDATE hub.shown_dataset SET open_columns = columns",
    )
    assert [one for one in tried if not refused(one)] == []


def test_only_functions_that_demand_a_grant_can_be_called(hub_with_people: Stores, intruder: Intruder) -> None:
    """Whatever else hub_api may call is listed here, so that nobody adds to it unseen; inner functions are closed."""
    mine = """SELECT DISTINCT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
               WHERE n.nspname = 'hub' AND has_function_privilege('hub_api', p.oid, 'EXECUTE')"""
    with hub_with_people.store(Role.OWNER).begin() as conn:
        callable_now = set(conn.execute(sa.text(mine)).scalars())
    assert callable_now >= CALLED
    inner = {
        "field_values",
        "other_names",
        "subject_codes",
        "asker_stands",
        "digest_key",
        "digest",
        "name_form",
        "masked",
    }
    inner |= {"belongs", "subject_column", "value_form", "subject_versions", "accessed_keys", "certificate_life"}
    assert not inner & callable_now
    for name in sorted(inner):
        assert intruder.tries(f"SELECT hub.{name}()")[0][0] == "refused"


def test_a_search_path_of_its_own_changes_nothing(hub_with_people: Stores) -> None:
    given = grant(hub_with_people, "query", ("address",))
    with hub_with_people.store(Role.API).connect() as conn:
        conn.execute(sa.text("CREATE TEMPORARY TABLE grant_right (id bigint)"))
        conn.execute(sa.text("CREATE FUNCTION pg_temp.masked(v text) RETURNS text LANGUAGE sql AS 'SELECT v'"))
        conn.execute(sa.text("CREATE FUNCTION pg_temp.upper(v text) RETURNS text LANGUAGE sql AS 'SELECT v'"))
        conn.execute(sa.text("SET search_path = pg_temp, hub, data, pg_catalog"))
        conn.execute(sa.text("SET row_security = off"))
        (told,) = granted_reads.query(conn, [ask(given, "address", "name")], NOW, TODAY)
    assert told["address"].value is not None
    assert told["address"].value != ADDRESS
    assert told["name"].value is None


NAMES = ("'; DROP TABLE hub.grant_right; --", 'address" FROM data.test_police__residents --', "%s", "%I", "$1", "*", "")


def test_names_and_values_are_never_sql(hub_with_people: Stores, intruder: Intruder) -> None:
    given = grant(hub_with_people, "query", ("address",))
    right = {
        **CLAIMANT._asdict(), "purpose": PURPOSE, "service_item": ITEM, "source": "population",
        "subject_kind": "natural_person", "name": "林志强", "code": NUMBER, "code_type": "111",
    }  # fmt: skip
    call = "SELECT value FROM hub.query_fields(CAST(:asks AS jsonb), :now, :today)"
    for name in NAMES:
        for changed in (
            {**right, "fields": [{"field": name, "grant": given}]},
            {**right, "source": name, "fields": [{"field": "address", "grant": given}]},
            {**right, "name": name, "fields": [{"field": "address", "grant": given}]},
            {**right, "code": name, "fields": [{"field": "address", "grant": given}]},
            {**right, "asker": name, "fields": [{"field": "address", "grant": given}]},
        ):
            got = intruder.tries(call, asks=json.dumps([changed]), now=NOW, today=TODAY)
            assert [row[-1] for row in got if row[0] != "refused"] in ([], [None]), changed
    assert intruder.tries("SELECT count(*) FROM hub.grant_right") == [(1,)]


def test_the_look_up_gives_nothing_but_under_a_grant_for_it(hub_with_people: Stores, intruder: Intruder) -> None:
    owner = hub_with_people.store(Role.OWNER)
    verification: dict[str, object] = {"fields": (), "dataset": None, "certificate_type": LICENCE_TYPE}
    over = {"valid_from": YESTERDAY, "valid_until": YESTERDAY}
    right = grant(hub_with_people, "verification", **verification)
    question = Question(LICENCE_TYPE, "A", *HOLDER.values(), PURPOSE, ITEM, "case")
    with owner.begin() as conn:
        found = grants.list_grants(conn)[0]
    asked = wanted(question, found, CLAIMANT)
    call = "SELECT f.granted, f.record::text FROM hub.find_certificates(CAST(:asks AS jsonb), :now, :today) f"

    def looks(**changes: object) -> bool:
        return intruder.learns(call, asks=json.dumps([asked | changes]), now=NOW, today=TODAY)

    assert looks()
    wrong: list[dict[str, object]] = [
        {"grant": None},
        {"grant": right + 100},
        {"grant": grant(hub_with_people, "query", **verification)},
        {"grant": grant(hub_with_people, "verification", department="other_office", **verification)},
        {"grant": grant(hub_with_people, "verification", **over, **verification)},
        {"grant": grant(hub_with_people, "verification", suspended_at=NOW, valid_until=TODAY, **verification)},
        {"grant": grant(hub_with_people, "verification", askers=["officer:9"], service_item=ITEM, **verification)},
        {"grant": grant(hub_with_people, "verification", ("holder",))},
        {"act": "query"},
        {"act": None},
        {"act": "retrieval"},
        {"department": "other_office"},
        {"asker": "client:nobody"},
        {"asker": "officer:1"},
        {"asker": None},
        {"purpose": "好奇"},
        {"certificate_type": "11100000MB03271699001"},
        {"holder_name": "别的公司"},
        {"holder_code": "91110000600037341L"},
        {"certificate_number": "%"},
    ]
    learnt = [changes for changes in wrong if looks(**changes)]
    assert learnt == []
    with owner.begin() as conn:
        conn.execute(sa.text("UPDATE hub.client SET state = 'suspended'"))
    assert not looks()


def test_what_it_may_call_without_a_grant_says_nothing_of_a_subject(intruder: Intruder) -> None:
    """Every function that hub_api may call, with arguments of the right types and no grant."""
    arguments = """SELECT p.oid::regprocedure::text, p.proname, array_to_json(array(
                          SELECT format_type(t, NULL) FROM unnest(p.proargtypes) AS t))::text
                     FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
                    WHERE n.nspname = 'hub' AND has_function_privilege('hub_api', p.oid, 'EXECUTE')
                      AND p.prokind = 'f' AND p.prorettype <> 'trigger'::regtype"""
    question = json.dumps([{
        "grant": 1, **CLAIMANT._asdict(), "purpose": PURPOSE, "service_item": ITEM, "act": "query",
        "source": "population", "subject_kind": "natural_person", "name": "林志强", "code": NUMBER,
        "code_type": "111", "fields": [{"field": "address", "grant": 1}], "types": [], **HOLDER,
    }])  # fmt: skip
    samples = {
        "jsonb": sql.Literal(question).as_string() + "::jsonb", "text": f"'{NUMBER}'", "text[]": f"ARRAY['{NUMBER}']",
        "bigint": "1", "integer": "1", "smallint": "1", "bigint[]": "ARRAY[1]::bigint[]", "integer[]": "ARRAY[1]",
        "boolean": "true", "date": "current_date", "timestamp with time zone": "now()", "bytea": "''::bytea",
    }  # fmt: skip
    told = []
    for _, name, kinds in intruder.tries(arguments):
        given = [samples.get(kind) for kind in json.loads(str(kinds))]
        if None in given:
            continue
        got = intruder.tries(f"SELECT * FROM hub.{name}({', '.join(map(str, given))})")  # noqa: S608 - names from the catalogue
        if any(secret in str(got) for secret in SECRETS if secret != NUMBER):
            told.append(name)
    assert told == []
