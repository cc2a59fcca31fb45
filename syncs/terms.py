"""What a run goes by, read once from its activation and definition: identifiers, rules, columns to pull, payload."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from django.utils import timezone

from audiences import roster
from audiences.models import Activation, Definition, Segment, Trait, Workspace
from audiences.platforms import Family, Payload
from audiences.terms import TARGETING
from muster.columns import DIGEST, Array, Columns, text_list
from muster.vault import pepper

from .arms import ABSENT, UNREADABLE, Holdout
from .eligibility import Identifiers, Rules
from .models import Run
from .payload import VERSION, Spec, trait_text
from .people import DIGESTS
from .tokens import FIELD_CODES, Tokens, digest_of, mixed

DEFAULT_COUNTRY = "US"


@dataclass(frozen=True)
class Terms:
    """The terms of one run."""

    run: Run

    @cached_property
    def suppresses(self) -> bool:
        return self.run.definition.suppresses

    @cached_property
    def workspace(self) -> Workspace:
        return self.run.activation.audience.segment.workspace

    @cached_property
    def obeys_opt_outs(self) -> bool:
        """Whether who unsubscribes by an event is out at once: of targeting, and where the consent rule asks for it."""
        return not self.suppresses and (self.run.definition.purpose in TARGETING or self.rules.not_unsubscribed)

    @cached_property
    def texts(self) -> bool:
        """Whether the userId is sent in clear: analytics and warehouse know people by the Customer.io id."""
        return self.run.payload == Payload.IDENTIFY_TRACK

    @cached_property
    def fields(self) -> dict[str, str]:
        """Identifier -> staged column, in the definition's order, of those that the platform takes."""
        platform = self.run.activation.destination.spec
        names = ["external_id"] if self.texts else self._names
        found = [field for name in names if (field := platform.field(name))]
        return {field.identifier: field.column for field in found}

    @property
    def _names(self) -> list[str]:
        """Return the definition's identifiers on the day of the run; a pilot proves those that will be."""
        definition = self.run.definition
        if self.is_pilot:
            return list(definition.identifiers)
        return definition.identifiers_on(timezone.localdate(self.run.created_at))

    @cached_property
    def identifiers(self) -> Identifiers:
        return Identifiers.of(self.fields, texts=self.texts)

    @cached_property
    def is_pilot(self) -> bool:
        return self.run.activation.kind == Activation.Kind.PILOT

    @cached_property
    def rules(self) -> Rules:
        consent = self.run.definition.consent_for(self.run.activation.destination_id)
        return Rules(
            identifiers=self.identifiers,
            suppresses=self.suppresses,
            require_true=tuple(consent.get("require_true", ())),
            not_true=tuple(consent.get("not_true", ())),
            not_unsubscribed=bool(consent.get("not_unsubscribed")),
            ids_with_at=bool(self.workspace.ids_with_at_reason),
            roster=roster.digests() if self.is_pilot else None,
            ramp=self.run.activation.ramp,
            nobody=self.run.kind == Run.Kind.CLEAR,
            holdout=self.holdout,
        )

    @cached_property
    def holdout(self) -> Holdout | None:
        return holdout_of(self.run.definition, self.run.activation.destination.spec.family)

    @cached_property
    def traits(self) -> tuple[tuple[str, str], ...]:
        """Name and type of each trait that may be sent; none to ad platforms."""
        if self.run.activation.destination.spec.family == Family.ADS:
            return ()
        sent = self.holdout.attribute if self.holdout else ""
        names = [trait["name"] for trait in self.run.definition.traits if trait["name"] != sent]
        kinds = dict(Trait.objects.filter(name__in=names, retired_at=None).values_list("name", "type"))
        return tuple(sorted(kinds.items()))

    @property
    def compares_all(self) -> bool:
        """Whether comparing needs more of people than their heads: what is sent depends on texts, or a pilot on digests."""
        return self.texts or bool(self.traits) or self.rules.roster is not None

    @cached_property
    def columns(self) -> dict[str, Any]:
        """What the segment's pull must hold (Pull.columns)."""
        flags = {*self.rules.require_true, *self.rules.not_true}
        if self.rules.not_unsubscribed:
            flags.add("unsubscribed")
        wanted = {**self.exclusion_columns, "flags": sorted(flags), "traits": [name for name, _ in self.traits]}
        wanted["arms"] = [self.holdout.attribute] if self.holdout else []
        # The roster knows people by email, also where the list does not.
        if self.is_pilot:
            wanted |= {"email": True, "forms": sorted({"email", *wanted["forms"]})}
        return wanted

    @cached_property
    def exclusion_columns(self) -> dict[str, Any]:
        """What an exclusion's pull must hold: the identifiers to match by."""
        return {
            "email": "email" in self.fields,
            "phone": "phone" in self.fields,
            "forms": sorted(DIGESTS.keys() & self.fields.values()),
            "country": self.run.definition.phone_country or DEFAULT_COUNTRY,
            "flags": [],
            "traits": [],
        }

    @cached_property
    def exclusions(self) -> list[Segment]:
        """The segments that are excluded, in the definition's order."""
        numbers = [int(one["segment"]) for one in self.run.definition.exclusions]
        found = {one.number: one for one in Segment.objects.filter(workspace=self.workspace, number__in=numbers)}
        return [found[number] for number in numbers if number in found]

    def spec(self, pass_name: str) -> Spec:
        """Return what the payload of a pass is made with."""
        audience, platform = self.run.activation.audience, self.run.activation.destination.spec
        return Spec(
            kind=self.run.payload,
            activation_id=self.run.activation_id,
            run_id=self.run.pk,
            pass_name=pass_name,
            secret=pepper("message id"),
            fields={FIELD_CODES[field.identifier]: field.name for field in platform.fields},
            audience_id=audience.pk,
            audience_name=audience.name,
            audience_slug=audience.slug,
            definition=self.run.definition.number,
            traits=self.traits,
            holdout=self.holdout.attribute if self.holdout and self.holdout.is_sent else "",
        )

    def arms(self, people: Columns) -> Tokens | None:
        """Return the arm of each person where the list is told of it; who is in none has no bytes."""
        if self.holdout is None or not self.holdout.is_sent:
            return None
        tokens: Tokens = people[self.holdout.column]
        return np.where(tokens > UNREADABLE, tokens, ABSENT)

    def completed(self, people: Columns) -> Columns:
        """Return staged people with the digests of their Customer.io ids, where those are the identifier."""
        if not self.texts:
            return people
        return with_id_digests(people)

    def trait_values(self, people: Columns, chosen: Array) -> list[str]:
        """Return the JSON inside of the allowed traits of the chosen people."""
        if not self.traits:
            return [""] * len(chosen)
        columns = [text_list(people[f"trait:{name}.ends"], people[f"trait:{name}.data"]) for name, _ in self.traits]
        spec = self.spec("")
        return [trait_text(spec, [column[place] for column in columns])[0] for place in chosen]

    def digests(self, people: Columns) -> Tokens:
        """Return 8 keyed bytes over everything that would be sent of each person."""
        columns = [self.identifiers.tokens(people)[code] for code, _ in sorted(self.identifiers.fields)]
        length = len(people["key"])
        if self.traits:
            texts = self.trait_values(people, np.arange(length))
            raw = b"".join(hashlib.blake2b(text.encode(), digest_size=8).digest() for text in texts)
            columns.append(np.frombuffer(raw, np.uint64))
        found = digest_of(columns, int.from_bytes(pepper("digest")[:8], "little"), VERSION, length)
        arms = self.arms(people)
        # Of who is in no arm nothing else is sent than without a holdout.
        return found if arms is None else np.where(arms == ABSENT, found, mixed(found ^ arms))


def holdout_of(definition: Definition, family: Family) -> Holdout | None:
    """Return the holdout of a definition's lists of one family; a suppression holds nobody out.

    Held-out people are left out of ad lists; analytics and warehouse are told who is in which arm.
    """
    if not definition.holdout_attribute or definition.suppresses:
        return None
    ads = family == Family.ADS
    excludes = ads and bool(definition.holdout_arm) and not definition.holdout_targets
    return Holdout(definition.holdout_attribute, definition.holdout_arm, excludes=excludes, is_sent=not ads)


def with_id_digests(people: Columns) -> Columns:
    """Return staged people with the digests of their Customer.io ids besides; 32 zero bytes where there is none."""
    ids = text_list(people["ext.ends"], people["ext.data"])
    nothing = bytes(32)
    raw = b"".join(hashlib.sha256(one).digest() if one else nothing for one in ids)
    return {**people, "external_id": np.frombuffer(raw, DIGEST)}
