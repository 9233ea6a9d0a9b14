"""What the hub's environment may set, read once by the command line and handed down as arguments.

Every variable begins with `HUB_`; `.env` files are not read, so that what counts stands in one place.

    HUB_HOME=/srv/hub HUB_SAMPLE_PEOPLE=2000 mianzheng up --once
"""

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from exchange_api.people.roles import Role
from mianzheng.embedded_postgres import closed_to
from mianzheng.errors import MianzhengError

SYSTEM_HOME = Path("/var/lib/mianzheng")
_ORIGINS = r"^(https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?( +|$))*$"


class Settings(BaseSettings):
    """The hub's settings; units stand in the names or the descriptions."""

    model_config = SettingsConfigDict(env_prefix="HUB_", extra="ignore")

    home: Path | None = Field(default=None, description="the hub's folder; ./hub-home unless set")
    database_url: SecretStr | None = Field(default=None, description="a PostgreSQL 16+ database to use instead")
    service_user: str = Field(default="nobody", description="who the embedded server runs as when we are root")
    host: str = Field(default="127.0.0.1", description="where the API and the pages listen")
    port: int = Field(default=8480, ge=0, le=65535, description="TCP port of the API and the pages; 0 picks a free one")
    web_processes: int = Field(
        default=1, ge=1, le=64, description="how many processes answer on that port; one uses about one processor"
    )
    dagster_port: int = Field(
        default=8481, ge=0, le=65535, description="TCP port of Dagster's pages; 0 leaves them out"
    )
    sample_people: int = Field(default=20_000, ge=500, le=10_000_000, description="residents of the sample city")
    sample_mariadb: bool = Field(
        default=True, description="whether human resources' exchange database is MariaDB where that is installed"
    )
    sample_seed: int = Field(default=2016, description="the sample city is the same for the same seed")

    panel_origins: str = Field(
        default="",
        pattern=_ORIGINS,
        description="halls' own systems that may frame the officer's panel: https://hall.example, several with blanks",
    )
    profile: Literal["standard", "sm"] | None = Field(
        default=None, description="what the hub signs with: standard (ES256, Ed25519) or sm (SM2, SM3); kept once set"
    )
    second_factor_for: str = Field(
        default="department_administrator,hub_administrator,auditor,inspector",
        description="roles that sign in with a one-time code, too, with commas between; empty: none",
    )
    engine: str = Field(default="duckdb", description="what checks and compares: duckdb, or spark")
    spark_master: str = Field(default="local[2]", description="where Spark runs, if it is the engine")

    def framing(self) -> frozenset[str]:
        """The origins that may frame the officer's panel."""
        return frozenset(self.panel_origins.split())

    def second_factor_roles(self) -> frozenset[str]:
        """The roles of `second_factor_for`.

        Raises:
            MianzhengError: one of them is no role.
        """
        named = frozenset(one.strip() for one in self.second_factor_for.split(",") if one.strip())
        if unknown := named - set(Role):
            raise MianzhengError(
                f"HUB_SECOND_FACTOR_FOR 中没有这些角色：{'、'.join(sorted(unknown))}。请改正。",
                f"HUB_SECOND_FACTOR_FOR names what is no role: {', '.join(sorted(unknown))}. Mend it.",
            )
        return named

    def address(self) -> str:
        """Where the API and the pages are, as long as the port is not picked at start."""
        return f"http://{self.host}:{self.port}"

    def hub_home(self) -> Path:
        """HUB_HOME, or a folder here, or the system's place when the service user could not walk down to here."""
        if self.home is not None:
            return self.home.resolve()
        here = Path.cwd() / "hub-home"
        if os.geteuid() == 0 and closed_to(self.service_user, here.parent):
            return SYSTEM_HOME
        return here
