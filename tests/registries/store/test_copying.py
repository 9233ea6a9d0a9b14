"""COPY keeps texts as they are: empty is not null, and no character ends a field early."""

import pyarrow as pa
import pytest
import sqlalchemy as sa

from registries.store import copying
from registries.store.engine import Store


@pytest.mark.parametrize(
    ("text", "arrives"),
    [
        ("", ""),
        (None, None),
        ('"', '"'),
        ("\\.", "\\."),
        ("\\N", "\\N"),
        ("a\r\nb,c\t'", "a\r\nb,c\t'"),
        ("𠮷龙湖区", "𠮷龙湖区"),
        ("a\0b", "a\u2400b"),
    ],
)
def test_texts_arrive_as_they_were(load: Store, text: str | None, arrives: str | None) -> None:
    target = sa.Table("tried", sa.MetaData(schema="stage"), sa.Column("one", sa.Text), sa.Column('o"dd', sa.Text))
    with load.connect() as conn:
        target.create(conn)
        copying.copy_in(conn, target, pa.table({'o"dd': pa.array([text], pa.string()), "one": ["1"]}))
        assert [tuple(row) for row in conn.execute(sa.select(target))] == [("1", arrives)]
        (read,) = copying.copy_out(conn, sa.select(target.c['o"dd'].label("te'xt"), target.c.one))
        assert read.to_pydict() == {"te'xt": [arrives], "one": ["1"]}


def test_nothing_is_read_where_nothing_is(load: Store) -> None:
    with load.connect() as conn:
        nobody = sa.select(sa.literal("x").label("one")).where(sa.false())
        assert list(copying.copy_out(conn, nobody)) == []


def test_many_rows_come_in_few_chunks(load: Store) -> None:
    with load.connect() as conn:
        number = sa.func.generate_series(1, 5000).column_valued("number")
        read = list(copying.copy_out(conn, sa.select(sa.cast(number, sa.Text).label("text"))))
    assert len(read) == 1
    assert read[0].column(0).to_pylist() == [str(number) for number in range(1, 5001)]
