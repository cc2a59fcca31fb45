"""How every list in use stands, as plain values: what is set up, what was read back, how healthy. One query for all."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db.models import FilteredRelation, Q, QuerySet

from audiences.facts import Facts, ListFacts, VersionFacts
from audiences.models import Activation, Audience, Definition, Lifecycle, Purpose
from audiences.platforms import PLATFORMS

IN_USE: Final = (Lifecycle.LIVE, Lifecycle.PAUSED)
OF_VERSION: Final = tuple(
    f"now__{name}" for name in ("number", "purpose", "fingerprint", "review_date", "freshness_minutes")
)
OF_LIST: Final = (
    *("destination__name", "members", "lifecycle", "stopped_words", "destination__archived_at"),
    *("pipe__name", "pipe__archived_at", "pipe__check_state", "pipe__check_words", "destination__platform"),
)
OF_AUDIENCE: Final = (
    *("audience__slug", "audience__name", "audience__owner__full_name", "audience__owner__is_active"),
    *(f"audience__segment__{name}" for name in ("name", "number", "size", "size_at", "gone_at", "fingerprint")),
)
OF_ARRIVAL: Final = tuple(
    f"arrival__{name}" for name in ("health", "health_words", "readiness", "words", "size_low", "size_high", "as_of")
)
FIELDS: Final = ("pk", "audience_id", "destination_id", *OF_VERSION, *OF_LIST, *OF_AUDIENCE, *OF_ARRIVAL)


@dataclass(frozen=True, slots=True)
class Standing:
    """One list in use. Sizes are people; None: not known, never 0. `here` and `whole` are sentences about what is set up:
    what stops this list, and what is wrong with its audience as a whole.
    """

    list: int
    audience: int
    place_id: int
    slug: str
    name: str
    place: str
    purpose: str
    owner: str
    life: str
    members: int
    in_segment: int | None
    segment_at: datetime | None
    here: tuple[str, ...]
    whole: tuple[str, ...]
    stopped: bool
    health: str
    health_words: str
    readiness: str
    words: str
    size_low: int | None
    size_high: int | None
    size_at: datetime | None

    @property
    def suppresses(self) -> bool:
        return self.purpose == Purpose.SUPPRESS

    @property
    def purpose_label(self) -> str:
        return str(Purpose(self.purpose).label)


def standings(
    audiences: QuerySet[Audience], today: date, *, destination: int | None = None, health: str = ""
) -> list[Standing]:
    """Return the lists in use of these audiences, by audience and destination."""
    now = FilteredRelation("audience__definitions", condition=Q(audience__definitions__state=Definition.State.CURRENT))
    made = Activation.objects.filter(kind=Activation.Kind.PRODUCTION, lifecycle__in=IN_USE, audience__in=audiences)
    if destination:
        made = made.filter(destination=destination)
    if health:
        made = made.filter(_healthy(health))
    told = made.annotate(now=now).exclude(now=None).order_by("audience__name", "destination__name", "pk")
    return [_standing(one, today) for one in told.values(*FIELDS)]


def of(lists: Collection[Standing]) -> set[int]:
    """Return the ids of lists."""
    return {one.list for one in lists}


def _healthy(health: str) -> Q:
    unknown = Q(arrival=None) | Q(arrival__health__in=["", "unknown"])
    return unknown if health == "unknown" else Q(arrival__health=health)


def _standing(one: dict[str, Any], today: date) -> Standing:
    facts, here = _facts(one), _list(one)
    segment_at: datetime | None = one["audience__segment__size_at"]
    return Standing(
        list=one["pk"],
        audience=one["audience_id"],
        place_id=one["destination_id"],
        slug=one["audience__slug"],
        name=one["audience__name"],
        place=one["destination__name"],
        purpose=one["now__purpose"],
        owner=one["audience__owner__full_name"],
        life=one["lifecycle"],
        members=one["members"],
        in_segment=one["audience__segment__size"],
        segment_at=segment_at,
        here=tuple(here.needs),
        whole=tuple(facts.needs(today)),
        stopped=bool(here.stopped_words),
        health=one["arrival__health"] or "unknown",
        health_words=one["arrival__health_words"] or "",
        readiness=one["arrival__readiness"] or "unknown",
        words=one["arrival__words"] or "",
        size_low=one["arrival__size_low"],
        size_high=one["arrival__size_high"],
        size_at=one["arrival__as_of"],
    )


def _list(one: dict[str, Any]) -> ListFacts:
    name, members, lifecycle, stopped, archived, pipe, pipe_archived, *rest = (one[field] for field in OF_LIST)
    state, words, platform = rest
    pipe, state, words = (pipe, state, words) if pipe and not pipe_archived else ("", "", "")
    sent = PLATFORMS[platform].is_sent
    return ListFacts(name, members, lifecycle, stopped, archived is not None, pipe, state, words, sent)


def _facts(one: dict[str, Any]) -> Facts:
    """Return what is known of the audience as a whole, without its lists."""
    number, purpose, fingerprint, review, minutes = (one[field] for field in OF_VERSION)
    return Facts(
        archived=False,
        owner=one["audience__owner__full_name"],
        owner_active=one["audience__owner__is_active"],
        segment=f"{one['audience__segment__name']} ({one['audience__segment__number']})",
        segment_gone=one["audience__segment__gone_at"] is not None,
        fingerprint=one["audience__segment__fingerprint"],
        current=VersionFacts(number, purpose, fingerprint, review, minutes, ()),
        draft=None,
        lists=(),
    )
