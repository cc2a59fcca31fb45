"""Asks a second person to approve a draft, and takes the answer. A request is about one content, and lives 3 working days."""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from muster import audit
from muster.access import Permission, Role, can, who_can
from muster.models import Installation, Person

from . import activating, working_days
from .content_hash import content_hash
from .definition import missing
from .models import ApprovalRequest, Audience, Definition
from .registering import Incomplete, NotPossible, seen_draft
from .terms import joined
from .terms_of import terms_of

WORKING_DAYS: Final = 3
SHOWN: Final = (
    *("asked_at", "until", "words", "state", "asked_by__full_name", "asked_of__full_name"),
    *("definition__number", "definition__purpose", "definition__edited_by"),
    *("definition__audience__slug", "definition__audience__name"),
)
State = ApprovalRequest.State


class NeedsSomebodyElse(Exception):
    """Whoever tried may not decide about this; the text says why, and whom to ask."""


def approvers(draft: Definition, asked_by: Person) -> list[Person]:
    """Return who may approve a draft when this person asks: not who asks and not the last editor. By name."""
    return [one for one in who_can(Permission.APPROVE) if one.pk not in {asked_by.pk, draft.edited_by_id}]


def nobody_else() -> str:
    """Return whom to have invited where nobody else may approve."""
    inviters = joined((one.full_name for one in who_can(Permission.MANAGE_PEOPLE)), "or")
    return (
        "A second person has to approve it, and nobody else here may: neither who asks nor the last editor counts. "
        f"Ask {inviters or 'an administrator'} to invite a manager, or ask a manager to name a deputy in their profile."
    )


def refusal(request: ApprovalRequest, person: Person) -> str:
    """Return why this person may not decide about a request and whom to ask, or an empty text."""
    if person.pk == request.asked_by_id:
        why = "You asked for this approval, so somebody else decides."
    elif person.pk == request.definition.edited_by_id:
        why = "You edited this draft last, so somebody else decides."
    elif not can(person, Permission.APPROVE):
        why = "Approving takes a manager, or a manager's deputy."
    else:
        return ""
    names = joined((one.full_name for one in approvers(request.definition, request.asked_by)), "or")
    return f"{why} Ask {names}." if names else f"{why} {nobody_else()}"


def ask(
    draft: Definition, *, of: Person, by: Person, at: datetime, revision: int | None = None, words: str = ""
) -> ApprovalRequest:
    """Ask one approver to approve a complete draft, and return the request; everybody who may approve can answer it.

    Raises Incomplete, EditedMeanwhile, Locked, NotPossible, and NeedsSomebodyElse when `of` may not approve this draft.
    """
    with transaction.atomic():
        Audience.objects.select_for_update().get(pk=draft.audience_id)
        stored = seen_draft(draft, revision)
        if obstacles := obstacles_of(stored, at):
            raise Incomplete(obstacles)
        if open_request := stored.approval_requests.waiting(at).select_related("asked_by", "asked_of").first():
            raise NotPossible(
                f"{open_request.asked_by} asked {open_request.asked_of} already. Nobody was asked twice. Withdraw that "
                "request first to ask somebody else."
            )
        if of not in approvers(stored, by):
            raise NeedsSomebodyElse(f"{of} may not approve this draft. Choose somebody else. {_names(stored, by)}")
        stored.approval_requests.filter(state=State.WAITING).update(state=State.LAPSED)
        zone = ZoneInfo(Installation.current().time_zone)
        made = ApprovalRequest.objects.create(
            definition=stored,
            content_hash=content_hash(stored),
            asked_by=by,
            asked_of=of,
            asked_at=at,
            until=working_days.after(at, WORKING_DAYS, zone),
            words=words,
        )
        detail = {"asked": of.full_name, "content": made.content_hash[:12]}
        _note("asked to approve", stored, by, at, words, detail)
    return made


def _names(draft: Definition, by: Person) -> str:
    names = joined((one.full_name for one in approvers(draft, by)), "or")
    return f"{names} may." if names else nobody_else()


def withdraw(request: ApprovalRequest, *, by: Person, at: datetime) -> None:
    """Take a request back. Raises NotPossible when it no longer waits."""
    with transaction.atomic():
        found = _waiting(request, at)
        _decide(found, State.WITHDRAWN, by, at, "")
        _note("no longer asks to approve", found.definition, by, at)


def decline(request: ApprovalRequest, *, by: Person, at: datetime, words: str) -> None:
    """Say no, and why; the draft stays a draft. Raises NotPossible, NeedsSomebodyElse."""
    with transaction.atomic():
        found = _decidable(request, by, at)
        _decide(found, State.DECLINED, by, at, words)
        _note("declined", found.definition, by, at, words, {"asked by": found.asked_by.full_name})


def approve(request: ApprovalRequest, *, by: Person, at: datetime, words: str = "") -> Definition:
    """Lock the draft for good, exactly as it was when it was asked for, and return it; nothing is sent by that.

    An approved version before it that was never promoted becomes past. Raises NotPossible, NeedsSomebodyElse, Incomplete.
    """
    with transaction.atomic():
        Audience.objects.select_for_update().get(pk=request.definition.audience_id)
        found = _decidable(request, by, at)
        draft = found.definition
        activating.hold_pipes(draft)
        if content_hash(draft) != found.content_hash:
            raise NotPossible(
                f"v{draft.number} no longer says what {found.asked_by} asked for, so it was not approved. "
                f"Ask {found.asked_by} to ask again."
            )
        if obstacles := obstacles_of(draft, at):
            raise Incomplete(obstacles)
        _decide(found, State.APPROVED, by, at, words)
        versions = draft.audience.definitions
        versions.filter(state=Definition.State.APPROVED).update(state=Definition.State.PAST)
        versions.filter(pk=draft.pk).update(state=Definition.State.APPROVED, approved_by=by, approved_at=at, lacking=[])
        activating.open_pilots(draft)
        detail = {"content": found.content_hash[:12], "asked by": found.asked_by.full_name}
        detail |= {"for": found.decided_for.full_name} if found.decided_for else {}
        _note("approved", draft, by, at, words, detail)
    return Definition.objects.select_related("audience").get(pk=draft.pk)


def obstacles_of(version: Definition, at: datetime) -> list[str]:
    """Return a sentence for each thing that keeps a version from being approved or promoted now."""
    if version.audience.archived_at:
        return ["The audience is retired."]
    if version.fingerprint != version.audience.segment.fingerprint:
        do = "Save the draft again, read what the segment says now, then ask"
        if version.is_locked:
            do = "Change the segment back, or make the next version"
        return [f"The segment was changed in Customer.io after v{version.number} was saved. {do}."]
    return missing(terms_of(version), timezone.localdate(at))


def _waiting(request: ApprovalRequest, at: datetime) -> ApprovalRequest:
    """Return the stored request with its draft, both locked. Raises NotPossible when it no longer waits."""
    around = ("definition__audience__segment__workspace", "definition__audience__owner", "asked_by", "decided_by")
    found = (
        ApprovalRequest.objects.select_for_update(of=("self",)).select_related(*around).filter(pk=request.pk).first()
    )
    if found is None:
        raise NotPossible("There is no such request any more. Nothing was decided. Look at the audience's page again.")
    if found.state != State.WAITING:
        who = f" by {found.decided_by}" if found.decided_by else ""
        ends = {State.VOID: f"The draft was edited{who} after it was asked for, which voids the request. Ask again."}
        ended = f"This request was {found.get_state_display().lower()}{who} already. Nothing was changed. "
        ended += "Look at the version's page: it says what comes next."
        raise NotPossible(ends.get(State(found.state), ended))
    if at >= found.until:
        raise NotPossible(f"This request lapsed after {WORKING_DAYS} working days. Ask {found.asked_by} to ask again.")
    return found


def _decidable(request: ApprovalRequest, by: Person, at: datetime) -> ApprovalRequest:
    found = _waiting(request, at)
    if words := refusal(found, by):
        raise NeedsSomebodyElse(words)
    return found


def _decide(request: ApprovalRequest, state: str, by: Person, at: datetime, words: str) -> None:
    request.state, request.decided_by, request.decided_at, request.decided_words = state, by, at, words
    request.decided_for = stood_in_for(by) if by.pk != request.asked_by_id else None
    request.save(update_fields=["state", "decided_by", "decided_for", "decided_at", "decided_words"])


def stood_in_for(by: Person) -> Person | None:
    """Return the approver for whom a deputy acts; None for who approves by role."""
    if by.role == Role.MANAGER:
        return None
    found: Person | None = by.deputy_of.filter(is_active=True, role=Role.MANAGER).order_by("full_name", "pk").first()
    return found


def open_requests() -> list[ApprovalRequest]:
    """Return every request without an answer, lapsed ones too."""
    return list(waiting_everywhere().all())


@lru_cache(maxsize=1)
def waiting_everywhere() -> QuerySet[ApprovalRequest]:
    """Return every request without an answer. Building the question takes longer than asking it, so it is kept."""
    found = ApprovalRequest.objects.filter(state=State.WAITING, definition__audience__archived_at=None)
    found = found.select_related("definition__audience", "asked_by", "asked_of").order_by("until", "pk")
    return found.only(*SHOWN)


def for_decision(requests: Iterable[ApprovalRequest], person: Person, at: datetime) -> list[ApprovalRequest]:
    """Return the requests that this person may decide, those that they were asked themselves first."""
    mine = [
        one
        for one in requests
        if one.is_waiting(at) and person.pk not in {one.asked_by_id, one.definition.edited_by_id}
    ]
    return (
        sorted(mine, key=lambda one: one.asked_of_id != person.pk) if mine and can(person, Permission.APPROVE) else []
    )


def waiting_for(person: Person, at: datetime) -> list[ApprovalRequest]:
    """Return the requests that wait for this person's decision."""
    return for_decision(open_requests(), person, at)


def _note(
    verb: str, version: Definition, by: Person, at: datetime, reason: str = "", detail: dict[str, str] | None = None
) -> None:
    audit.record(
        verb=f"{verb} v{version.number} of",
        subject=version.audience,
        by=by,
        reason=reason,
        detail=detail,
        audience_id=version.audience_id,
        at=at,
    )
