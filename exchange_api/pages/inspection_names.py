"""Names for what the inspector's pages and the paper for citizens list: departments, acts, types, verdicts.

names = names_of(parts)
names.acts["access"].zh
"""

from collections.abc import Mapping
from typing import Final

from exchange_api.pages import words
from exchange_api.pages.views.frame import Words
from exchange_api.pages.views.inspection import Names
from exchange_api.parts import HubParts

OTHER_ACTS: Final[Mapping[str, Words]] = {
    "access": Words("查看数据", "A look at the data"),
    "inspection": Words("监督检查", "Inspection"),
    "subject": Words("主体合并", "Joined subjects"),
    "verifications": Words("批量核验", "Batch verification"),
    "watch": Words("证照关注", "Watch"),
    "dispute": Words("异议", "Dispute"),
}


def names_of(parts: HubParts) -> Names:
    """The names, as the catalogue has them now."""
    return Names(
        {one.id: one.name_zh for one in parts.catalogue.departments},
        {**OTHER_ACTS, **words.ACTS},
        {code: kind.name_zh for code, kind in parts.types.items()},
        {code: (shown.tone, shown.icon, shown.name) for code, shown in words.VERDICTS.items()},
    )
