"""The people of one pass in one key prefix, ready to be cut into requests: their rows, and what the ledger becomes of them.

Made from the staged shards, the plan and the ledger as it is now; a batch whose answer is unknown has not touched the
ledger, so its people are found there as they were, and its body is made again to the byte.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from muster.columns import KEY, Array, Columns, text_list

from .eligibility import Out
from .erased import Erased
from .ledger import Ledger
from .members import Change, People, changed, members_told, nobody, those_of
from .models import Run
from .opted_out import OptedOut
from .payload import Arms, Spec, add_rows, arm_traits, event_texts, with_arms
from .people import taken
from .plan import ADD, flat_rows, is_optout, lengths_of
from .plan_shards import Plans
from .removal_rows import removal_rows
from .row_bytes import Rows
from .staging import Staged
from .terms import Terms
from .tokens import Flags, keys_among, words


@dataclass
class Work:
    """People of one pass in one prefix, sorted by key; either `add` or the rest is filled.

    `before` is what the ledger holds of these people where that is known without reading it: nothing of people who are new.

    `lost_key` were to be added and have been erased or opted out since the plan; `lost_op` says as what they were to be
    added, `lost_why` what became of them (eligibility.Out). `outside` people are
    not in the ledger, nor will they be: a removal just in case.
    """

    number: int
    key: Array
    rows: Rows
    add: People | None = None
    drop: Array = field(default_factory=lambda: np.zeros(0, np.uint8))
    ends: Array = field(default_factory=lambda: np.zeros(0, np.uint32))
    take: Array = field(default_factory=lambda: np.zeros(0, np.uint8))
    lost_key: Array = field(default_factory=lambda: np.zeros(0, KEY))
    lost_op: Array = field(default_factory=lambda: np.zeros(0, np.uint8))
    lost_why: Array = field(default_factory=lambda: np.zeros(0, np.uint8))
    outside: bool = False
    before: Columns | None = None

    def __len__(self) -> int:
        return len(self.key)

    def cut(self, start: int, stop: int) -> "Work":
        """Return the people at the places [start, stop)."""
        chosen = np.arange(start, stop)
        part = Work(self.number, self.key[start:stop], self.rows.cut(start, stop), outside=self.outside)
        part.before = None if self.before is None else those_of(part.key, self.before, None)
        if self.add is not None:
            part.add = some(self.add, chosen)
        else:
            places, part.ends = flat_rows(self.ends, chosen)
            part.drop, part.take = self.drop[start:stop], self.take[places]
        return part

    def change(self) -> Change:
        """Return what these people's acceptance does to the shard."""
        if self.outside:
            return Change()
        if self.add is not None:
            return Change(add=self.add)
        dropped = np.flatnonzero(self.drop == 1)
        places, _ = flat_rows(self.ends, dropped)
        return Change(remove_key=self.key[self.drop == 0], drop_key=self.key[dropped], drop_take=self.take[places])


def some(people: People, chosen: Array) -> People:
    """Return the chosen people."""
    rows, ends = flat_rows(people.ends, chosen)
    texts = None if people.texts is None else [people.texts[row] for row in rows]
    arm = None if people.arm is None else people.arm[chosen]
    return People(people.key[chosen], people.digest[chosen], ends, people.field[rows], people.raw[rows], texts, arm)


class Maker:
    """Makes the work of one run. Who was erased or opted out is asked for every addition, as of the last `ask_who_is_out`."""

    def __init__(self, run: Run) -> None:
        assert run.pull is not None, "a planned run has its reading"
        self.run = run
        self.terms = Terms(run)
        self.staged = Staged(run.pull)
        self.ledger = Ledger(run.activation, texts_too=self.terms.texts)
        self.plans = Plans(run, self.ledger.shards)
        self.erased = Erased(self.terms.workspace)
        self.opted_out = OptedOut(self.terms.workspace if self.terms.obeys_opt_outs else None)
        self.adds_parked = bool(run.verdict.get("adds", {}).get("held"))

    def ask_who_is_out(self) -> None:
        """Look whether somebody was erased or opted out since: before every request."""
        if not self.erased.is_current():
            self.erased = Erased(self.erased.workspace)
        if not self.opted_out.is_current():
            self.opted_out = OptedOut(self.opted_out.workspace)

    def work(self, pass_name: str, number: int, span: tuple[bytes, bytes] = (b"", b"")) -> Work:
        """Return the people of a pass in a prefix whose keys are in [from, to); an empty end is open."""
        plan = self.plans.columns(number)
        if pass_name == "additions":
            return self._additions(number, plan, span)
        if pass_name == "undo":
            return self._undo(number, plan, span)
        return self._removals(pass_name, number, plan, span)

    def _additions(self, number: int, plan: Columns, span: tuple[bytes, bytes]) -> Work:
        if "op" not in plan:
            return Work(number, np.zeros(0, KEY), Rows())
        people, op, told = self._planned(number, plan, span)
        why = self._out_since(people)
        gone = why != Out.IN
        lost = {"lost_key": people["key"][gone], "lost_op": op[gone], "lost_why": why[gone]}
        if gone.any():
            people, op, told = taken(people, np.flatnonzero(~gone)), op[~gone], told[~gone]
        picked = {code: people[column] for code, column in self.terms.identifiers.fields}
        keys, spec = people["key"], self.terms.spec("additions")
        users: list[bytes] | None = None
        if self.terms.texts:
            users = text_list(people["ext.ends"], people["ext.data"])
            rows = Rows.of(*self._entries(spec, people, op, told, users))
        else:
            rows = add_rows(spec, keys, op, picked)
        add = added(keys, self.terms.digests(people), picked, users)
        add.arm = self.terms.arms(people)
        # Whoever the plan adds was not in the ledger then, and only this run has written to it since.
        before = nobody(texts_too=self.terms.texts) if (op == ADD).all() else None
        return Work(number, keys, rows, add=add, before=before, **lost)

    def _entries(
        self, spec: Spec, people: Columns, op: Array, told: Array, users: list[bytes]
    ) -> tuple[list[str], list[int]]:
        """Return the events that tell userIds as in, and how many they are a person."""
        keys = people["key"]
        traits = self.terms.trait_values(people, np.arange(len(keys)))
        arms = self.terms.arms(people)
        if arms is None or self.terms.holdout is None:
            return event_texts(spec, keys, op, users, traits, entered=True)
        names = self.staged.arms(self.terms.holdout.attribute)
        known = Arms([names[one] for one in arms.tolist()] if len(arms) else [], told.tolist())
        traits = [",".join(filter(None, both)) for both in zip(traits, arm_traits(spec, known), strict=True)]
        made = event_texts(spec, keys, op, users, traits, entered=True)
        return with_arms(spec, keys, users, made, known)

    def _planned(self, number: int, plan: Columns, span: tuple[bytes, bytes]) -> tuple[Columns, Array, Array]:
        """Return the people whom the plan adds, as what each, and what it tells of their arms."""
        keys = self.staged.heads(number, self.ledger.shards)["key"]
        chosen = places_within(keys, span, plan["op"] > 0)
        people = self.staged.some(number, self.ledger.shards, chosen)
        told = plan["arm"][chosen] if "arm" in plan else np.zeros(len(chosen), np.uint8)
        return self.terms.completed(people), plan["op"][chosen], told

    def _undo(self, number: int, plan: Columns, span: tuple[bytes, bytes]) -> Work:
        """Return removals of people who were erased or opted out after a request that may have added them had left."""
        if "op" not in plan:
            return Work(number, np.zeros(0, KEY), Rows(), outside=True)
        people = self.terms.completed(self.staged.columns(number, self.ledger.shards))
        lost = places_within(people["key"], span, (plan["op"] > 0) & (self._out_since(people) != Out.IN))
        picked = {code: people[column][lost] for code, column in self.terms.identifiers.fields}
        users = None
        if self.terms.texts:
            ids = text_list(people["ext.ends"], people["ext.data"])
            users = [ids[place] for place in lost]
        gone = self._as_ledger(added(people["key"][lost], np.zeros(len(lost), np.uint64), picked, users))
        ends, flat = gone["id.ends"], np.ones(len(gone["id.field"]), np.uint8)
        drop = np.zeros(len(lost), np.uint8)
        rows = self._removal_rows("undo", gone["key"], drop, ends, flat, gone)
        return Work(number, gone["key"], rows, drop=drop, ends=ends, take=flat, outside=True)

    @staticmethod
    def _as_ledger(people: People) -> Columns:
        return changed(nobody(texts_too=people.texts is not None), Change(add=people))

    def _out_since(self, people: Columns) -> Array:
        """Return Out for each person: erased, opted out, or still in."""
        columns = self.terms.identifiers.fields
        erased = keys_among(people["key"], self.erased.keys)
        for code, column in columns:
            erased |= self.erased.identifier(people[column], code)
        opted_out = self.opted_out.flags(people, [column for _, column in columns])
        return np.where(erased, np.uint8(Out.ERASED), np.where(opted_out, np.uint8(Out.UNSUBSCRIBED), np.uint8(Out.IN)))

    def _removals(self, pass_name: str, number: int, plan: Columns, span: tuple[bytes, bytes]) -> Work:
        if "gone.key" not in plan:
            return Work(number, np.zeros(0, KEY), Rows())
        own = is_optout(plan["gone.why"], plan["gone.drop"], suppresses=self.terms.suppresses)
        chosen = places_within(plan["gone.key"], span, own if pass_name == "optouts" else self._may_go(plan) & ~own)
        keys, drop = plan["gone.key"][chosen], plan["gone.drop"][chosen]
        places, ends = flat_rows(plan["gone.ends"], chosen)
        take = plan["gone.take"][places]
        told = members_told(plan)
        held = self.ledger.those_of(number, keys) if told is None else those_of(keys, told, None)
        rows = self._removal_rows(pass_name, keys, drop, ends, take, held)
        return Work(number, keys, rows, drop=drop, ends=ends, take=take, before=held)

    def _may_go(self, plan: Columns) -> Flags:
        """Old identifiers go only when their people are sent again afterwards: the removal takes the person along."""
        return np.asarray((plan["gone.drop"] == 0) | (not self.adds_parked))

    def _removal_rows(
        self, pass_name: str, keys: Array, drop: Array, ends: Array, take: Array, ledger: Columns
    ) -> Rows:
        members = np.searchsorted(ledger["key"], keys)
        flat, _ = flat_rows(ledger["id.ends"], members)
        spec = self.terms.spec(pass_name)
        taken = np.flatnonzero(take == 1)
        owner = np.repeat(np.arange(len(keys)), lengths_of(ends))[taken]
        if self.terms.texts:
            return self._exits(spec, keys, flat[taken], owner, ledger)
        fields, raw = ledger["id.field"][flat[taken]], ledger["id.raw"][flat[taken]]
        return removal_rows(spec, keys, drop, owner, fields, raw)

    def _exits(self, spec: Any, keys: Array, flat: Array, owner: Array, ledger: Columns) -> Rows:
        """Return the exits of userIds: one row a person, of as many events as ids they were sent under."""
        known = text_list(ledger["text.ends"], ledger["text.data"])
        users = [known[place] for place in flat]
        entered = np.ones(len(owner), np.uint8)
        single, counts = event_texts(spec, keys[owner], entered, users, [""] * len(users), entered=False)
        told: list[list[str]] = [[] for _ in keys]
        events = [0] * len(keys)
        for place, person in enumerate(owner.tolist()):
            told[person].append(single[place])
            events[person] += counts[place]
        return Rows.of([",".join(texts) for texts in told], events)


def places_within(keys: Array, span: tuple[bytes, bytes], chosen: Flags) -> Array:
    """Return the places of the chosen keys in [from, to); keys are sorted, an empty end is open."""
    start = int(keys.searchsorted(span[0])) if span[0] else 0
    stop = int(keys.searchsorted(span[1])) if span[1] else len(keys)
    return start + np.flatnonzero(chosen[start:stop])


def added(keys: Array, digests: Array, picked: dict[int, Array], users: list[bytes] | None) -> People:
    """Return people as the ledger takes them, each with the identifiers that are there."""
    if not len(keys):
        empty = nobody()
        return People(
            keys, digests, empty["id.ends"], empty["id.field"], empty["id.raw"], None if users is None else []
        )
    present = np.stack([words(raw) != 0 for raw in picked.values()], axis=1)
    raw = np.stack(list(picked.values()), axis=1)[present]
    codes = np.broadcast_to(np.array(list(picked), np.uint8), present.shape)[present]
    return People(keys, digests, np.cumsum(present.sum(axis=1)).astype(np.uint32), codes, raw, users)
