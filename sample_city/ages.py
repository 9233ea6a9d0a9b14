"""How old the people are: one weight for each day of birth, from the pyramid of the census of 2020.

The weights of all days sum to 1:

    >>> days, weights = birth_days(20_000)
    >>> int(days[-1]), round(float(weights.sum()), 6)
    (19999, 1.0)
"""

import numpy as np
from numpy.typing import NDArray

from sample_city.draws import Index

# Share of each age from 0 in steps of five years, in per cent.
BANDS = (5.5, 6.4, 6.0, 5.1, 5.3, 6.5, 8.8, 7.0, 6.6, 8.1, 8.6, 7.2, 5.2, 5.2, 3.5, 2.2, 1.4, 0.8, 0.3, 0.06, 0.008)
BAND_DAYS = 5 * 1461 // 4
# Share of each of these ages whose death the register records.
DEATHS = (0.001,) * 8 + (0.004, 0.006, 0.01, 0.015, 0.025, 0.04, 0.06, 0.10, 0.16, 0.25, 0.4, 0.6, 0.8)


def birth_days(today: int) -> tuple[Index, NDArray[np.float64]]:
    """Days of birth up to yesterday, oldest first, and the share of people born on each."""
    ages = np.arange(len(BANDS) * BAND_DAYS - 1, -1, -1)
    weights = np.array(BANDS)[ages // BAND_DAYS]
    return today - 1 - ages, weights / weights.sum()


def death_shares(ages_in_days: Index) -> NDArray[np.float64]:
    """For each age the share of persons who have died."""
    return np.array(DEATHS)[np.clip(ages_in_days // BAND_DAYS, 0, len(DEATHS) - 1)]
