"""Draws depend on seed and index alone; a shuffle is one-to-one both ways."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sample_city.draws import Shuffle, below, choose, stream, unit

KEYS = st.integers(0, 2**64 - 1)


@given(KEYS, st.integers(1, 3000))
def test_a_shuffle_is_a_permutation_and_its_inverse_undoes_it(key: int, size: int) -> None:
    index = np.arange(size)
    shuffled = Shuffle(key, size).forth(index)
    assert sorted(shuffled.tolist()) == index.tolist()
    assert Shuffle(key, size).back(shuffled).tolist() == index.tolist()


def test_a_shuffle_of_ten_million_is_one_to_one_where_looked_at() -> None:
    order, index = Shuffle(stream(1, "rows"), 10_000_000), np.arange(9_500_000, 10_000_000)
    places = order.forth(index)
    assert len(np.unique(places)) == len(index)
    assert np.array_equal(order.back(places), index)


@given(KEYS, st.integers(1, 2**31))
def test_below_stays_below(key: int, limit: int) -> None:
    drawn = below(key, np.arange(200), limit)
    assert drawn.min() >= 0
    assert drawn.max() < limit


def test_draws_do_not_depend_on_their_neighbours() -> None:
    key, index = stream(3, "anything"), np.arange(1000)
    assert np.array_equal(unit(key, index)[500:], unit(key, index[500:]))


def test_choose_keeps_to_its_weights() -> None:
    drawn = choose(stream(3, "weights"), np.arange(100_000), np.array([1.0, 0.0, 3.0]))
    counts = np.bincount(drawn, minlength=3)
    assert counts[1] == 0
    assert abs(counts[0] / 100_000 - 0.25) < 0.01


def test_streams_of_other_names_and_seeds_differ() -> None:
    assert len({stream(seed, name) for seed in range(10) for name in ("a", "b")}) == 20
