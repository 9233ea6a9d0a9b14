"""From accounts, clients and acts to what their pages show."""

from collections.abc import Mapping, Sequence

from exchange_api.pages.views.frame import Option, Words
from exchange_api.pages.views.people import AccountRow, ActRow, ClientRow, KeyRow, RoleChoice
from exchange_api.people.accounts import assignable
from exchange_api.people.roles import ROLES, Role, roles_of
from exchange_api.people.signed_in import Session
from registries.store.accounts import Account
from registries.store.clients import ClientLine
from registries.store.people_acts import WrittenAct

_ACCOUNT_STATES = {
    "open": (Words("启用", "Open"), "green"),
    "closed": (Words("停用", "Closed"), ""),
    "locked": (Words("锁定待核查", "Locked"), "red"),
}
_CLIENT_STATES = {
    "active": (Words("启用", "Active"), "green"),
    "suspended": (Words("暂停", "Suspended"), "gold"),
    "revoked": (Words("注销", "Revoked"), ""),
}
ACTS = {
    "account-made": Words("新增账号", "Account made"),
    "roles": Words("更改角色", "Roles given"),
    "account-closed": Words("停用账号", "Account closed"),
    "account-reopened": Words("恢复账号", "Account reopened"),
    "password-reset": Words("重置口令", "Password reset"),
    "password-changed": Words("本人更改口令", "Password changed"),
    "second-factor-set": Words("绑定动态验证码", "One-time codes set up"),
    "second-factor-reset": Words("解除动态验证码", "One-time codes taken away"),
    "signed-out": Words("强制退出", "Signed out"),
    "signed-out-elsewhere": Words("本人退出其他会话", "Signed out elsewhere"),
    "identity-linked": Words("绑定统一身份", "Identity linked"),
    "identity-unlinked": Words("解绑统一身份", "Identity unlinked"),
    "client-made": Words("登记系统客户端", "Client registered"),
    "client-suspended": Words("暂停系统客户端", "Client suspended"),
    "client-resumed": Words("恢复系统客户端", "Client resumed"),
    "client-revoked": Words("注销系统客户端", "Client revoked"),
    "key-added": Words("登记公钥", "Key added"),
    "key-revoked": Words("停用公钥", "Key revoked"),
}
"""What each act that is written down is called."""


def role_words(names: frozenset[str]) -> tuple[Words, ...]:
    """Roles as pages call them, in their order."""
    return tuple(Words(ROLES[role].zh, ROLES[role].en) for role in Role if role in names)


def role_choices(session: Session, ticked: frozenset[str]) -> tuple[RoleChoice, ...]:
    """Every role, and whether this administrator may give it."""
    return tuple(
        RoleChoice(
            role.value,
            Words(ROLES[role].zh, ROLES[role].en),
            Words(ROLES[role].may_zh, ROLES[role].may_en),
            role in ticked,
            allowed,
        )
        for role, allowed in assignable(session).items()
    )


def account_row(account: Account, departments: Mapping[str, str]) -> AccountRow:
    """One account."""
    state, tone = _ACCOUNT_STATES[account.state]
    return AccountRow(
        account.id,
        account.login,
        account.name,
        departments.get(account.department, account.department),
        role_words(roles_of(account.roles)),
        state,
        tone,
        account.code_sealed is not None,
        account.last_sign_in_at,
    )


def act_row(act: WrittenAct, departments: Mapping[str, str]) -> ActRow:
    """One act."""
    what = f"#{act.account_id}" if act.account_id is not None else act.client_id or ""
    details = "、".join(ROLES[Role(one)].zh if one in set(Role) else one for one in act.details)
    department = departments.get(act.department, act.department)
    words = ACTS.get(act.act, Words(act.act, act.act))
    return ActRow(act.id, act.at, words, act.by_whom, department, what, details)


def client_row(client: ClientLine, departments: Mapping[str, str]) -> ClientRow:
    """One client."""
    state, tone = _CLIENT_STATES[client.state]
    keys = sum(key.state == "active" for key in client.keys)
    department = departments.get(client.department, client.department)
    return ClientRow(client.id, client.name, department, state, tone, keys, client.last_used_at)


def key_rows(client: ClientLine) -> tuple[KeyRow, ...]:
    """A client's keys, those in use first."""
    rows = [
        KeyRow(key.thumbprint, key.algorithm, key.state == "active", key.added_at, key.revoked_at, key.last_used_at)
        for key in client.keys
    ]
    return tuple(sorted(rows, key=lambda row: not row.active))


def options(departments: Mapping[str, str], allowed: Sequence[str]) -> tuple[Option, ...]:
    """Departments to choose from."""
    return tuple(Option(one, departments.get(one, one)) for one in allowed)
