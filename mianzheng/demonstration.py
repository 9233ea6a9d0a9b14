"""People, a relying system and rights to try the sample city with; made at the first start, the same ever after.

Their passwords are random, kept in HUB_HOME/secrets, and shown at each start: this is a city of nobody.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from exchange_api.acts.case_check import wishes_of
from exchange_api.passwords import hash_password
from mianzheng.asking import CLIENT, demonstration_client
from registries.departments import load_catalogue
from registries.home import HubHome, Role
from registries.store import accounts, clients, grants, pushes
from registries.store.engine import Store
from sample_city import pushing
from sample_city.department_folder import DepartmentFolder

PURPOSE = "行政许可审批"
SERVICE_ITEM = "440500-demo-0001"
ASKING_DEPARTMENT, AUTHORITY = "public_security", "data_administration"
OFFICERS = ("window_officer", "approving_officer")
CERTIFICATE_TYPES = (
    "11100000MB0143028R001",  # 营业执照
    "11100000MB03271699001",  # 不动产权证书
    "11100000000019713D072",  # 网约车驾驶员证
    "11100000000019713D013",  # 道路运输证
    "DEMO00000000000000002",  # 出生医学证明
    "DEMO00000000000000003",  # 结婚证
    "DEMO00000000000000005",  # 残疾人证
    "DEMO00000000000000007",  # 职业技能等级证书
    "DEMO00000000000000008",  # 纳税情况证明
    "DEMO00000000000000009",  # 社会组织登记证书
)
GRANTED_BY = "示例城市数据主管部门"

NUMBERS = {
    "valid": ("有效 valid", "valid"),
    "revoked": ("吊销 revoked", "revoked_penalty"),
    "quarantined": ("隔离中 in quarantine", "pending_check"),
    "marriage": ("结婚证,由女方 marriage", "valid"),
    "real_estate": ("不动产,由共有人 estate", "valid"),
    "driver": ("网约车驾驶员 driver", "valid"),
    "disability": ("残疾人证 disability", "valid"),
    "tax": ("纳税证明,实时 tax, live", "valid"),
}
"""Kind of number to try -> what to call it, the verdict to expect."""


@dataclass(frozen=True)
class Person:
    """Who may sign in: login, what the account is for, its roles and department."""

    login: str
    title: str
    name: str
    roles: tuple[str, ...]
    department: str


PEOPLE = (
    Person("officer", "窗口核验 verifies certificates at a counter", "窗口人员", OFFICERS, ASKING_DEPARTMENT),
    Person("clerk", "数据报送 publishes for market regulation", "数据专员", ("publisher",), "market_regulation"),
    Person("steward", "数据治理 watches quality", "数据管家", ("steward",), "market_regulation"),
    Person(
        "admin", "部门管理 manages accounts and systems", "部门管理员", ("department_administrator",), ASKING_DEPARTMENT
    ),
    Person("authority", "数据主管 manages the hub", "平台管理员", ("hub_administrator",), AUTHORITY),
    Person("auditor", "审计 reads ledger and acts", "审计人员", ("auditor",), AUTHORITY),
    Person("inspector", "监督检查 looks at unusual questions", "监督检查人员", ("inspector",), AUTHORITY),
)


@dataclass(frozen=True)
class Account:
    """An account with the password that was made for it."""

    login: str
    password: str
    title: str


@dataclass(frozen=True)
class NumberToTry:
    """A certificate number of the sample city and the verdict that it should get."""

    what: str
    expected: str
    certificate_type: str
    number: str
    holder_name: str
    holder_code: str
    holder_code_type: str

    def question(self) -> Mapping[str, Any]:
        """The question about it, as `POST /v1/verifications` wants it."""
        return {
            "certificate_type": self.certificate_type,
            "certificate_number": self.number,
            "holder_name": self.holder_name,
            "holder_code": self.holder_code,
            "holder_code_type": self.holder_code_type,
            "purpose": PURPOSE,
            "service_item": SERVICE_ITEM,
            "case": f"demo-{self.expected}",
        }


@dataclass(frozen=True)
class Demonstration:
    """Who to sign in as, and where the numbers to try stand."""

    accounts: Sequence[Account]
    numbers_file: Path

    def numbers(self) -> list[NumberToTry]:
        """The numbers to try, read afresh: a new day in the city may choose others."""
        kept = json.loads(self.numbers_file.read_text(encoding="utf-8"))
        return [_number(kept[kind], *NUMBERS[kind]) for kind in NUMBERS]


def _number(kept: Mapping[str, str], what: str, expected: str) -> NumberToTry:
    return NumberToTry(
        what,
        expected,
        kept["certificate_type"],
        kept["certificate_number"],
        kept["holder_name"],
        kept["holder_code"],
        kept["holder_code_type"],
    )


def prepare_demonstration(home: HubHome, now: datetime) -> Demonstration:
    """Make accounts, who asks and who pushes with their keys and rights, unless they are there already."""
    folder = home.path / "sample_city"
    people = [Account(one.login, home.secret_or_new(f"demo_{one.login}"), one.title) for one in PEOPLE]
    client = demonstration_client(home, now)
    with Store(home.store_url(Role.OWNER)) as store, store.begin() as connection:
        if clients.client_with_keys(connection, CLIENT) is None:
            clients.add_client(connection, CLIENT, ASKING_DEPARTMENT, "示例审批系统")
            clients.add_client_key(connection, CLIENT, client.key.to_jwk())
            _allow_questions(connection, now)
            _allow_case_checks(connection, now)
        _open_accounts(connection, people)
        if clients.client_with_keys(connection, pushing.CLIENT) is None:
            _allow_pushing(connection, folder, now)
    return Demonstration(people, folder / "numbers_to_try.json")


def _allow_questions(connection: Any, now: datetime) -> None:  # noqa: ANN401 - the store's, whose type only its room imports
    for certificate_type in CERTIFICATE_TYPES:
        grants.add_grant(
            connection,
            department=ASKING_DEPARTMENT,
            act="verification",
            certificate_type=certificate_type,
            purpose=PURPOSE,
            service_item=None,
            granted_by=GRANTED_BY,
            valid_from=now.date(),
            valid_until=None,
        )


def _allow_case_checks(connection: Any, now: datetime) -> None:  # noqa: ANN401 - as above
    """Whatever the sample items need, each for its own item alone."""
    for item in load_catalogue().items:
        for wish in dict.fromkeys(wishes_of(item.materials, PURPOSE, item.name_zh)):
            grants.add_grant(
                connection,
                department=ASKING_DEPARTMENT,
                act=wish.act,
                certificate_type=wish.certificate_type,
                dataset=wish.dataset,
                fields=wish.fields,
                purpose=PURPOSE,
                service_item=item.name_zh,
                granted_by=GRANTED_BY,
                valid_from=now.date(),
            )


def _open_accounts(connection: Any, people: Sequence[Account]) -> None:  # noqa: ANN401 - as above
    """Who is there stays as it is; a hub that was made by an earlier version gets who came since."""
    for person, account in zip(PEOPLE, people, strict=True):
        if accounts.account_by_login(connection, person.login) is None:
            kept, roles = hash_password(account.password), frozenset(person.roles)
            accounts.add_account(connection, person.login, kept, person.name, person.department, roles)


def _allow_pushing(connection: Any, folder: Path, now: datetime) -> None:  # noqa: ANN401 - as above
    """Natural resources' system, known by the public half of the key that it keeps in its own folder."""
    key = pushing.private_key(DepartmentFolder(folder, pushing.DEPARTMENT))
    clients.add_client(connection, pushing.CLIENT, pushing.DEPARTMENT, "示例不动产登记系统")
    clients.add_client_key(connection, pushing.CLIENT, pushing.public_jwk(key))
    pushes.give_right(connection, pushing.CLIENT, GRANTED_BY, now.date(), None)
