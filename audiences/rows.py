"""What the rows of the list of audiences show: one query of plain values for a page, without a model for each part."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from django.db.models import FilteredRelation, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from muster.figures import when

from .facts import Facts, ListFacts, VersionFacts, request_told
from .models import Activation, ApprovalRequest, Audience, Definition, Lifecycle, Purpose
from .platforms import PLATFORMS

VERSION = ("number", "purpose", "fingerprint", "review_date", "freshness_minutes", "lacking")
AUDIENCE = (
    *("pk", "slug", "name", "archived_at", "owner__full_name", "owner__is_active"),
    *(f"segment__{name}" for name in ("name", "number", "size", "size_at", "gone_at", "fingerprint")),
)
OF_VERSION = tuple(f"version__{name}" for name in ("pk", "state", *VERSION))
OF_LIST = tuple(
    f"made__{name}"
    for name in (
        *("pk", "destination__name", "members", "lifecycle", "stopped_words", "destination__archived_at"),
        *("pipe__name", "pipe__archived_at", "pipe__check_state", "pipe__check_words", "destination__platform"),
    )
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


def rows(audiences: Collection[int], today: date, requests: Iterable[ApprovalRequest] = ()) -> dict[int, Row]:
    """Return the rows of these audiences by their ids. `requests` are those without an answer."""
    asked = {one.definition_id: _asked(one, today) for one in requests}
    found: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    for one in _told().filter(pk__in=audiences):
        found[one["pk"]].append(one)
    return {audience: _row(some, asked, today) for audience, some in found.items()}


@lru_cache(maxsize=1)
def _told() -> QuerySet[Audience, dict[str, Any]]:
    """Return the values of every audience, to be filtered. Building the question takes longer than asking it, so it is kept.

    One row for each version beside each list: there are few of either, and a question more costs more.
    """
    version = FilteredRelation("definitions", condition=~Q(definitions__state=Definition.State.PAST))
    used = Q(activations__kind=Activation.Kind.PRODUCTION) & ~Q(activations__lifecycle=Lifecycle.RETIRED)
    told = Audience.objects.annotate(version=version, made=FilteredRelation("activations", condition=used))
    found: QuerySet[Audience, dict[str, Any]] = told.exclude(version=None).values(*AUDIENCE, *OF_VERSION, *OF_LIST)
    return found


def _asked(one: ApprovalRequest, today: date) -> str:
    by, of = one.asked_by.full_name, one.asked_of.full_name
    return request_told(one.definition.number, by, of, one.asked_at, one.until, today)


def _lists(found: list[dict[str, Any]]) -> list[ListFacts]:
    made = {one["made__pk"]: one for one in found if one["made__pk"]}
    return sorted((_list(one) for one in made.values()), key=lambda one: one.name)


def _list(one: dict[str, Any]) -> ListFacts:
    _, name, members, lifecycle, stopped, archived, pipe, pipe_archived, state, words, platform = (
        one[field] for field in OF_LIST
    )
    pipe, state, words = (pipe, state, words) if pipe and not pipe_archived else ("", "", "")
    sent = PLATFORMS[platform].is_sent
    return ListFacts(name, members, lifecycle, stopped, archived is not None, pipe, state, words, sent)


def _version(one: dict[str, Any], asked: Mapping[int, str]) -> VersionFacts:
    told = {name: one[f"version__{name}"] for name in VERSION}
    return VersionFacts(**told, asked=asked.get(one["version__pk"], ""))


def _row(found: list[dict[str, Any]], asked: Mapping[int, str], today: date) -> Row:
    versions = {one["version__state"]: _version(one, asked) for one in found}
    current, draft = versions.get(Definition.State.CURRENT), versions.get(Definition.State.DRAFT)
    approved = versions.get(Definition.State.APPROVED)
    one, newest, lists = found[0], current or approved or draft, _lists(found)
    assert newest is not None
    size_at = one["segment__size_at"]
    facts = Facts(
        archived=one["archived_at"] is not None,
        owner=one["owner__full_name"],
        owner_active=one["owner__is_active"],
        segment=f"{one['segment__name']} ({one['segment__number']})",
        segment_gone=one["segment__gone_at"] is not None,
        fingerprint=one["segment__fingerprint"],
        current=current,
        draft=draft,
        lists=lists,
        approved=approved,
    )
    return Row(
        slug=one["slug"],
        address=address(one["slug"]),
        name=one["name"],
        purpose=Purpose(newest.purpose).label,
        size=one["segment__size"],
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
