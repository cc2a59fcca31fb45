"""Reads the terms of a stored definition, or of one that is being edited: names for ids, and what keeps each from working."""

from functools import cached_property
from typing import Any

from django.utils import timezone

from . import of_use_case
from .arms import ATTRIBUTE_WANTED, is_attribute
from .data_out import sending_into
from .logic_attributes import attributes, troubles
from .models import (
    Activation,
    Audience,
    Definition,
    Destination,
    Feed,
    Lifecycle,
    Pipe,
    PipeRequest,
    Purpose,
    Segment,
    Trait,
    TraitAllowance,
    Workspace,
)
from .platforms import PLATFORMS, Family
from .terms import Holdout, ListTerms, Reasoned, Rule, Terms

VAGUE_FROM = 1_000  # people in the workspace, below which a share says little
AD_PLATFORMS = [kind for kind, platform in PLATFORMS.items() if platform.family == Family.ADS]


def terms_of(definition: Definition) -> Terms:
    """Return what the definition says; unsaved changes of the instance and of its audience count."""
    whose = definition.audience
    around = Surroundings(definition)
    checker = whose.drift_checker
    return Terms(
        purpose=definition.purpose,
        purpose_label=Purpose(definition.purpose).label if definition.purpose else "",
        segment=str(whose.segment),
        segment_kind=whose.segment.kind,
        segment_trouble=around.segment_trouble,
        owner=whose.owner.full_name,
        name=whose.name,
        **around.of_use_case,
        people=whose.segment.size,
        share=around.share,
        first_in_draft=around.first_in_draft,
        owner_active=whose.owner.is_active,
        checker=checker.full_name if checker else "",
        outcome=definition.outcome,
        campaign=definition.campaign,
        measure=definition.outcome_measure,
        logic=definition.logic,
        logic_troubles=around.logic_troubles,
        entry_rule=definition.entry_rule,
        exit_rule=definition.exit_rule,
        cadence=definition.cadence,
        freshness_minutes=definition.freshness_minutes,
        acknowledged=acknowledged(definition),
        window_hours=definition.window_hours,
        lists=tuple(around.list_terms(number) for number in definition.destinations),
        identifiers=tuple(definition.identifiers),
        phone_country=definition.phone_country,
        switch=definition.switch(around.sent_before),
        traits=tuple(around.trait(chosen) for chosen in definition.traits),
        exclusions=tuple(around.exclusion(chosen) for chosen in definition.exclusions),
        exclusions_reason=definition.exclusions_reason,
        holdout=around.holdout,
        holdout_reason=definition.holdout_reason,
        size=(definition.size_low, definition.size_high),
        match=(definition.match_low, definition.match_high),
        tolerance=definition.tolerance,
        review_date=definition.review_date,
        check_every=definition.check_every,
    )


def acknowledged(definition: Definition) -> tuple[tuple[str, str, str], ...]:
    """Return managers' words as (what, values it holds for, who and why)."""
    stored = definition.acknowledged.items()
    return tuple((name, one["about"], f"{one['by']}: {one['reason']}") for name, one in stored)


def rule_of(stored: dict[str, Any]) -> Rule:
    """Return a stored consent rule as a value."""
    return Rule(
        tuple(stored.get("require_true", ())),
        tuple(stored.get("not_true", ())),
        bool(stored.get("not_unsubscribed")),
        str(stored.get("basis", "")),
    )


def ad_lists_through(pipes: list[int]) -> dict[int, list[Activation]]:
    """Return, by pipe, the ad-platform lists that use it and are not retired."""
    using = Activation.objects.filter(pipe__in=pipes, destination__platform__in=AD_PLATFORMS)
    using = using.exclude(lifecycle__in=(Lifecycle.RETIRED, Lifecycle.PILOT_PASSED)).select_related(
        "audience", "destination"
    )
    found: dict[int, list[Activation]] = {}
    for activation in using:
        if activation.pipe_id:
            found.setdefault(activation.pipe_id, []).append(activation)
    return found


class Surroundings:
    """The rows that a definition's ids stand for."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition

    @property
    def segment_trouble(self) -> str:
        segment = self.definition.audience.segment
        if segment.gone_at:
            return f"Customer.io no longer lists {segment}: it was deleted or archived there. Restore it, then refresh."
        if segment.workspace.archived_at:
            return f"The workspace {segment.workspace} is archived. Ask an administrator to connect it again."
        return ""

    @property
    def share(self) -> float | None:
        segment = self.definition.audience.segment
        everybody = segment.workspace.people or 0
        if segment.size is None or everybody < VAGUE_FROM:
            return None
        return min(1.0, segment.size / everybody)

    @property
    def sent_before(self) -> list[str]:
        """Return the identifiers that this version replaces: those of the one in use, of a version in use what it recorded."""
        if self.definition.promoted_at or self.definition.number == 1:
            return list(self.definition.switch_from)
        versions = self.definition.audience.definitions.all()
        current = next((one for one in versions if one.state == Definition.State.CURRENT), None)
        return current.identifiers_on(timezone.localdate()) if current else []

    @property
    def of_use_case(self) -> dict[str, Any]:
        return of_use_case.terms(self.definition)

    @property
    def first_in_draft(self) -> str:
        """Return the name of another audience that waits for its first version to be locked, the oldest one."""
        if self.definition.number > 1 or Activation.objects.filter(lifecycle=Lifecycle.LIVE).exists():
            return ""
        older = Audience.objects.filter(archived_at=None).exclude(pk=self.definition.audience_id)
        first = older.filter(definitions__state=Definition.State.DRAFT).order_by("pk").first()
        return first.name if first and first.pk < (self.definition.audience_id or first.pk) else ""

    @cached_property
    def destinations(self) -> dict[int, Destination]:
        return Destination.objects.in_bulk(self.definition.destinations)

    @cached_property
    def routes(self) -> dict[int, dict[str, Any]]:
        """Return the route of each list; a version locked without routes has those of its activations."""
        told = {int(number): route for number, route in self.definition.routes.items()}
        if told or not self.definition.audience.pk:
            return told
        made = self.definition.audience.activations.filter(kind=Activation.Kind.PRODUCTION)
        return {one.destination_id: {"pipe": one.pipe_id, "list_name": one.list_name} for one in made}

    @cached_property
    def pipes(self) -> dict[int, Pipe]:
        return Pipe.objects.in_bulk([route["pipe"] for route in self.routes.values() if route.get("pipe")])

    @cached_property
    def users(self) -> dict[int, list[Activation]]:
        return ad_lists_through(list(self.pipes))

    @cached_property
    def carried(self) -> dict[int, str]:
        """Return, by pipe, the event of a feed in use that it carries."""
        feeds = Feed.objects.filter(pipe__in=list(self.pipes)).exclude(state=Feed.State.RETIRED)
        return dict(feeds.values_list("pipe", "name"))

    def list_terms(self, number: int) -> ListTerms:
        """Return the terms of one list."""
        place = self.destinations.get(number)
        rule = rule_of(self.definition.consent_for(number))
        if place is None:
            return ListTerms(f"destination {number}", "", False, (), rule=rule, trouble="A list's destination is gone.")
        route = self.routes.get(number, {})
        pipe = self.pipes.get(route.get("pipe") or 0)
        return ListTerms(
            name=place.name,
            platform=place.platform,
            ads=place.spec.family == Family.ADS,
            takes=tuple(field.identifier for field in place.spec.fields),
            pipe=pipe.name if pipe else "",
            list_name=route.get("list_name", ""),
            rule=rule,
            trouble=self._trouble(place, pipe),
            waits_for="" if pipe else self.asked.get(number, ""),
            sent=place.spec.is_sent,
        )

    @cached_property
    def asked(self) -> dict[int, str]:
        """Return, by destination, who was asked to make the pipe."""
        waiting = PipeRequest.objects.filter(audience=self.definition.audience_id, closed_at=None)
        return dict(waiting.values_list("destination", "assignee__full_name"))

    def _trouble(self, place: Destination, pipe: Pipe | None) -> str:
        if place.archived_at:
            return f"{place.name} is archived: take this list off, or ask an administrator."
        if pipe and pipe.archived_at:
            return f"The pipe {pipe.name} of {place.name} is archived: choose another one."
        return self.refusal(place, pipe)

    def refusal(self, place: Destination, pipe: Pipe | None) -> str:
        """Return why this pipe may not serve this list, or an empty text."""
        if pipe is None or place.spec.family != Family.ADS:
            return ""
        if self._customerio_sends_into(pipe):
            return (
                f"Customer.io's own RudderStack Data Out sends through {pipe.name}, so its events would reach {place.name} "
                "too. Ask an administrator for a pipe of its own."
            )
        if feed := self.carried.get(pipe.pk):
            return (
                f"The pipe {pipe.name} carries the event {feed}, and an ad list takes no events: {place.name} needs a pipe of "
                "its own."
            )
        # Lists of this audience are judged by what the draft says of them, not by what is stored.
        others = [str(one) for one in self.users.get(pipe.pk, []) if one.audience_id != self.definition.audience_id]
        others += [other.name for other in self.destinations.values() if self._shares(other, place, pipe)]
        if not others:
            return ""
        return (
            f"The pipe {pipe.name} already serves {others[0]}. What goes into a pipe reaches every list behind it, so "
            f"{place.name} needs a pipe of its own."
        )

    def _shares(self, other: Destination, place: Destination, pipe: Pipe) -> bool:
        if other.pk == place.pk or other.spec.family != Family.ADS:
            return False
        return bool(self.routes.get(other.pk, {}).get("pipe") == pipe.pk)

    def _customerio_sends_into(self, pipe: Pipe) -> bool:
        return bool(sending_into(pipe, self.workspaces))

    @cached_property
    def workspaces(self) -> list[Workspace]:
        return list(Workspace.objects.filter(archived_at=None).defer("api_key"))

    @property
    def logic_troubles(self) -> tuple[str, ...]:
        """Return what cannot be right about the attributes that the segment's logic names."""
        tree = self.definition.conditions
        names = {name for name, _, _ in attributes(tree)}
        known = Trait.objects.filter(name__in=names, retired_at=None) if names else Trait.objects.none()
        return tuple(troubles(tree, dict(known.values_list("name", "type"))))

    @cached_property
    def registry(self) -> dict[str, Trait]:
        return {one.name: one for one in Trait.objects.filter(name__in=[one["name"] for one in self.definition.traits])}

    @cached_property
    def allowed(self) -> set[int]:
        made = TraitAllowance.objects.filter(audience=self.definition.audience_id)
        return set(made.values_list("trait_id", flat=True))

    def trait(self, chosen: dict[str, str]) -> Reasoned:
        """Return a chosen trait, with what keeps it from being sent."""
        known, name, trouble = self.registry.get(chosen["name"]), chosen["name"], ""
        if known is None or known.retired_at:
            trouble = f"{name} is no longer in the trait registry: leave it out."
        elif known.sensitive and known.pk not in self.allowed:
            trouble = f"{name} is sensitive: ask an administrator to allow it for this audience, or leave it out."
        return Reasoned(name, chosen.get("reason", ""), trouble)

    @property
    def holdout(self) -> Holdout | None:
        """Return the holdout, with what keeps its attribute from saying an arm; a suppression has none."""
        one = self.definition
        if one.suppresses or not (one.holdout_attribute or one.holdout_arm):
            return None
        rules = one.consent.values()
        asked = {name for rule in rules for name in (*rule.get("require_true", ()), *rule.get("not_true", ()))}
        trouble = ""
        if one.holdout_attribute and not is_attribute(one.holdout_attribute):
            trouble = f"{one.holdout_attribute} cannot hold the arm: {ATTRIBUTE_WANTED}"
        elif one.holdout_attribute in asked:
            trouble = (
                f"{one.holdout_attribute} says who consents, so it cannot say the arm: use an attribute of its own."
            )
        elif one.holdout_attribute in {chosen["name"] for chosen in one.traits}:
            trouble = f"{one.holdout_attribute} is sent along as the arm already: leave it out of the traits."
        return Holdout(one.holdout_attribute, one.holdout_arm, one.holdout_targets, trouble)

    @cached_property
    def excluded(self) -> dict[int, Segment]:
        numbers = [one["segment"] for one in self.definition.exclusions]
        found = Segment.objects.filter(workspace=self.definition.audience.segment.workspace_id, number__in=numbers)
        return {segment.number: segment for segment in found}

    def exclusion(self, chosen: dict[str, Any]) -> Reasoned:
        """Return an excluded segment, with what keeps it from being read."""
        number = chosen["segment"]
        segment = self.excluded.get(number)
        trouble = ""
        if segment is None or segment.gone_at:
            trouble = f"Customer.io no longer lists the excluded segment {segment or number}: choose another one."
        elif segment.pk == self.definition.audience.segment_id:
            trouble = "An audience that excludes its own segment is empty: choose another segment to exclude."
        return Reasoned(str(segment or f"segment {number}"), chosen.get("reason", ""), trouble)
