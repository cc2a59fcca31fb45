"""Loads what happened to lists since each was last on target: what its causes are looked for in."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db.models import Max, Q
from django.utils import timezone

from audiences.models import Definition
from audiences.models.workspace import CheckState
from audiences.segment_changes import EDITED
from audiences.terms import joined
from muster.models import Event
from syncs.models import Run, Slot
from syncs.states import RunState

from . import moves, sent, uploads
from .bands import known
from .case import Fell, Happened, Moved
from .coverage import falls
from .late import late_by
from .look import Uploads
from .markers import MAPPING, NAMES
from .models import ReadAccess
from .moves import Moves
from .readiness import Word
from .span import Span
from .weighing import WEEK

USED: Final = "put into use "
BROKEN_OFF: Final = (RunState.FAILED, RunState.LOST)
EXCLUSION: Final = "exclusion_unavailable"


class Happenings:
    """Everything that was noted of these lists, loaded at once: eleven queries, however many lists."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self.spans = spans
        self.ids = [one.list.pk for one in spans]
        self.first = min(one.start for one in spans)
        self.until = max(one.until for one in spans)
        self.definitions = self._definitions()
        self.moved = moves.between({one.list.pk: (one.start, one.counted_at) for one in spans})
        self.month = moves.between(
            {
                one.list.pk: (first.as_of, one.counted_at)
                for one in spans
                if (first := one.past.month_ago) and first.as_of
            }
        )
        self.later = moves.between({one.list.pk: (one.counted_at, one.read_at) for one in spans})
        self.after = moves.between({one.list.pk: (one.counted_at, one.until) for one in spans})
        self.since_changed = moves.between(
            {
                one.list.pk: (look.changed_at, one.read_at)
                for one in spans
                if (look := one.found.look) and look.changed_at
            }
        )
        self.edited, self.used = self._segments()
        self.noted = self._noted()
        self.failed = self._times(Run.objects.of_lists().filter(state__in=BROKEN_OFF), "activation", "finished_at")
        self.missed = self._times(Slot.objects.filter(state=Slot.State.MISSED), "schedule__activation", "due")
        self.access = {one.destination_id: one for one in self._access()}
        self.sent = self._portions()
        self.uploads = uploads.between(
            {one.list.pk: (one.start, look.at) for one in spans if (look := one.found.look) and one.start < look.at}
        )
        self.whole = self._whole()

    def of(self, span: Span) -> Happened:
        """Return what happened to one of the lists."""
        look, moved, later = span.found.look, self._moved(span), self.later.get(span.list.pk, Moves())
        before = span.past.last_on_target
        word, gone = span.found.readiness.word, bool(look and look.is_gone)
        uploaded = self.uploads.get(span.list.pk)
        return Happened(
            segment_edited=self._is_edited(span),
            **self._versions(span),
            exclusion_unread=_exclusion_unread(span.upper.run),
            **self._connections(span),
            coverage=self._fell(span),
            failed_runs=_within(self.failed, span),
            missed_slots=_within(self.missed, span),
            key_refused=_key_refused(span.upper.run),
            unreadable=self._unreadable(span),
            list_gone=gone,
            blocked=span.found.readiness.what if word == Word.BLOCKED and not gone else "",
            too_small=word == Word.TOO_SMALL,
            additions=moved.additions,
            removals=moved.removals,
            later=(later.additions, later.removals),
            size_before=known(before.size_low, before.size_high) if before else None,
            month=self._month(span),
            **self._stalled(span),
            settles_in=span.settles,
            received=uploaded.received if uploaded else None,
            invalid=uploaded.invalid if uploaded else None,
            late_by=late_by(look, word, span.settles, later.first, self.since_changed.get(span.list.pk, Moves()).first),
            life_untold=sent.untold(span.list, look),
            own_rate=bool(span.found.rate and span.found.rate.own),
        )

    def definition_of(self, span: Span) -> Definition | None:
        """Return the version that was in use at the end."""
        used = [one for one in self._versions_of(span) if one.promoted_at and one.promoted_at < span.until]
        return used[-1] if used else None

    def sent_of(self, span: Span) -> list[tuple[datetime, int]]:
        """Return the people of a list by when each part of it was last sent."""
        members = span.upper.held.members if span.upper.held else 0
        return sent.shares(self.sent.get(span.list.pk, ()), members)

    def after_counting(self, span: Span) -> Moves:
        """Return what was accepted since the destination counted, as far as the ladder has it."""
        return self.after.get(span.list.pk, Moves())

    def _moved(self, span: Span) -> Moves:
        return self.moved.get(span.list.pk, Moves())

    def _month(self, span: Span) -> Moved | None:
        """Return what was moved over a few weeks: what goes wrong a little every week shows in them together."""
        first, moved = span.past.month_ago, self.month.get(span.list.pk)
        size = known(first.size_low, first.size_high) if first else None
        return Moved(moved.additions, moved.removals, size) if moved and size else None

    def _versions_of(self, span: Span) -> Sequence[Definition]:
        return self.definitions.get(span.list.audience_id, ())

    def _definitions(self) -> Mapping[int, list[Definition]]:
        audiences = {one.list.audience_id for one in self.spans}
        used = Definition.objects.filter(audience__in=audiences, promoted_at__isnull=False).defer("conditions", "logic")
        found: dict[int, list[Definition]] = {}
        for one in used.order_by("promoted_at", "pk"):
            found.setdefault(one.audience_id, []).append(one)
        return found

    def _segments(self) -> tuple[dict[int, datetime], dict[int, datetime]]:
        """Return by audience when its segment was last seen edited, and when a version was last put into use."""
        told = Event.objects.filter(audience_id__in={one.list.audience_id for one in self.spans}, at__lt=self.until)
        told = told.filter(Q(verb=EDITED) | Q(verb__startswith=USED)).order_by()
        edited: dict[int, datetime] = {}
        used: dict[int, datetime] = {}
        for audience, verb, at in told.values_list("audience_id", "verb").annotate(newest=Max("at")):
            into = edited if verb == EDITED else used
            into[audience] = max(at, into.get(audience, at))
        return edited, used

    def _is_edited(self, span: Span) -> bool:
        """Whether the segment was edited and no version has taken that over since, nor the segment been restored."""
        at = self.edited.get(span.list.audience_id)
        if at is None or at < self.used.get(span.list.audience_id, at):
            return False
        used, segment = self.definition_of(span), span.list.audience.segment
        is_restored = bool(used and used.fingerprint and used.fingerprint == segment.fingerprint)
        return at > span.start or not is_restored

    def _versions(self, span: Span) -> dict[str, Any]:
        """Return which version took the place of which, and which identifiers of which."""
        versions = [one for one in self._versions_of(span) if one.promoted_at and one.promoted_at < span.until]
        found: dict[str, Any] = {}
        if len(versions) > 1 and (newest := versions[-1].promoted_at) and newest > span.start:
            found["version"] = (versions[-2].number, versions[-1].number)
        for one in versions:
            switch = one.switch(one.switch_from)
            on = switch.starts if switch else None
            began = on or timezone.localdate(one.promoted_at)
            if switch and timezone.localdate(span.start) <= began <= _last_day(span):
                found["identifiers"] = (_named(switch.before), _named(switch.after))
        return found

    def _noted(self) -> list[tuple[str, str, dict[str, Any], datetime]]:
        pipes = {str(one.list.pipe_id) for one in self.spans}
        places = {str(one.list.destination_id) for one in self.spans}
        told = Q(kind="pipe", object_id__in=pipes) | Q(kind="destination", object_id__in=places)
        rows = Event.objects.filter(told, at__gt=self.first, at__lt=self.until).order_by("at", "pk")
        return list(rows.values_list("kind", "object_id", "detail", "at"))

    def _connections(self, span: Span) -> dict[str, Any]:
        """Return what of the way to the destination was changed: mapping, pipe, credentials."""
        place, pipe = str(span.list.destination_id), str(span.list.pipe_id)
        mine = [one for one in self.noted if span.start < one[3] < span.until]
        changed = {kind: set[str]() for kind in ("destination", "pipe")}
        for kind, number, detail, _ in mine:
            if number == (place if kind == "destination" else pipe) and isinstance(detail.get("changed"), list):
                changed[kind] |= set(map(str, detail["changed"]))
        keys = {detail.get("key") for kind, number, detail, _ in mine if kind == "pipe" and number == pipe}
        return {
            "mapping_changed": bool(changed["destination"] & MAPPING),
            "pipe_changed": "data_plane_url" in changed["pipe"] or self._has_other_pipe(span),
            "credentials_changed": bool(keys & {"replaced", "taken out"}),
        }

    def _has_other_pipe(self, span: Span) -> bool:
        versions = [one for one in self._versions_of(span) if one.promoted_at and one.promoted_at < span.until]
        if len(versions) < 2 or versions[-1].promoted_at is None or versions[-1].promoted_at <= span.start:
            return False
        place = str(span.list.destination_id)
        before, now = (one.routes.get(place, {}).get("pipe") for one in versions[-2:])
        return before is not None and before != now

    def _fell(self, span: Span) -> tuple[Fell, ...]:
        first, last = timezone.localdate(span.start), _last_day(span)
        used = self.definition_of(span)
        sent = set(used.identifiers_on(last)) if used else set()
        days = [day for day in span.past.days if first - 2 * WEEK <= day.on <= last]
        known_falls = [fall for fall in falls(days) if fall.on > first and fall.identifier in sent]
        return tuple(Fell(one.identifier, one.points, one.was, one.now) for one in known_falls)

    def _stalled(self, span: Span) -> dict[str, Any]:
        """Return when changes were sent and when the list changed, where the oldest of them should long be there."""
        look, moved = span.found.look, self.since_changed.get(span.list.pk)
        if look is None or look.changed_at is None or moved is None or not moved.first or not moved.newest:
            return {}
        if span.read_at - moved.first <= span.settles:
            return {}
        return {"sent_at": span.read_at, "changed_at": look.changed_at}

    def _whole(self) -> dict[int, Uploads]:
        """Return what the sessions of runs that sent everybody took in, where sessions were read before them."""
        known = {one.list.pk: look.at for one in self.spans if one.upper.is_whole and (look := one.found.look)}
        runs = {one.list.pk: one.upper.run for one in self.spans if one.list.pk in known}
        before = uploads.looks_before({pk: run.planned_at for pk, run in runs.items() if run and run.planned_at})
        return uploads.between({pk: (at, known[pk]) for pk, at in before.items()})

    def _times(self, rows: Any, name: str, at: str) -> dict[int, list[datetime]]:
        wanted = rows.filter(**{f"{name}__in": self.ids, f"{at}__gt": self.first, f"{at}__lt": self.until})
        found: dict[int, list[datetime]] = {}
        for pk, when in wanted.values_list(name, at):
            found.setdefault(pk, []).append(when)
        return found

    def _access(self) -> Sequence[ReadAccess]:
        places = {one.list.destination_id for one in self.spans}
        return list(ReadAccess.objects.filter(destination__in=places, archived_at=None).defer("secret"))

    def _unreadable(self, span: Span) -> str:
        access = self.access.get(span.list.destination_id)
        if access is None or not access.failing_since or access.check_state == CheckState.WORKING:
            return ""
        return access.check_words if access.failing_since < span.until else ""

    def _portions(self) -> dict[int, list[sent.Part]]:
        looks = {one.list.pk: one.found.look for one in self.spans}
        known = [one.list for one in self.spans if sent.life_of(one.list, looks[one.list.pk])]
        return sent.when(known, [one for one in known if sent.untold(one, looks[one.pk])], self.until)


def _within(times: Mapping[int, Sequence[datetime]], span: Span) -> int:
    return sum(span.start < at < span.until for at in times.get(span.list.pk, ()))


def _last_day(span: Span) -> date:
    return timezone.localdate(span.until - timedelta(microseconds=1))


def _named(identifiers: Sequence[str]) -> str:
    return joined([NAMES[one] for one in identifiers])


def _exclusion_unread(run: Run | None) -> bool:
    if run is None:
        return False
    return bool(run.left_out.get(EXCLUSION)) or EXCLUSION in {said.get("why") for said in run.verdict.values()}


def _key_refused(run: Run | None) -> bool:
    """Whether RudderStack refused the key: a refusal of Customer.io's ends a run before it plans."""
    return bool(run and run.state == RunState.FAILED and run.reason == "bad_credentials")
