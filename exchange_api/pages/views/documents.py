"""What the form for a marked copy shows."""

from collections.abc import Mapping
from dataclasses import dataclass

from exchange_api.pages.views.officer import FormFault


@dataclass(frozen=True)
class CopyForm:
    """A form as it is filled in. `today` is the first day that may be chosen."""

    jti: str
    values: Mapping[str, str]
    today: str
    fault: FormFault | None = None
