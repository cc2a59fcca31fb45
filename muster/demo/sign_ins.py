"""The people of the demo and the one password with which each of them signs in."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from muster.access import Role

FILE = "demo-password"
DOMAIN = "northwind.example"


@dataclass(frozen=True)
class Cast:
    """Somebody who works at the demo's company. `shown`: named in the line that `make run` prints."""

    full_name: str
    role: Role
    time_zone: str = "America/New_York"
    deputy: str = ""
    shown: bool = True

    @property
    def email(self) -> str:
        return f"{self.full_name.lower().replace(' ', '.')}@{DOMAIN}"


PRIYA, TOMAS, GRACE, HELEN, YUSUF, MEI = (
    "Priya Raman",
    "Tomas Lindqvist",
    "Grace Adeyemi",
    "Helen Marchetti",
    "Yusuf Demir",
    "Mei Tanaka",
)
CAST = (
    Cast(PRIYA, Role.MARKETER),
    Cast(TOMAS, Role.MARKETER, shown=False),
    Cast(GRACE, Role.PAID_MEDIA),
    Cast(HELEN, Role.MANAGER),
    Cast(MEI, Role.ADMINISTRATOR, shown=False),
    Cast(YUSUF, Role.ADMINISTRATOR, deputy=MEI),
)


def email_of(full_name: str) -> str:
    return next(one.email for one in CAST if one.full_name == full_name)


def path() -> Path:
    return Path(settings.HOME) / FILE


def password() -> str:
    """Return the demo's password, made up once for each home."""
    if not path().exists():
        descriptor = os.open(path(), os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(f"northwind-{secrets.token_hex(4)}\n")
    return path().read_text().strip()


def in_one_line() -> str:
    """Return how to sign in, as part of a line."""
    *most, last = [f"{one.email} ({one.role.label.lower()})" for one in CAST if one.shown]
    return f"sign in as {', '.join(most)} or {last}, each with the password {password()}"
