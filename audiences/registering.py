"""Registers audiences and edits the drafts of their definitions. Each step writes one event."""

from collections.abc import Iterable, Mapping
from copy import copy
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone
from django.utils.text import slugify

from muster import audit
from muster.models import Person

from . import activating
from .conditions import sentences
from .defaults import clauses_for
from .definition import clauses, differences
from .models import ApprovalRequest, Audience, Definition, Segment
from .models.definition import Locked
from .switch import DAYS
from .terms_of import terms_of

RESERVED_SLUGS = frozenset({"all", "count", "register"})


class EditedMeanwhile(Exception):
    """Somebody saved the draft after it was opened; `stored` is what they saved."""

    def __init__(self, stored: Definition) -> None:
        who = stored.edited_by.full_name if stored.edited_by else "Somebody"
        super().__init__(f"{who} saved this draft while you had it open.")
        self.stored = stored


class Incomplete(Exception):
    """The version cannot be approved or promoted yet; `sentences` say what is missing."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__(" ".join(sentences))
        self.sentences = sentences


class NameTaken(Exception):
    """Another audience got this name since the form was checked."""

    def __init__(self) -> None:
        super().__init__("Another audience has this name. Choose one that tells them apart.")


class NotPossible(Exception):
    """What was asked for does not fit the state of the audience; the text says why and what to do."""


def register(
    *,
    segment: Segment,
    name: str,
    purpose: str,
    owner: Person,
    by: Person,
    at: datetime,
    checker: Person | None = None,
    filled: Mapping[str, object] | None = None,
) -> Audience:
    """Create an audience with the first draft of its definition, filled with the purpose's defaults, and return it.

    `filled` are fields of the draft that its use case knows better. Raises NameTaken.
    """
    with transaction.atomic():
        audience = Audience(
            slug=free_slug(name), name=name, segment=segment, owner=owner, drift_checker=checker, created_by=by
        )
        _save_named(audience)
        today = timezone.localdate(at)
        draft = Definition(audience=audience, number=1, purpose=purpose, edited_by=by, edited_at=at)
        for field, value in {**clauses_for(purpose, segment, today), **(filled or {})}.items():
            setattr(draft, field, value)
        adopt_logic(draft)
        draft.lacking = lacking(draft, at)
        draft.save()
        audit.record(
            verb="registered",
            subject=audience,
            by=by,
            detail={"segment": str(segment), "purpose": purpose, "owner": owner.full_name},
            audience_id=audience.pk,
            at=at,
        )
    return audience


def _save_named(audience: Audience, fields: Iterable[str] | None = None) -> None:
    try:
        with transaction.atomic():
            audience.save(update_fields=fields)
    except IntegrityError:
        if not Audience.objects.filter(name=audience.name).exclude(pk=audience.pk).exists():
            raise
        raise NameTaken from None


def free_slug(name: str) -> str:
    """Return an address for the name that no audience has yet."""
    stem = slugify(name)[:60].strip("-") or "audience"
    taken = set(Audience.objects.filter(slug__startswith=stem).values_list("slug", flat=True)) | RESERVED_SLUGS
    numbered = (f"{stem}-{number}" for number in range(2, len(taken) + 3))
    return stem if stem not in taken else next(slug for slug in numbered if slug not in taken)


def adopt_logic(draft: Definition) -> None:
    """Take over the segment's conditions as they are now; without any, what a person typed stays."""
    segment = draft.audience.segment
    draft.conditions, draft.fingerprint = segment.conditions, segment.fingerprint
    if segment.conditions:
        draft.logic = "\n".join(sentences(segment.conditions))


def lacking(draft: Definition, at: datetime) -> list[str]:
    """Return the labels of the clauses that still lack something."""
    return [clause.label for clause in clauses(terms_of(draft), timezone.localdate(at)) if clause.missing]


def save_draft(edited: Definition, *, revision: int, by: Person, at: datetime) -> list[str]:
    """Save an edited draft and its audience, and return the labels of what changed; nothing changed, nothing written.

    `revision` is the one that the person saw. Raises EditedMeanwhile, Locked when it was approved meanwhile, and NameTaken.
    """
    with transaction.atomic():
        stored = seen_draft(edited, revision)
        activating.hold_pipes(edited)
        adopt_logic(edited)
        changed = [one.label for one in differences(terms_of(stored), terms_of(edited))[0]]
        changed += ["Name"] if stored.audience.name != edited.audience.name else []
        edited.revision, edited.edited_by, edited.edited_at = revision + 1, by, at
        edited.lacking = lacking(edited, at)
        if not changed and edited.lacking == stored.lacking:
            return []
        edited.save()
        if changed:
            _void_request(edited, by, at)
        _save_named(edited.audience, ["name", "owner", "drift_checker"])
        activating.follow(edited)
        audit.record(
            verb=f"edited v{edited.number} of",
            subject=edited.audience,
            by=by,
            detail={"changed": changed},
            audience_id=edited.audience_id,
            at=at,
        )
    return changed


def _void_request(edited: Definition, by: Person, at: datetime) -> None:
    """Who was asked to approve was asked for what the draft said before."""
    waiting = edited.approval_requests.filter(state=ApprovalRequest.State.WAITING)
    waiting.update(state=ApprovalRequest.State.VOID, decided_by=by, decided_at=at)


def seen_draft(draft: Definition, revision: int | None) -> Definition:
    """Return the stored draft, its row locked. Raises Locked, NotPossible when it is gone, EditedMeanwhile."""
    stored = (
        Definition.objects.select_for_update(of=("self",))
        .select_related("audience__segment__workspace", "audience__owner", "audience__drift_checker", "edited_by")
        .filter(pk=draft.pk)
        .first()
    )
    if stored is None:
        raise NotPossible("This draft was discarded meanwhile. Nothing was saved.")
    if stored.state != Definition.State.DRAFT:
        raise Locked(f"v{stored.number} was approved meanwhile. Nothing was saved; edit makes v{stored.number + 1}.")
    if revision is not None and stored.revision != revision:
        raise EditedMeanwhile(stored)
    return stored


def revise(audience: Audience, *, reason: str, by: Person, at: datetime) -> Definition:
    """Make the next draft as a copy of the approved version, else of the current one, and return it. Raises NotPossible."""
    with transaction.atomic():
        Audience.objects.select_for_update().get(pk=audience.pk)
        source = newest_locked(audience)
        if audience.archived_at:
            raise NotPossible("The audience is retired, so nothing was changed. Register its segment anew instead.")
        if source is None:
            raise NotPossible("There is no approved version to start from. Have the draft approved first.")
        if draft := audience.definitions.filter(state=Definition.State.DRAFT).first():
            raise NotPossible(f"v{draft.number} is being edited already. Go on with that one.")
        draft = copy(source)
        draft._state = type(source._state)()
        draft.pk, draft.number, draft.revision = None, _next_number(audience), 1
        draft.state, draft.reason = Definition.State.DRAFT, reason
        draft.switch_on, draft.switch_days, draft.switch_from, draft.switched_back_at = None, DAYS, [], None
        draft.approved_by = draft.approved_at = draft.promoted_by = draft.promoted_at = None
        draft.edited_by, draft.edited_at = by, at
        adopt_logic(draft)
        draft.lacking = lacking(draft, at)
        draft.save()
        audit.record(
            verb=f"began v{draft.number} of",
            subject=audience,
            by=by,
            reason=reason,
            audience_id=audience.pk,
            at=at,
        )
    return draft


def newest_locked(audience: Audience) -> Definition | None:
    """Return the version that the next draft starts from."""
    locked = (Definition.State.APPROVED, Definition.State.CURRENT)
    return audience.definitions.filter(state__in=locked).order_by("-number").first()


def _next_number(audience: Audience) -> int:
    newest = audience.definitions.order_by("-number").first()
    return newest.number + 1 if newest else 1


def discard(draft: Definition, *, by: Person, at: datetime) -> bool:
    """Throw a draft away and return whether its audience stays; an audience that was never approved goes with it.

    Raises Locked and NotPossible.
    """
    with transaction.atomic():
        stored = seen_draft(draft, None)
        audience = stored.audience
        stays = audience.definitions.exclude(pk=stored.pk).exists()
        audit.record(
            verb=f"discarded v{stored.number} of",
            subject=audience,
            by=by,
            detail={"audience_stays": stays},
            audience_id=audience.pk,
            at=at,
        )
        stored.delete()
        in_use = audience.definitions.filter(state__in=[Definition.State.APPROVED, Definition.State.CURRENT])
        kept = {place for version in in_use for place in version.destinations}
        for left in audience.activations.filter(lifecycle="draft").exclude(destination__in=kept):
            activating.take_off(left)
        if not stays:
            _throw_away(audience)
    return stays


def _throw_away(audience: Audience) -> None:
    """Delete an audience that was never approved. Raises NotPossible when something that is kept names it, like a pause."""
    try:
        audience.delete()
    except ProtectedError:
        raise NotPossible(
            f"Nothing was discarded: {audience} was paused, and who paused it stays on record. Retire it instead."
        ) from None
