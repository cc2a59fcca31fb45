"""What the rows of the list of audiences show: three queries of plain values for a page, without a model for each part."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from django.urls import reverse
from django.utils import timezone

from muster.figures import when

from .facts import Facts, ListFacts, VersionFacts, request_told
from .models import Activation, ApprovalRequest, Definition, Lifecycle, Purpose

VERSION = ("number", "purpose", "fingerprint", "review_date", "freshness_minutes", "lacking")
AUDIENCE = ("slug", "name", "archived_at", "owner__full_name", "owner__is_active")
SEGMENT = ("name", "number", "size", "size_at", "gone_at", "fingerprint")
OF_DEFINITION = (
    "audience_id",
    "state",
    *VERSION,
    *(f"audience__{name}" for name in AUDIENCE),
    *(f"audience__segment__{name}" for name in SEGMENT),
)
OF_LIST = (
    "audience_id",
    "destination__name",
    "members",
    "lifecycle",
    "stopped_words",
    "destination__archived_at",
    "pipe__name",
    "pipe__archived_at",
    "pipe__check_state",
    "pipe__check_words",
)


@dataclass(frozen=True, slots=True)
class Row:
    """One audience. `needs` and `verdict` are sentences; `edited` is the number of a draft beside the current version.

    Nothing but values, so that two rows that are equal look alike.
    """

    slug: str
    address: str
    name: str
    purpose: str
    size: int | None
    as_of: str
    owner: str
    life: str
    number: int
    freshness_minutes: int | None
    edited: int | None
    lists: tuple[ListFacts, ...]
    needs: tuple[str, ...]
    verdict: str


def rows(audiences: Collection[int], today: date) -> dict[int, Row]:
    """Return the rows of these audiences by their ids."""
    lists = _lists(audiences)
    versions: dict[int, list[dict[str, Any]]] = defaultdict(list)
    told = Definition.objects.filter(audience__in=audiences).exclude(state=Definition.State.PAST)
    found = list(told.values("pk", *OF_DEFINITION))
    drafts = [one["pk"] for one in found if one["state"] == Definition.State.DRAFT]
    asked = _asked(drafts, today) if drafts else {}
    for one in found:
        versions[one["audience_id"]].append({**one, "asked": asked.get(one["pk"], "")})
    return {audience: _row(some, lists[audience], today) for audience, some in versions.items()}


def _asked(drafts: Collection[int], today: date) -> dict[int, str]:
    """Return, by the draft's id, who was asked to approve it."""
    open_ones = ApprovalRequest.objects.filter(definition__in=drafts, state=ApprovalRequest.State.WAITING).values_list(
        "definition_id", "definition__number", "asked_by__full_name", "asked_of__full_name", "asked_at", "until"
    )
    return {draft: request_told(number, by, of, at, until, today) for draft, number, by, of, at, until in open_ones}


def _lists(audiences: Collection[int]) -> defaultdict[int, list[ListFacts]]:
    found: defaultdict[int, list[ListFacts]] = defaultdict(list)
    used = Activation.objects.filter(audience__in=audiences, kind=Activation.Kind.PRODUCTION)
    used = used.exclude(lifecycle=Lifecycle.RETIRED).order_by("destination__name")
    for audience, name, members, lifecycle, stopped, archived, pipe, pipe_archived, state, words in used.values_list(
        *OF_LIST
    ):
        usable = (pipe, state, words) if pipe and not pipe_archived else ("", "", "")
        found[audience].append(ListFacts(name, members, lifecycle, stopped, archived is not None, *usable))
    return found


def _row(found: Iterable[dict[str, Any]], lists: list[ListFacts], today: date) -> Row:
    versions = {one["state"]: VersionFacts(*(one[name] for name in (*VERSION, "asked"))) for one in found}
    current, draft = versions.get(Definition.State.CURRENT), versions.get(Definition.State.DRAFT)
    approved = versions.get(Definition.State.APPROVED)
    one, newest = next(iter(found)), current or approved or draft
    assert newest is not None
    size_at = one["audience__segment__size_at"]
    facts = Facts(
        archived=one["audience__archived_at"] is not None,
        owner=one["audience__owner__full_name"],
        owner_active=one["audience__owner__is_active"],
        segment=f"{one['audience__segment__name']} ({one['audience__segment__number']})",
        segment_gone=one["audience__segment__gone_at"] is not None,
        fingerprint=one["audience__segment__fingerprint"],
        current=current,
        draft=draft,
        lists=lists,
        approved=approved,
    )
    return Row(
        slug=one["audience__slug"],
        address=address(one["audience__slug"]),
        name=one["audience__name"],
        purpose=Purpose(newest.purpose).label,
        size=one["audience__segment__size"],
        as_of=when(size_at, timezone.now(), timezone.get_current_timezone()) if size_at else "",
        owner=facts.owner,
        life=facts.life,
        number=newest.number,
        freshness_minutes=newest.freshness_minutes,
        edited=draft.number if current and draft else None,
        lists=tuple(lists),
        needs=tuple(facts.needs(today)),
        verdict=facts.verdict(today),
    )


@lru_cache(maxsize=4096)
def address(slug: str) -> str:
    """Return the path of an audience's page; working one out takes longer than the rest of a row."""
    return reverse("audiences:detail", args=[slug])
