"""Who takes part in tests of applications and grants, and what they ask for."""

from exchange_api.people.roles import Role
from exchange_api.sharing.steps import Actor

TYPE = "11100000MB0143028R001"
DATASET = "public_security.residents"
CONSENT = "负责人 2026-03-02 批示同意"
ADMINISTRATOR = frozenset({Role.DEPARTMENT_ADMINISTRATOR.value})

ASKS = Actor(1, "civil_affairs", ADMINISTRATOR)
DRAFTS = Actor(2, "civil_affairs", frozenset({Role.APPROVING_OFFICER.value}))
PROVIDES = Actor(3, "public_security", ADMINISTRATOR)
AUTHORITY = Actor(4, "data_administration", frozenset({Role.HUB_ADMINISTRATOR.value}))
STRANGER = Actor(5, "tax", ADMINISTRATOR)


def form(**more: str) -> dict[str, str]:
    """A query of two fields of the residents, which are shared with conditions."""
    return {
        "resource": f"dataset:{DATASET}",
        "act": "query",
        "fields": "citizen_number, name",
        "purpose": "养老机构轮候",
        "service_items": "ELDER-CARE",
        "basis": "养老机构管理办法第十条",
        "scene": "受理轮候申请时核对申请人",
        "scope": "本部门审批人员",
        "mode": "service_interface",
        "valid_from": "2026-03-02",
        "valid_until": "2027-03-01",
    } | more
