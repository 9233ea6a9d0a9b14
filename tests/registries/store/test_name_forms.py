"""The store folds names as `certificates.names` does, and makes the digests anew that a new table changes."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from certificates.names import name_form, name_table
from registries.home import Role
from registries.store import name_forms
from registries.store.engine import Store
from registries.store.grants import Grant
from registries.store.tables import certificate_holder
from tests.registries.store.deliveries import take_in
from tests.registries.store.sample_catalogue import LICENCES
from tests.registries.store.test_certificates import find, grant, licence, question  # noqa: F401 - a fixture

TABLE = name_table()
NAMES = st.text(
    st.sampled_from("".join(TABLE.same) + TABLE.dots + "张三·•・‧･ \u3000\t阿卜杜ＡａbＺé𠮷（）()\u0130ıß\U000e0101"),
    max_size=12,
)


@pytest.fixture(scope="module")
def store_forms(template: tuple[Any, Any]) -> Callable[[list[str]], list[str]]:
    """The store's own form of names; no connection stays, so that others may copy the template."""

    def forms_of(names: list[str]) -> list[str]:
        with Store(template[0].store_url(Role.OWNER)) as store, store.begin() as conn:
            statement = sa.text("SELECT hub.name_form(n) FROM unnest(CAST(:names AS text[])) WITH ORDINALITY AS u(n, i)"
                                " ORDER BY i")  # fmt: skip
            return list(conn.execute(statement, {"names": names}).scalars())

    return forms_of


@settings(max_examples=30, deadline=None)
@given(st.lists(NAMES, min_size=1, max_size=30))
def test_random_names_take_the_same_form(store_forms: Callable[[list[str]], list[str]], names: list[str]) -> None:
    assert store_forms(names) == [name_form(name) for name in names]


def test_every_character_of_the_table_takes_the_same_form(store_forms: Callable[[list[str]], list[str]]) -> None:
    characters = [*TABLE.same, *TABLE.same.values(), *TABLE.dots]
    characters += [chr(code) for first, last in TABLE.blanks for code in range(first, last + 1)]
    names = [f"张{one}三{one}" for one in characters]
    assert store_forms(names) == [name_form(name) for name in names]


def test_the_collation_of_a_column_has_no_say(template: tuple[Any, Any]) -> None:
    with Store(template[0].store_url(Role.OWNER)) as store, store.begin() as conn:
        said = sa.text("""SELECT hub.name_form('é ß' COLLATE "C"), hub.name_form('é ß')""")
        assert set(conn.execute(said).one()) == {name_form("é ß")}


def test_a_new_table_changes_those_digests_that_it_has_to(
    load: Store,
    owner: Store,
    api: Store,
    grant: Grant,  # noqa: F811 - the fixture
) -> None:
    with load.begin() as conn:
        rows = [licence("A", holder="甲乙公司"), licence("B", holder="丙公司")]
        take_in(conn, LICENCES, [(row, False) for row in rows])
    digests = sa.select(certificate_holder.c.name, certificate_holder.c.match_digest)
    with owner.begin() as conn:
        before = dict(conn.execute(digests).all())
        changed = dataclasses.replace(TABLE, version=3, same={**TABLE.same, "乙": "甲"})
        assert name_forms.bring_up(conn, changed) == 1
        assert name_forms.taken_up(conn)[0] == 3
        assert name_forms.bring_up(conn, changed) == 0
        after = dict(conn.execute(digests).all())
    assert [name for name in before if before[name] != after[name]] == ["甲乙公司"]
    found = find(api, grant, question("A", holder_name="甲甲公司"), question("B", holder_name="丙公司"))
    assert all(one.record is not None for one in found)
    with owner.begin() as conn:
        assert name_forms.bring_up(conn) == 1
        assert dict(conn.execute(digests).all()) == before
