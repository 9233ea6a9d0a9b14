"""Text columns whose values repeat: each value once, and of every row which one it has.

What depends on a value alone is found once for each value, and spread over the rows that have it.

    >>> array = pa.array(["b", None, "a", "b"]).dictionary_encode()
    >>> coded = CodedTexts.of(array.dictionary, array.indices)
    >>> coded.texts().to_pylist(), coded.values.to_pylist()
    (['b', None, 'a', 'b'], ['b', 'a', None])
    >>> coded.spread(np.array([1, 2, 0])).tolist()
    [1, 0, 2, 1]
"""

from dataclasses import dataclass
from typing import Any, Self, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Kind = TypeVar("Kind", bound=np.generic)


@dataclass(frozen=True)
class CodedTexts:
    """A text column of `len(places)` rows.

    Attributes:
        values: a pyarrow array of text, its last one NULL; one may stand in it twice, or belong to no row.
        places: of each row's value in `values`; shape (rows,).
    """

    values: Any
    places: NDArray[np.int32]

    @classmethod
    def of(cls, dictionary: Any, indices: Any) -> Self:  # noqa: ANN401 - pyarrow ships no types
        """Of a dictionary's texts, and indices in it, NULL for rows without a value."""
        values = pa.concat_arrays([dictionary, pa.nulls(1, dictionary.type)])
        places = pc.fill_null(indices, len(dictionary)) if indices.null_count else indices
        return cls(values, places.to_numpy())

    @property
    def few(self) -> bool:
        """Whether what is found for each value is found for less than half as many as there are rows."""
        return 2 * len(self.values) < len(self.places)

    def texts(self) -> Any:  # noqa: ANN401 - pyarrow ships no types
        """The column as plain text."""
        return self.values.take(pa.array(self.places))

    def spread(self, found: NDArray[Kind]) -> NDArray[Kind]:
        """What was found for each value, for each row; shape (rows,)."""
        return found[self.places]

    def rows(self, start: int, length: int) -> Self:
        """Some rows that follow each other."""
        return type(self)(self.values, self.places[start : start + length])
