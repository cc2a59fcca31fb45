"""The list of audiences as the first page shows it: filtered, problems first, read in a fixed number of queries."""

from datetime import date
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import (
    Case,
    Exists,
    F,
    FilteredRelation,
    IntegerField,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Value,
    When,
)

from muster.figures import in_words
from muster.models import Person

from .approving import waiting_everywhere
from .models import Activation, ApprovalRequest, Audience, Definition, Lifecycle
from .models.workspace import CheckState
from .platforms import PLATFORMS

NEEDS, FINE, DRAFT = 0, 1, 2
BY_HAND = sorted(kind for kind, platform in PLATFORMS.items() if not platform.is_sent)
OWNERS = {"": "Everyone", "me": "Me", "left": "Somebody who left"}


def listed(
    today: date, *, text: str = "", owner: str = "", purpose: str = "", me: Person | None = None
) -> QuerySet[Audience, Audience]:
    """Return registered audiences: those that need somebody first, then those that are fine, then drafts, each by name."""
    found = _registered(today).all()  # a copy: the answers of the kept one would be kept too
    if text:
        found = found.filter(_naming(text))
    if owner == "me" and me:
        found = found.filter(Q(owner=me) | Q(drift_checker=me))
    if owner == "left":
        found = found.filter(owner__is_active=False)
    if purpose:
        told = Definition.objects.filter(audience=OuterRef("pk"), purpose=purpose)
        found = found.filter(Exists(told.exclude(state=Definition.State.PAST)))
    return found


def in_order(found: QuerySet[Audience, Audience]) -> list[tuple[int, int]]:
    """Return the ids of listed() audiences with their ranks: what a page needs to count them and to know which are on it."""
    return list(found.values_list("pk", "rank"))  # type: ignore[misc]


def everybody(today: date) -> tuple[list[tuple[int, int]], bool]:
    """Return in_order(listed(today)), and whether a request waits for an answer: one question, whose SQL is kept too."""
    with connection.cursor() as cursor:
        cursor.execute(*_everybody(today))
        found = cursor.fetchall()
    return [(audience, rank) for audience, rank, _ in found], bool(found and found[0][2])


def lede(needing: int, fine: int, drafts: int) -> str:
    """Return the sentence on top of the list."""
    said = [
        f"{in_words(needing)} {'needs' if needing == 1 else 'need'} somebody now" if needing else "",
        f"{in_words(fine)} {'is' if fine == 1 else 'are'} live" if fine else "",
        f"{in_words(drafts)} {'is a draft' if drafts == 1 else 'are drafts'}" if drafts else "",
    ]
    told = ", ".join(part for part in said if part)
    return f"{told[:1].upper()}{told[1:]}." if told else ""


def for_page(found: QuerySet[Audience, Audience]) -> QuerySet[Audience, Audience]:
    """Return the audiences with all their versions and lists, for a page about one."""
    asked = ApprovalRequest.objects.select_related("asked_by", "asked_of")
    versions = Definition.objects.select_related("edited_by", "approved_by", "promoted_by").order_by("-number")
    versions = versions.prefetch_related(Prefetch("approval_requests", asked))
    lists = Activation.objects.filter(kind=Activation.Kind.PRODUCTION).select_related("destination", "pipe")
    return found.select_related("segment__workspace", "owner", "drift_checker", "created_by").prefetch_related(
        Prefetch("definitions", versions), Prefetch("activations", lists.defer("pipe__write_key"))
    )


def _naming(text: str) -> Q:
    """Match the audience, its segment, its owner, or one of its lists."""
    lists = Activation.objects.filter(audience=OuterRef("pk")).filter(
        Q(destination__name__icontains=text) | Q(list_name__icontains=text)
    )
    named = Q(name__icontains=text) | Q(segment__name__icontains=text) | Q(owner__full_name__icontains=text)
    by_id: dict[str, Any] = {"segment__number": int(text)} if text.isdecimal() and len(text) < 18 else {}
    return named | Q(Exists(lists)) | (Q(**by_id) if by_id else Q())


@lru_cache(maxsize=1)
def _registered(today: date) -> QuerySet[Audience, Audience]:
    """Return every audience in order, to be filtered. Building the question takes longer than asking it, so it is kept."""
    current = FilteredRelation("definitions", condition=Q(definitions__state=Definition.State.CURRENT))
    found = Audience.objects.filter(archived_at=None).annotate(now=current, rank=_rank(today))
    return found.order_by("rank", "name", "pk")


@lru_cache(maxsize=1)
def _everybody(today: date) -> tuple[str, tuple[Any, ...]]:
    asked = Exists(waiting_everywhere().order_by())
    sql, params = _registered(today).annotate(asked=asked).values_list("pk", "rank", "asked").query.sql_with_params()
    return sql, tuple(params)


def _rank(today: date) -> Case:
    """Say the same as Facts.needs, for the database to sort by."""
    lists = Activation.objects.filter(audience=OuterRef("pk"), kind=Activation.Kind.PRODUCTION)
    broken = lists.exclude(lifecycle=Lifecycle.RETIRED).filter(
        ~Q(stopped_words="")
        | Q(destination__archived_at__isnull=False)
        | (Q(pipe=None) & ~Q(destination__platform__in=BY_HAND))
        | Q(pipe__archived_at__isnull=False)
        | Q(pipe__check_state=CheckState.REFUSED)
    )
    changed = ~Q(now__fingerprint="") & ~Q(segment__fingerprint="") & ~Q(now__fingerprint=F("segment__fingerprint"))
    return Case(
        When(now=None, then=Value(DRAFT)),
        When(Q(segment__gone_at__isnull=False) | Q(owner__is_active=False), then=Value(NEEDS)),
        When(Q(now__review_date__lte=today) | changed | Exists(broken), then=Value(NEEDS)),
        default=Value(FINE),
        output_field=IntegerField(),
    )
