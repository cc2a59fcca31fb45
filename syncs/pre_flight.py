"""Makes a pre-flight: reads the segment and the exclusions of a draft, counts, and keeps nothing but counts. Sends nothing."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from audiences.models import Activation, Audience, Definition, Lifecycle, Segment
from audiences.platforms import Family
from audiences.terms_of import terms_of
from muster import audit
from muster.models import Person
from muster.redaction import excerpt

from . import doorbell, pull, switching
from .arms import Holdout
from .counting import Count
from .eligibility import Identifiers, Rules
from .erased import Erased
from .expectations import Expectations
from .models import PreFlight, Pull
from .normal_forms import forms_in_use
from .staging import NotStaged, Staged
from .states import PullState
from .terms import DEFAULT_COUNTRY, holdout_of

FORMS = {"email": ("email", "email_google"), "phone": ("phone_e164", "phone_digits")}  # the first that is in use
NO_WORKER = timedelta(seconds=60)  # after that somebody may ask again


class GoingOn(Exception):
    """A pre-flight of this audience is under way already. Nothing was started."""


def ask(definition: Definition, *, by: Person, at: datetime) -> PreFlight:
    """Ask a worker for a pre-flight and return it. Raises GoingOn."""
    with transaction.atomic():
        Audience.objects.select_for_update().get(pk=definition.audience_id)
        newest = PreFlight.objects.filter(audience=definition.audience_id).order_by("-pk").first()
        if newest and newest.state == PreFlight.State.WAITING and at - newest.asked_at < NO_WORKER:
            raise GoingOn
        made = PreFlight.objects.create(
            audience=definition.audience,
            number=definition.number,
            revision=definition.revision,
            asked_by=by,
            asked_at=at,
        )
        subject = definition.audience
        audit.record(verb="asked for a pre-flight of", subject=subject, by=by, audience_id=subject.pk, at=at)
        transaction.on_commit(lambda: doorbell.ring_for_pre_flight(made.pk) and None)
    return made


def perform(pk: int, *, holder: str, clock: Callable[[], datetime] = timezone.now) -> None:
    """Do one, unless it has ended. What cannot be read is told in words."""
    wanted = PreFlight.objects.select_related("audience__segment__workspace").filter(pk=pk, state="waiting").first()
    if wanted is None:
        return None
    found = wanted.audience.definitions.filter(number=wanted.number).exclude(state=Definition.State.PAST).first()
    if found is None:
        return _end(wanted, "failed", clock(), words=f"There is no v{wanted.number} any more. Nothing was read.")
    try:
        counts = Counting(wanted, found, holder, clock).counts()
    except NotRead as miss:
        return _end(wanted, "failed", clock(), words=str(miss))
    except NotStaged:
        return _end(wanted, "failed", clock(), words="What was read was cleared away meanwhile. Ask for it again.")
    return _end(wanted, "done", clock(), counts=counts)


def newest(audience: Audience) -> Definition | None:
    """Return the version that a pre-flight is about: the draft, else what is approved, else what is in use."""
    return audience.definitions.exclude(state=Definition.State.PAST).order_by("-number").first()


def _end(wanted: PreFlight, state: str, at: datetime, *, words: str = "", counts: dict[str, Any] | None = None) -> None:
    values = {"state": state, "finished_at": at, "words": excerpt(words, limit=600), "counts": counts or {}}
    PreFlight.objects.filter(pk=wanted.pk, state=PreFlight.State.WAITING).update(**values)


class NotRead(Exception):
    """A segment could not be read; the text says why and what to do."""


class Counting:
    """The counts of one draft."""

    def __init__(self, wanted: PreFlight, definition: Definition, holder: str, clock: Callable[[], datetime]) -> None:
        self.wanted, self.definition, self.holder, self.clock = wanted, definition, holder, clock
        self.audience = wanted.audience
        self.names = [name for name in definition.identifiers if name in FORMS]
        self.used = forms_in_use()
        self.known_by = {
            name: next((form for form in forms if form in self.used), forms[0]) for name, forms in FORMS.items()
        }
        self.switch = terms_of(definition).switch
        self.rules = self._rules(self.names)

    def _rules(self, names: list[str]) -> Rules:
        """Return what decides about people known by these identifiers, by the consent rule of all lists."""
        definition, rule = self.definition, self.definition.consent.get("*", {})
        columns = {name: self.known_by[name] for name in names} or {"external_id": "external_id"}
        return Rules(
            identifiers=Identifiers.of(columns, texts=not names),
            suppresses=definition.suppresses,
            require_true=tuple(rule.get("require_true", ())),
            not_true=tuple(rule.get("not_true", ())),
            not_unsubscribed=bool(rule.get("not_unsubscribed")),
            ids_with_at=bool(self.audience.segment.workspace.ids_with_at_reason),
            holdout=self.holdout if names else None,
        )

    @property
    def holdout(self) -> Holdout | None:
        """Return the holdout as ad lists have it."""
        return holdout_of(self.definition, Family.ADS)

    def counts(self) -> dict[str, Any]:
        """Return PreFlight.counts. Raises NotRead, NotStaged."""
        own = self._read(self.audience.segment, self._columns(flags=True))
        excluded = [(one.number, Staged(self._read(one, self._columns(flags=False)))) for one in self._excluded()]
        erased = Erased(self.audience.segment.workspace)
        lists = self._lists()
        count = Count(Staged(own), self.rules, excluded, erased, settings.HOME / "spool")
        found = count.counted(lists)
        held = [(str(one), found.overlaps[one.pk]) for one in lists if found.overlaps.get(one.pk)]
        switched = self._switched(own, excluded, erased) if self.switch and not self.switch.only_order else None
        expected = Expectations(self.definition, found.would_send, self.clock())
        return {
            "people": found.people,
            "would_send": found.would_send,
            "left_out": found.left_out,
            "duplicates": found.duplicates,
            "arms": {self.holdout.attribute: own.counts["arms"][self.holdout.attribute]} if self.holdout else {},
            "coverage": {name: own.counts.get(name, 0) for name in (self.names or ["external_id"])},
            "unusable": {
                name: count for name, count in own.counts.items() if count and name.startswith(("email_", "phone_"))
            },
            "overlaps": sorted(held, key=lambda pair: (-pair[1], pair[0])),
            "events": expected.events(),
            "match": expected.match(),
            "switch": switched,
        }

    def _switched(self, own: Pull, excluded: list[tuple[int, Staged]], erased: Erased) -> dict[str, Any]:
        """Return PreFlight.counts["switch"]."""
        assert self.switch is not None, "only a version with other identifiers is asked"
        before, after = ([name for name in names if name in FORMS] for names in (self.switch.before, self.switch.after))
        counts = (
            Count(Staged(own), self._rules(names), excluded, erased, settings.HOME / "spool")
            for names in (before, after)
        )
        reached = switching.reach(*(count.outs() for count in counts))
        dry = switching.DryRuns(self.definition, self.switch, own, [one for _, one in excluded])
        return {
            "before": before,
            "after": after,
            "reach": reached,
            "lists": dry.counts(timezone.localdate(self.clock())),
        }

    def _columns(self, *, flags: bool) -> dict[str, Any]:
        names = {*self.names, *(self.switch.before if self.switch else ())}
        rules = self.definition.consent.values()
        named = {one for rule in rules for one in (*rule.get("require_true", ()), *rule.get("not_true", ()))}
        named |= {"unsubscribed"} if any(rule.get("not_unsubscribed") for rule in rules) else set()
        return {
            "email": "email" in names,
            "phone": "phone" in names,
            "forms": sorted(self.used.union(self.known_by.values())),
            "country": self.definition.phone_country or DEFAULT_COUNTRY,
            "flags": sorted(named) if flags else [],
            "traits": [],
            "arms": [self.holdout.attribute] if flags and self.holdout else [],
        }

    def _excluded(self) -> list[Segment]:
        numbers = [one["segment"] for one in self.definition.exclusions]
        known = Segment.objects.filter(workspace=self.audience.segment.workspace_id, number__in=numbers)
        found = {one.number: one for one in known.select_related("workspace")}
        return [found[number] for number in numbers if number in found]

    def _read(self, segment: Segment, columns: dict[str, Any]) -> Pull:
        made = pull.find_or_create(segment, columns, began_after=None, fingerprint=None, at=self.clock())
        made = pull.advance(made.pk, holder=self.holder, stop=lambda: False, clock=self.clock)
        if made.state == PullState.COMPLETE:
            return made
        if made.state == PullState.FAILED:
            raise NotRead(made.words or f"{segment} could not be read completely. Ask for it again.")
        raise NotRead(f"Somebody else is reading {segment} just now. Ask again in a minute.")

    def _lists(self) -> list[Activation]:
        """Return the other lists of the workspace that hold people; a pilot's are the team."""
        lists = Activation.objects.filter(
            audience__segment__workspace=self.audience.segment.workspace_id,
            kind=Activation.Kind.PRODUCTION,
            members__gt=0,
            audience__archived_at=None,
        )
        used = lists.exclude(audience=self.audience).exclude(lifecycle=Lifecycle.RETIRED)
        return list(used.select_related("audience", "destination"))
