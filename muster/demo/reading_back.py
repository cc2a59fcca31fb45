"""Lets the demo be read back as its administrators and owners would: access, ids, and figures of the time before Muster."""

import csv
import logging
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

from audiences.models import Activation, Destination
from muster.models import Installation, Person
from reconciliation import (
    csv_rows,
    entering,
    health,
    importing,
    list_ids,
    measure,
    moments,
    reading_access,
    trying_access,
)
from reconciliation.models import ListAt, ReadAccess, Reading

from .ad_accounts import IDS, PLATFORMS, UNTOLD, WRITTEN_DOWN, WRITTEN_OF
from .northwind import DESTINATIONS
from .sign_ins import GRACE, YUSUF, email_of

MONDAY_MORNING = time(9)
SPREAD = 0.02  # of a size: Meta shows a range

Rates = Sequence[int | None]

log = logging.getLogger(__name__)


def give_access(at: datetime) -> None:
    """Enter and test read-only access to each destination that has none yet, where the demo has something to read."""
    yusuf = person(YUSUF)
    for plan in DESTINATIONS:
        if (platform := PLATFORMS.get(plan.key)) is None:
            continue
        destination = Destination.objects.get(name=plan.name)
        if ReadAccess.objects.filter(destination=destination).exists():
            continue
        options = {need.name: platform.options.get(need.name, "") for need in reading_access.needs_of(destination)}
        kept = reading_access.keep(destination, options, platform.secrets, by=yusuf, at=at)
        trying_access.try_access(kept.access, by=yusuf, at=at)


def tell_ids(at: datetime) -> None:
    """Enter by which id the platforms know the lists, but for one that nobody told."""
    names = {plan.key: plan.name for plan in DESTINATIONS}
    for (audience, key), external_id in IDS.items():
        if (audience, key) == UNTOLD:
            continue
        known = Activation.objects.filter(
            audience__name=audience, destination__name=names[key], kind=Activation.Kind.PRODUCTION, list_at=None
        )
        for made in known.select_related("audience__owner", "destination"):
            try:
                list_ids.set_id(made, external_id, by=made.audience.owner, at=at)
            except list_ids.WrongId as problem:
                log.warning("%s is not read back: %s", made, problem)


def read(at: datetime) -> None:
    """Read every destination back now, and judge its lists by that."""
    for access in ReadAccess.objects.order_by("pk"):
        measure.perform(access.pk, at=at)
    health.keep_lists(ListAt.objects.values_list("activation", flat=True), at=at)


def read_soon(at: datetime) -> None:
    """Let the workers read everything back now, and then by itself."""
    for access in ReadAccess.objects.all():
        measure.ask_now(access, at=at)


def import_before(at: datetime) -> None:
    """Import what was written down by hand in the weeks before Muster, once the lists have people."""
    lists = [(made, WRITTEN_DOWN[key]) for audience, key in WRITTEN_OF for made in found(audience, key)]
    if not lists or Reading.objects.filter(source=entering.CSV).exists():
        return
    zone = ZoneInfo(Installation.current().time_zone)
    rows = csv_rows.rows(written_down(lists, at, zone), lambda cell: moments.moment(cell, now=at, zone=zone))
    previewed = importing.preview(rows)
    for one in previewed:
        for error in one.errors:
            log.warning("row %d of the figures before Muster is left out: %s", one.row.line, error)
    entries = [one.entry for one in previewed if one.entry]
    if entries:
        entering.enter(entries, by=person(GRACE), at=at, source=entering.CSV)


def written_down(lists: Sequence[tuple[Activation, Rates]], at: datetime, zone: ZoneInfo) -> str:
    """Return the CSV that Northwind kept: a row for each list and Monday, the newest a week before this one's."""
    sheet = StringIO()
    writer = csv.writer(sheet)
    writer.writerow(csv_rows.HEADER)
    this = at.astimezone(zone).date()
    monday = this - timedelta(days=this.weekday())
    for place, (made, rates) in enumerate(lists):
        for back, rate in enumerate(reversed(rates), start=1):
            if rate is None:
                continue
            noted = datetime.combine(monday - timedelta(weeks=back), MONDAY_MORNING, zone)
            people = made.members * (1 + 0.02 * ((back * 7 + place * 3) % 5 - 2)) * rate / 100
            low, high = round(people * (1 - SPREAD)), round(people * (1 + SPREAD))
            writer.writerow([str(made), f"{noted:%Y-%m-%d %H:%M}", low, high, rate])
    return sheet.getvalue()


def found(audience: str, key: str) -> list[Activation]:
    """Return the demo's list of an audience at a destination, if it is there."""
    name = next(plan.name for plan in DESTINATIONS if plan.key == key)
    made = Activation.objects.filter(
        audience__name=audience, destination__name=name, kind=Activation.Kind.PRODUCTION, list_at__isnull=False
    )
    return list(made.select_related("audience", "destination"))


def person(full_name: str) -> Person:
    known: Person = Person.objects.get(email=email_of(full_name))
    return known
