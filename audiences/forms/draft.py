"""The whole page of a draft as one form: its clauses, lists, traits and exclusions."""

from typing import Any

from audiences.defaults import SUPPRESSION_BASIS, consent_for
from audiences.models import Definition, Pipe, Purpose
from audiences.terms_of import Surroundings

from .clauses import ClausesForm
from .rows import exclusion_forms, list_forms, trait_forms
from .use_case import expected_forms

TRAITS_REFUSED = (
    "Ad lists hold identifiers only, and this audience has no other list, so a trait has nowhere to go. Leave the traits "
    "out, make one audience per tier, or add an analytics or warehouse list."
)


class DraftForm:
    """Bound with `data`, it puts what was understood onto the draft instance; saving is the caller's."""

    def __init__(self, draft: Definition, data: Any = None) -> None:
        self.draft = draft
        self.clauses = ClausesForm(draft, data)
        self.lists = list_forms(draft, data)
        self.traits = trait_forms(draft, data)
        self.expected = expected_forms(draft, data)
        numbers = {one.one.segment.number for one in self.expected if one.one.segment}
        self.exclusions = exclusion_forms(draft, data, but=numbers)
        self.refused_traits = ""

    @property
    def is_bound(self) -> bool:
        return bool(self.clauses.is_bound)

    @property
    def parts(self) -> list[Any]:
        return [self.clauses, *self.lists, *self.traits, *self.expected, *self.exclusions]

    def is_valid(self) -> bool:
        """Whether everything was understood and nothing is refused. Applies it to the draft either way."""
        refused = [part for part in self.parts if not part.is_valid()]
        self._apply()
        return self._accepted() and not refused

    def errors(self) -> list[tuple[str, str]]:
        """Return (id of the field, sentence) for everything in error, for the summary on top."""
        found = [
            (str(part[name].id_for_label if name in part.fields else ""), sentence)
            for part in self.parts
            for name, sentences in part.errors.items()
            for sentence in sentences
        ]
        return [*found, ("traits", self.refused_traits)] if self.refused_traits else found

    def _apply(self) -> None:
        draft, was = self.draft, self.draft.purpose
        self.clauses.apply()
        chosen = [one for one in self.lists if one.chosen]
        draft.destinations = [one.place.pk for one in chosen]
        rules = {str(one.place.pk): rule for one in chosen if (rule := one.rule()) is not None}
        draft.routes = {str(one.place.pk): one.route() for one in chosen}
        draft.consent = {"*": self._rule(was), **rules}
        draft.traits = [
            {"name": one.trait.name, "reason": one.cleaned_data.get("reason", "")}
            for one in self.traits
            if one.cleaned_data.get("use")
        ]
        draft.exclusions, draft.left_out = self._exclusions()

    def _exclusions(self) -> tuple[list[dict[str, Any]], dict[str, str]]:
        """Return who is excluded, the use case's first, and why the others of the use case are not."""
        ticked = [one.one for one in self.expected if one.excludes]
        rows = [
            {"segment": segment.number, "reason": one.cleaned_data.get("reason", "")}
            for one in self.exclusions
            if (segment := one.cleaned_data.get("segment"))
        ]
        left_out = {one.one.key: reason for one in self.expected if (reason := one.reason())}
        made = [{"segment": one.segment.number, "reason": one.why} for one in ticked if one.segment]
        return [*made, *rows], left_out

    def _rule(self, was: str) -> dict[str, Any]:
        """Return the rule of all lists. Suppression stands on another basis, so a change of purpose does not keep it."""
        rule, now = self.clauses.rule(), self.draft.purpose
        if now != was and Purpose.SUPPRESS in (now, was):
            fresh = consent_for(now, self.draft.audience.segment.workspace.do_not_share)
            if rule["basis"] in ("", SUPPRESSION_BASIS):
                rule |= {"basis": fresh["basis"], "not_unsubscribed": fresh["not_unsubscribed"]}
        return rule

    def _accepted(self) -> bool:
        """Refuse what may not even be saved: a shared pipe, a trait that only ad lists would get."""
        around = Surroundings(self.draft)
        accepted = True
        for one in self.lists:
            pipe: Pipe | None = one.cleaned_data.get("pipe")
            if one.chosen and (refusal := around.refusal(one.place, pipe)):
                one.add_error("pipe", refusal)
                accepted = False
        chosen = [one for one in self.lists if one.chosen]
        seen = {one.one.segment.number for one in self.expected if one.excludes and one.one.segment}
        for row in self.exclusions:
            segment = row.cleaned_data.get("segment")
            if segment and segment.number in seen:
                row.add_error("segment", "This segment is excluded already, further up.")
                accepted = False
            seen |= {segment.number} if segment else set()
        if self.draft.traits and chosen and all(one.ads for one in chosen):
            self.refused_traits = TRAITS_REFUSED
            accepted = False
        return accepted
