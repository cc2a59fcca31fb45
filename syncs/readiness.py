"""Reads the evidence behind readiness: of many lists at once, in a fixed number of queries."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Max, Sum

from audiences import gate, gating
from audiences.checklist import Evidence, Protection, ReadBack
from audiences.models import Activation, Arrival, Definition, Lifecycle, Readiness
from audiences.platforms import Family
from audiences.terms import SUPPRESS, TARGETING
from muster.figures import span
from muster.models import Event

from . import freshness, schedule
from .freshness import with_freshness
from .models import Pull, Run, Schedule
from .states import ARRIVED, PullState

CHECKED = "checked the drift of"


class Evidences:
    """The evidence of these lists, by list."""

    def __init__(self, lists: Iterable[Activation], now: datetime) -> None:
        self.now = now
        pks = [one.pk for one in lists]
        shown = with_freshness(Activation.objects.filter(pk__in=pks)).defer("pipe__write_key")
        names = ("audience__segment", "audience__drift_checker", "destination", "pipe", "arrival")
        self.lists = list(shown.select_related(*names).order_by("audience__name", "destination__name"))
        whose = {one.audience_id for one in self.lists}
        self.definitions = self._definitions(whose)
        self.pulls = self._pulls({one.audience.segment_id for one in self.lists})
        self.pilots = self._pilots(whose)
        self.schedules = {one.activation_id: one for one in Schedule.objects.filter(activation__in=pks)}
        self.arrivals = self._arrivals()
        self.checks = self._checks(whose)
        self.protections = self._protections({one.destination_id for one in self.lists})
        self.required = gating.lines_at({one.destination_id for one in self.lists})

    @staticmethod
    def _definitions(whose: set[int]) -> dict[int, Definition]:
        # What comes later replaces what came before.
        states = [Definition.State.DRAFT, Definition.State.APPROVED, Definition.State.CURRENT]
        found = Definition.objects.filter(audience__in=whose, state__in=states).select_related("approved_by")
        in_order = sorted(found.defer("conditions", "logic"), key=lambda one: states.index(Definition.State(one.state)))
        return {one.audience_id: one for one in in_order}

    @staticmethod
    def _pulls(segments: set[int]) -> dict[int, Pull]:
        read = Pull.objects.filter(segment__in=segments, state=PullState.COMPLETE)
        newest = read.order_by().values("segment").annotate(newest=Max("pk")).values("newest")
        return {one.segment_id: one for one in Pull.objects.filter(pk__in=newest).defer("conditions")}

    @staticmethod
    def _pilots(whose: set[int]) -> dict[tuple[int, int], dict[str, Any]]:
        made = Activation.objects.filter(audience__in=whose, kind=Activation.Kind.PILOT)
        found: dict[tuple[int, int], dict[str, Any]] = {
            (one.audience_id, one.destination_id): {"pilot_at": one.created_at, "pk": one.pk} for one in made
        }
        runs = Run.objects.filter(activation__in=made, state__in=ARRIVED).exclude(kind=Run.Kind.DRY_RUN).order_by()
        told = runs.values("activation").annotate(
            at=Max("finished_at"), accepted=Max("accepted_adds"), removed=Sum("accepted_removes")
        )
        by_list = {row["activation"]: row for row in told}
        for one in found.values():
            if row := by_list.get(one["pk"]):
                one |= {"pilot_run_at": row["at"], "pilot_accepted": row["accepted"], "pilot_removed": row["removed"]}
        return found

    def _arrivals(self) -> dict[int, datetime]:
        runs = Run.objects.filter(activation__in=[one.pk for one in self.lists], state__in=ARRIVED)
        rows = runs.exclude(kind=Run.Kind.DRY_RUN).order_by().values("activation").annotate(at=Max("finished_at"))
        return {row["activation"]: row["at"] for row in rows}

    @staticmethod
    def _checks(whose: set[int]) -> dict[int, datetime]:
        made = Event.objects.filter(audience_id__in=whose, verb=CHECKED).order_by()
        rows = made.values("audience_id").annotate(newest=Max("at"))
        return {row["audience_id"]: row["newest"] for row in rows if row["audience_id"]}

    def _protections(self, places: set[int]) -> dict[int, list[Protection]]:
        """Return the live suppression lists of each account."""
        current = Definition.objects.filter(state=Definition.State.CURRENT, purpose=SUPPRESS).values("audience")
        used = Activation.objects.filter(
            destination__in=places,
            lifecycle=Lifecycle.LIVE,
            kind=Activation.Kind.PRODUCTION,
            audience__in=current,
            audience__archived_at=None,
        )
        found: dict[int, list[Protection]] = {}
        for one in with_freshness(used.select_related("audience").order_by("audience__name")):
            how = freshness.of(one, self.now)
            told = Protection(one.audience.name, how.read_at, how.tone in ("warn", "bad"))
            found.setdefault(one.destination_id, []).append(told)
        return found

    def of(self, one: Activation) -> Evidence:
        """Return the evidence of one of the lists; no query."""
        definition, pull = self.definitions.get(one.audience_id), self.pulls.get(one.audience.segment_id)
        pilot = {k: v for k, v in self.pilots.get((one.audience_id, one.destination_id), {}).items() if k != "pk"}
        spec, how = one.destination.spec, freshness.of(one, self.now)
        required = self.required.get(one.destination_id, [])
        return Evidence(
            ads=spec.family == Family.ADS,
            sent=spec.is_sent,
            takes=tuple(field.identifier for field in spec.fields),
            people=int(pull.counts.get("people", 0)) if pull else None,
            coverage={name: int(pull.counts[name]) for name in _asked(pull)} if pull else {},
            read_at=pull.finished_at if pull else None,
            arrived_at=self.arrivals.get(one.pk),
            read_back=_read_back(one, definition, self.now),
            newest_tone=how.tone,
            newest_words=how.words,
            protections=tuple(self.protections.get(one.destination_id, ())),
            required=len(required),
            not_in_place=tuple(lack.sentence for lack in gate.lacks(required)),
            checker=one.audience.drift_checker.full_name if one.audience.drift_checker else "",
            checked_at=self.checks.get(one.audience_id),
            **_of_definition(definition),
            **_of_pipe(one),
            **_of_schedule(self.schedules.get(one.pk)),
            **pilot,
        )


def _asked(pull: Pull) -> list[str]:
    """Return the identifiers that a reading asked for: what it did not ask for is not known, never 0."""
    return [name for name in ("email", "phone", "external_id") if name in pull.counts]


SETTLED = {Readiness.USABLE, Readiness.LOW_MATCH, Readiness.TOO_SMALL}


def _read_back(one: Activation, definition: Definition | None, now: datetime) -> ReadBack | None:
    """Return what the platform said last of a list, held against the match that its definition expects."""
    back: Arrival | None = getattr(one, "arrival", None)
    if back is None or back.as_of is None:
        return None
    low, high = (definition.match_low, definition.match_high) if definition else (None, None)
    within = None
    if back.rate_low is not None and back.rate_high is not None and low is not None and high is not None:
        within = back.rate_high >= low and back.rate_low <= high
    return ReadBack(
        platform=one.destination.spec.label,
        readiness=back.get_readiness_display(),
        words=back.words,
        told=back.told,
        settled=Readiness(back.readiness) in SETTLED,
        within=within,
        expected=f"{span(low, high)}%",
        at=back.as_of,
        stale=back.is_stale(now),
    )


def _of_definition(found: Definition | None) -> dict[str, Any]:
    if found is None:
        return {}
    return {
        "suppresses": found.suppresses,
        "targets": found.purpose in TARGETING,
        "identifiers": tuple(found.identifiers),
        "traits": tuple(one["name"] for one in found.traits),
        "approved_by": found.approved_by.full_name if found.approved_by else "",
        "approved_at": found.approved_at,
        "entry_rule": found.entry_rule,
        "exit_rule": found.exit_rule,
        "cadence": found.cadence,
        "target_minutes": found.freshness_minutes,
        "check_every": found.check_every,
    }


def _of_pipe(one: Activation) -> dict[str, Any]:
    if one.pipe is None or one.pipe.archived_at:
        return {}
    return {
        "pipe": one.pipe.name,
        "pipe_ends": one.pipe.write_key_last4,
        "pipe_state": one.pipe.check_state,
        "pipe_words": one.pipe.check_words,
        "pipe_tested_at": one.pipe.checked_at,
    }


def _of_schedule(found: Schedule | None) -> dict[str, Any]:
    if found is None:
        return {}
    plain = schedule.Rhythm(found.kind, found.minutes, found.at_time, found.weekday, found.zone)
    period = schedule.period(plain)
    return {"cadence_minutes": int(period.total_seconds()) // 60 if period else None, "scheduled_at": found.set_at}
