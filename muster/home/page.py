"""Puts the first page together: who needs you now, what is in pilot, what is fine, what is still a draft."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from audiences.listing import listed
from audiences.models import ApprovalRequest, Audience, Definition, RequiredSuppression
from audiences.rows import Row, rows
from muster.access import Permission, can
from muster.figures import in_words, number
from reconciliation.answering import drifts_of
from reconciliation.models import Exposure
from syncs import attention
from syncs.freshness import breached_suppressions

from .lines import Line, lines
from .needs import Happened, Need, exposed, needs
from .pilots import Pilot, pilots
from .reader import Reader
from .standings import Standing, of, standings
from .wanted import ALL, LEFT, MINE, Wanted, unfiltered

SHOWN: Final = 50  # lines of a group
OUTSIDE: Final = {"drifting", "broken"}


@dataclass(frozen=True)
class Home:
    """`needs` with the lines of their lists; `fine` are on target, `watched` are not and have nothing to press."""

    needs: list[tuple[Need, Line]]
    pilots: list[Pilot]
    fine: list[Line]
    watched: list[Line]
    drafts: list[Row]
    counts: dict[str, int]
    exposed: int
    counted: bool

    @property
    def is_empty(self) -> bool:
        return not any(self.counts.values())

    @property
    def lede(self) -> str:
        """Return "Three need you; 1,126 people are exposed. Two are in pilot, seven lists are on target."."""
        return lede(self.counts, self.exposed, counted=self.counted)


def home(wanted: Wanted, reader: Reader, asked: Sequence[ApprovalRequest]) -> Home:
    """Return the page; the number of queries does not depend on how many lists there are."""
    audiences = _audiences(wanted, reader)
    lists = standings(audiences, reader.today, destination=wanted.destination, health=wanted.health)
    known = happened(lists, reader)
    found = needs(lists, known, reader)
    pressing = {one.at.list for one in found} | {one.list for one in lists if one.whole}
    rest = [one for one in lists if one.list not in pressing]
    fine = [one for one in rest if one.health == "on_target"]
    watched = [one for one in rest if one.health != "on_target"]
    by_list = lines([*(one.at for one in found[:SHOWN]), *fine[:SHOWN], *watched[:SHOWN]], reader.now)
    proving, drafts = _coming(audiences, wanted)
    in_pilot = pilots(proving, reader)
    read = rows(drafts, reader.today, asked) if drafts else {}
    return Home(
        needs=[(one, by_list[one.at.list]) for one in found[:SHOWN]],
        pilots=in_pilot,
        fine=[by_list[one.list] for one in fine[:SHOWN]],
        watched=[by_list[one.list] for one in watched[:SHOWN]],
        drafts=sorted(read.values(), key=lambda row: row.name),
        counts=_counts(found, in_pilot, fine, watched, drafts),
        exposed=exposed(found),
        counted=all(one.list in known.exposed for one in lists if one.suppresses and one.list in pressing),
    )


def to_act_on(reader: Reader) -> int:
    """Return how many lists need this reader, as the page counts them before anybody filters it. Ten queries at most.

    Who has no lists and cannot act on those of others is not needed.
    """
    wanted = unfiltered(reader.person)
    if wanted.owner == ALL and not can(reader.person, Permission.REGISTER):
        return 0
    lists = standings(_audiences(wanted, reader), reader.today)
    return len(needs(lists, happened(lists, reader), reader))


def _counts(needing: Sequence[Need], pilot: Sequence[Pilot], *others: Collection[object]) -> dict[str, int]:
    names = ("fine", "watched", "drafts")
    return {"needs": len(needing), "pilots": len(pilot)} | dict(zip(names, map(len, others), strict=True))


def _audiences(wanted: Wanted, reader: Reader) -> QuerySet[Audience]:
    owner = wanted.owner if wanted.owner in {MINE, LEFT} else ""
    told = listed(reader.today, text=wanted.q, owner=owner, purpose=wanted.purpose, me=reader.person)
    return Audience.objects.filter(pk__in=told.order_by().values("pk"))


def happened(lists: Sequence[Standing], reader: Reader) -> Happened:
    """Return what the other apps know of these lists. Six queries."""
    mine = of(lists)
    troubles = {one.run.activation_id: one for need in attention.needs(reader.now) for one in need.runs}
    breached = {one.pk: fresh for one, fresh in breached_suppressions(reader.now)}
    return Happened(
        troubles={pk: one for pk, one in troubles.items() if pk in mine},
        breached={pk: one for pk, one in breached.items() if pk in mine},
        drifts=drifts_of(one.list for one in lists if one.health in OUTSIDE),
        exposed=_exposed([one for one in lists if one.suppresses]),
    )


def _exposed(suppressions: Sequence[Standing]) -> dict[int, int]:
    """Return by list how many people the policy wants kept away who are not on it, where that was counted."""
    by_key = {(one.audience, one.place_id): one.list for one in suppressions}
    newest = Exposure.objects.filter(required=OuterRef("pk")).order_by("-at", "-pk").values("missing")[:1]
    policy = RequiredSuppression.objects.filter(ended_at=None, audience__in={one.audience for one in suppressions})
    counted = policy.annotate(newest=Subquery(newest)).values_list("audience", "destination", "newest")
    found: dict[int, int] = {}
    for audience, place, people in counted:
        made = by_key.get((audience, place)) if audience else None
        if made is not None and people is not None:
            found[made] = max(people, found.get(made, 0))
    return found


def _coming(audiences: QuerySet[Audience], wanted: Wanted) -> tuple[list[Definition], list[int]]:
    """Return the approved versions that are being proved, and the audiences that have nothing but a draft. Two queries."""
    if wanted.health:
        return [], []
    versions = Definition.objects.filter(audience__in=audiences).defer("conditions", "logic")
    proving = list(versions.filter(state=Definition.State.APPROVED).order_by("audience__name"))
    locked = Definition.objects.filter(audience=OuterRef("audience")).exclude(state=Definition.State.DRAFT)
    drafts = list(versions.filter(~Exists(locked), state=Definition.State.DRAFT).order_by("audience__name"))
    if place := wanted.destination:
        proving = [one for one in proving if place in one.destinations]
        drafts = [one for one in drafts if place in one.destinations]
    return proving, [one.audience_id for one in drafts[:SHOWN]]


def lede(counts: dict[str, int], people: int, *, counted: bool = True) -> str:
    """Return the sentences on top: what needs somebody and who is exposed, then what does not."""
    needing = counts["needs"]
    first = f"{in_words(needing)} {'needs' if needing == 1 else 'need'} you" if needing else "nothing needs you now"
    if people:
        first += f"; {number(people)} {'person is' if people == 1 else 'people are'} exposed"
    elif needing and not counted:
        first += "; how many people are exposed was not counted"
    rest = [
        (counts["pilots"], "is in pilot", "are in pilot"),
        (counts["fine"], "list is on target", "lists are on target"),
        (counts["watched"], "is watched", "are watched"),
        (counts["drafts"], "is a draft", "are drafts"),
    ]
    told = ", ".join(f"{in_words(count)} {one if count == 1 else many}" for count, one, many in rest if count)
    return " ".join(f"{part[:1].upper()}{part[1:]}." for part in (first, told) if part)
