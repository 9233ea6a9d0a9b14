"""What can be applied for: datasets and certificate types of the catalogue, with who decides and how they are shared.

resource = resource_of(catalogue, certificate_type="11100000MB0143028R001")
resource.provider, resource.sharing_class, resource.fields
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from certificates.types import CertificateType
from exchange_api.sharing.errors import NotShared
from registries.contracts.model import Dataset, Sharing
from registries.departments import Catalogue

CLASSES: Final = ("无条件共享", "有条件共享", "不予共享")
"""How data are shared (共享属性), the widest first."""


@dataclass(frozen=True)
class Resource:
    """Something of the catalogue that grants can be for.

    Attributes:
        certificate_type, dataset: one of the two.
        provider: the department that decides: of several that issue one type, the one that comes first.
        fields: names of what can be asked of it.
    """

    certificate_type: str | None
    dataset: str | None
    title_zh: str
    title_en: str
    provider: str
    sharing: Sharing
    fields: tuple[str, ...]

    @property
    def conditional(self) -> bool:
        """Whether its provider decides, or it is granted at once."""
        return self.sharing.sharing_class != CLASSES[0]

    @property
    def id(self) -> str:
        """As forms name it: `type:<code>` or `dataset:<name>`."""
        return f"type:{self.certificate_type}" if self.certificate_type else f"dataset:{self.dataset}"


def resource_of(
    catalogue: Catalogue,
    types: Mapping[str, CertificateType],
    *,
    certificate_type: str | None = None,
    dataset: str | None = None,
) -> Resource:
    """The resource of that name.

    Raises:
        NotShared: there is none, or the law keeps it from being shared.
    """
    found = _of_type(catalogue, types, certificate_type) if certificate_type else _of_dataset(catalogue, dataset)
    if found is None:
        raise NotShared
    if found.sharing.sharing_class == CLASSES[-1]:
        raise NotShared(found.sharing.legal_basis)
    return found


def resources(catalogue: Catalogue, types: Mapping[str, CertificateType]) -> list[Resource]:
    """All that can be applied for: certificate types, then datasets, those without conditions first."""
    found = [*(_of_type(catalogue, types, code) for code in types), *(_resource(each) for each in catalogue.datasets)]
    shared = [each for each in found if each is not None and each.sharing.sharing_class != CLASSES[-1]]
    return sorted(shared, key=lambda each: (each.dataset is not None, each.conditional, each.id))


def _of_type(catalogue: Catalogue, types: Mapping[str, CertificateType], code: str | None) -> Resource | None:
    """A type is shared as the strictest of its datasets is."""
    holding = [each for each in catalogue.datasets if each.certificate and each.certificate.type_code == code]
    if not holding or code is None or code not in types:
        return None
    kind, strictest = types[code], max(holding, key=lambda each: CLASSES.index(each.sharing_class))
    fields = dict.fromkeys(column.name for each in holding for column in each.stored_columns)
    return Resource(code, None, kind.name_zh, kind.name_en, strictest.department, strictest.sharing, tuple(fields))


def _of_dataset(catalogue: Catalogue, name: str | None) -> Resource | None:
    return _resource(catalogue.dataset(name)) if name is not None and name in catalogue else None


def _resource(dataset: Dataset) -> Resource:
    fields = tuple(column.name for column in dataset.stored_columns)
    title = (dataset.title_zh, dataset.title_en)
    return Resource(None, dataset.name, *title, dataset.department, dataset.sharing, fields)
