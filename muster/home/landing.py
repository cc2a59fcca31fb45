"""Where each role begins: after signing in, and at the address without a path."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from django.urls import reverse

from audiences.next_step import next_step
from muster.access import Permission, Role
from muster.models import Person
from reconciliation.models import Report
from reconciliation.weeks import key


def first_page(person: Person) -> str:
    """Return the path of the page that this person's work begins on."""
    return BEGINS[Role(person.role)]()


def _audiences() -> str:
    return reverse("your_audiences")


def _report() -> str:
    """Return the newest frozen report; before there is one, the audiences that it will be about."""
    newest = Report.objects.order_by("-monday").only("monday").first()
    return reverse("reconciliation:report", args=[key(newest.monday)]) if newest else _audiences()


def _board() -> str:
    return reverse("reconciliation:suppression")


def _set_up() -> str:
    """Return the connections, or the step of the set-up that waits for an administrator."""
    step = next_step()
    return reverse(step.url_name if step.needs == Permission.MANAGE_CONNECTIONS else "audiences:connections")


BEGINS: Final[Mapping[Role, Callable[[], str]]] = MappingProxyType(
    {Role.MARKETER: _audiences, Role.MANAGER: _report, Role.PAID_MEDIA: _board, Role.ADMINISTRATOR: _set_up}
)
