"""Writes the suppression policy of an ad account: requires a suppression, changes it, takes it off, requires it again."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from muster import audit
from muster.models import Person

from .cohorts import COHORTS
from .models import Audience, CoreCohort, Definition, Destination, Purpose, RequiredSuppression
from .policy import BASIS, Known, Said, Suggestion, suggestions
from .use_cases import CASES

FIELDS = ("label", "cohort", "audience", "target_minutes", "basis", "first_spend")


class RequiredAlready(Exception):
    """The account requires a suppression of this name already."""

    def __init__(self, label: str) -> None:
        super().__init__(f"This account requires “{label}” already. Change that line, or give this one another name.")


class TakenOff(Exception):
    """The line was taken off the policy meanwhile."""

    def __init__(self) -> None:
        super().__init__("Somebody took this line off the policy meanwhile. Nothing was changed.")


def require(line: RequiredSuppression, *, by: Person, at: datetime) -> RequiredSuppression:
    """Put a new line on the policy of its account and return it. Raises RequiredAlready."""
    line.by, line.at = by, at
    with transaction.atomic():
        _save(line)
        _note("requires", line, by, at, now=said(line).sentences)
    return line


def change(line: RequiredSuppression, *, by: Person, at: datetime) -> bool:
    """Save what was edited of a line and return whether anything changed. Raises RequiredAlready, TakenOff."""
    with transaction.atomic():
        before = _standing(line)
        if all(getattr(before, name) == getattr(line, name) for name in FIELDS):
            return False
        _save(line, FIELDS)
        was, now = said(before).sentences, said(line).sentences
        _note("changed what is required of", line, by, at, was=_only(was, now), now=_only(now, was))
    return True


def take_off(line: RequiredSuppression, *, reason: str, by: Person, at: datetime) -> None:
    """End a line; its row and what was counted of it stay. Raises TakenOff."""
    with transaction.atomic():
        found = _standing(line)
        found.ended_at, found.ended_by = at, by
        found.save(update_fields=["ended_at", "ended_by"])
        _note("no longer requires", found, by, at, reason=reason, was=said(found).sentences)


def require_again(ended: RequiredSuppression, *, by: Person, at: datetime) -> RequiredSuppression:
    """Put a line that was taken off on the policy anew, as it was, and return the new one. Raises RequiredAlready."""
    values = {name: getattr(ended, name) for name in FIELDS}
    return require(RequiredSuppression(destination=ended.destination, **values), by=by, at=at)


def require_suggested(
    place: Destination, keys: Sequence[str], *, by: Person, at: datetime
) -> list[RequiredSuppression]:
    """Put suggested lines on the policy, by their keys, and return those that were not there yet."""
    offered = {one.key: one for one in suggested(place)}
    return [require(_from(place, offered[key]), by=by, at=at) for key in dict.fromkeys(keys) if key in offered]


def suggested(place: Destination) -> list[Suggestion]:
    """Return what this account may want to require besides what it does."""
    return lacking(place.required_suppressions.filter(ended_at=None), suppression_audiences())


def lacking(lines: Iterable[RequiredSuppression], known: Sequence[Known]) -> list[Suggestion]:
    """Return what may be required besides these lines of an account; `known` are the suppression audiences."""
    there = [(one.cohort, one.audience_id) for one in lines]
    return suggestions(known, {cohort for cohort, _ in there if cohort}, {one for _, one in there if one})


def suppression_audiences() -> list[Known]:
    """Return the audiences that keep people away from ads, by the version in use or else the newest. Two queries."""
    versions = Definition.objects.filter(audience__archived_at=None).select_related("audience")
    kept = ("number", "state", "purpose", "use_case", "freshness_minutes", "audience__name", "audience__segment")
    newest: dict[int, Definition] = {}
    for one in versions.only(*kept).order_by("audience__name", "number"):
        known = newest.get(one.audience_id)
        if known is None or known.state != Definition.State.CURRENT:
            newest[one.audience_id] = one
    chosen = dict(CoreCohort.objects.values_list("segment", "key"))
    return [
        Known(one.audience_id, one.audience.name, _cohort_of(one, chosen), one.freshness_minutes)
        for one in newest.values()
        if one.purpose == Purpose.SUPPRESS
    ]


def fulfilling() -> list[int]:
    """Return the audiences that can fulfil a line of the policy."""
    return [one.key for one in suppression_audiences()]


def said(line: RequiredSuppression) -> Said:
    """Return a line as values."""
    audience = line.audience.name if line.audience else ""
    return Said(line.label, audience, line.target_minutes, line.basis, line.first_spend)


def _cohort_of(version: Definition, chosen: dict[int, str]) -> str:
    case = CASES.get(version.use_case)
    key = chosen.get(version.audience.segment_id) or (case.cohort if case else "")
    return key if key in COHORTS else ""


def _from(place: Destination, one: Suggestion) -> RequiredSuppression:
    audience = Audience.objects.filter(pk=one.audience).first()
    return RequiredSuppression(
        destination=place,
        label=one.label,
        cohort=one.cohort,
        audience=audience,
        target_minutes=one.target_minutes,
        basis=BASIS,
    )


def _standing(line: RequiredSuppression) -> RequiredSuppression:
    """Return the stored line, its row locked. Raises TakenOff."""
    rows = RequiredSuppression.objects.select_for_update(of=("self",)).select_related("audience", "destination")
    found = rows.filter(pk=line.pk, ended_at=None).first()
    if found is None:
        raise TakenOff
    return found


def _save(line: RequiredSuppression, fields: Sequence[str] | None = None) -> None:
    try:
        with transaction.atomic():
            line.save(update_fields=fields)
    except IntegrityError:
        others = RequiredSuppression.objects.filter(destination=line.destination_id, label=line.label, ended_at=None)
        if not others.exclude(pk=line.pk).exists():
            raise
        raise RequiredAlready(line.label) from None


def _only(these: Sequence[str], those: Sequence[str]) -> list[str]:
    return [one for one in these if one not in those]


def _note(
    verb: str,
    line: RequiredSuppression,
    by: Person,
    at: datetime,
    *,
    reason: str = "",
    was: Sequence[str] = (),
    now: Sequence[str] = (),
) -> None:
    detail = {"was": list(was), "now": list(now)}
    audit.record(verb=verb, subject=line, by=by, reason=reason, detail=detail, audience_id=line.audience_id, at=at)
