"""Who may do what with a contract's data, as ODCS `roles` say it; the hub itself gives access by grants only.

A role that is new, or may do more, or needs fewer approvers, is a wider role: it breaks something for the people whose
data it is. One that is gone or may do less breaks something for those who have it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from registries.contract_diff.difference import SUBJECTS, Difference, Differences, Party
from registries.contracts.yaml_page import read_yaml

_ACCESS: Final = {"read": 1, "write": 2, "readwrite": 3, "admin": 4}
_APPROVERS: Final = ("firstLevelApprovers", "secondLevelApprovers")


@dataclass(frozen=True)
class RoleOf:
    """A role of a contract: its access as a word, and how many levels of approvers it needs."""

    name: str
    access: str
    approvals: int

    @property
    def reach(self) -> tuple[int, int]:
        """What sorts by how much the role allows; unknown words count as the most."""
        return _ACCESS.get(self.access.lower(), max(_ACCESS.values()) + 1), -self.approvals


@dataclass(frozen=True)
class Access:
    """The roles of one contract."""

    contract_id: str
    roles: tuple[RoleOf, ...]


def access_of(path: Path) -> Access:
    """The roles of a contract file, of its servers too; ContractFaults if it is no YAML."""
    content = read_yaml(path).content
    servers = content.get("servers")
    given = [content, *(servers if isinstance(servers, list) else ())]
    roles = {role.name: role for each in given if isinstance(each, Mapping) for role in _roles(each.get("roles"))}
    return Access(str(content.get("id") or ""), tuple(roles.values()))


def _roles(given: object) -> Iterator[RoleOf]:
    for role in given if isinstance(given, list) else ():
        if isinstance(role, Mapping) and role.get("role"):
            yield RoleOf(str(role["role"]), str(role.get("access") or "read"), _approvals(role))


def _approvals(role: Mapping[str, Any]) -> int:
    return sum(bool(role.get(name)) for name in _APPROVERS)


def access_differences(old: Sequence[Access], new: Sequence[Access]) -> Differences:
    """Roles that allow more or less than before."""
    after = {access.contract_id: access for access in new}
    for access in old:
        if access.contract_id in after:
            yield from _one_contract(access, after[access.contract_id])


def _one_contract(old: Access, new: Access) -> Differences:
    before = {role.name: role for role in old.roles}
    after = {role.name: role for role in new.roles}
    for name in sorted(before.keys() | after.keys()):
        was, now = before.get(name), after.get(name)
        if now is not None and (was is None or now.reach > was.reach):
            words = (f"{new.contract_id} 的角色 {name} 权限放宽", f"role {name} of {new.contract_id} is wider")
            yield Difference(new.contract_id, "role_widened", "major", (SUBJECTS,), *words)
        elif was is not None and (now is None or now.reach < was.reach):
            whom = (Party("readers", f"角色 {name} 的使用者", f"those who have role {name}"),)
            words = (f"{new.contract_id} 的角色 {name} 权限收紧", f"role {name} of {new.contract_id} is narrower")
            yield Difference(new.contract_id, "role_narrowed", "major", whom, *words)
