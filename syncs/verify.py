"""Checks the invariants that rows alone can show. It reads only, at any time, also while runs are going.

I1 a run waits for something · I2 one live run a list · I3 nothing but fenced writers touched shards · I4 the ledger is
the chain of its accepted batches · I5 removals only from complete readings · I6 a batch has one body, and no key two
batches · I9 counts add up to the person.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import connection, transaction
from django.db.models import QuerySet, Sum

from audiences.models import Activation

from .models import Batch, LedgerShard, Pause, Pull, Run
from .states import ARRIVED, BatchState, PullState, RunState

MOST_SAID = 20
OPEN_END = b"\xff" * 17  # behind every key
Node = tuple[str, int]


@dataclass
class Finding:
    """One invariant: how many rows were looked at, and a sentence for each that breaks it."""

    invariant: str
    says: str
    looked_at: int = 0
    broken: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not self.broken

    def as_json(self) -> dict[str, object]:
        """Return it with the first few sentences and the number of all."""
        return {
            "says": self.says,
            "holds": self.holds,
            "looked_at": self.looked_at,
            "broken": len(self.broken),
            "examples": self.broken[:MOST_SAID],
        }


def verify() -> list[Finding]:
    """Return a finding for each invariant, over all lists. Each list is looked at as it is at one moment."""
    findings = {invariant: Finding(invariant, says) for invariant, says, _ in CHECKS}
    for list_id in list(Activation.objects.order_by("pk").values_list("pk", flat=True)):
        with snapshot():
            made = Activation.objects.get(pk=list_id)
            for invariant, _, check in CHECKS:
                for broken in check(made):
                    findings[invariant].looked_at += 1
                    findings[invariant].broken += broken
    return list(findings.values())


@contextmanager
def snapshot() -> Iterator[None]:
    """Read the database as it is at one moment, without keeping anybody from writing."""
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")
    else:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield


def waiting(made: Activation) -> Iterator[list[str]]:
    """I1: a waiting run knows when it goes on, or waits for the end of a pause."""
    for run in Run.objects.live().filter(activation=made):
        stuck = run.state == RunState.WAITING and run.wake_at is None
        if stuck and run.reason == "paused" and Pause.objects.over(made).exists():
            stuck = False
        yield [f"Run {run.pk} waits, and nothing will wake it."] if stuck else []


def live_runs(made: Activation) -> Iterator[list[str]]:
    """I2: no list has two live runs."""
    live = Run.objects.live().of_lists().filter(activation=made).count()
    yield [f"List {made.pk} has {live} live runs."] if live > 1 else []


def fenced(made: Activation) -> Iterator[list[str]]:
    """I3: readings keep only the newest holder's shards; a ledger shard has changed once for each accepted batch."""
    for pull in Pull.objects.filter(runs__activation=made, state=PullState.COMPLETE, dropped_at=None).distinct():
        right = pull.staged.filter(fence=pull.fence).count()
        words = f"Reading {pull.pk} has {right} shards of its holder, and {pull.shards} were counted."
        yield [] if right == pull.shards else [words]
    writes = Counter(name for name, _, _ in edges_of(made))
    for name, shard in shards_of(made).items():
        # Cutting a ledger anew writes a shard once without a batch; the first generation is never cut.
        by_cutting = {0} if shard.generation == 1 else {0, 1}
        words = (
            f"Ledger shard {name} of list {made.pk} was written {shard.version} times, and {writes[name]} accepted "
            "batches say so."
        )
        yield [] if shard.version - writes[name] in by_cutting else [words]


def chained(made: Activation) -> Iterator[list[str]]:
    """I4: for each shard, what accepted batches left and found forms one unbroken chain that ends at the shard."""
    shards = shards_of(made)
    chains: dict[str, Counter[Node]] = {name: Counter() for name in shards}
    for name, before, after in edges_of(made):
        if name.startswith(f"{made.generation}:"):
            ends = chains.setdefault(name, Counter())
            ends[before] += 1
            ends[after] -= 1
    for name, ends in chains.items():
        yield chain_of(made.pk, name, ends, shards.get(name))
    yield sums_of(made, shards.values())


def chain_of(list_id: int, name: str, ends: Counter[Node], shard: LedgerShard | None) -> list[str]:
    """Return what is wrong with one chain: each state but the first and the last is left as often as it is reached."""
    where = f"The chain of ledger shard {name} of list {list_id}"
    if shard is None:
        return [f"{where} ends nowhere: there is no such shard."]
    loose = +ends, -ends
    starts, stops = list(loose[0].elements()), list(loose[1].elements())
    last = (shard.digest, shard.members)
    if not starts and not stops:
        # Nothing was ever changed, or it came back to what it was before its first batch.
        return [] if not ends or last in ends else [f"{where} does not reach what the shard holds."]
    if len(starts) != 1 or len(stops) != 1:
        return [f"{where} is broken in {max(len(starts), len(stops)) - 1} places."]
    if stops[0] != last:
        return [f"{where} ends at {stops[0][1]} members, and the shard holds {shard.members} or other people."]
    if shard.generation == 1 and starts[0] != ("", 0):
        return [f"{where} begins with {starts[0][1]} members that no batch brought."]
    return []


def sums_of(made: Activation, shards: Iterable[LedgerShard]) -> list[str]:
    """Return what is wrong with a list's size: batches, shards and the list's own number say the same."""
    total = sum(shard.members for shard in shards)
    accepted = Batch.objects.filter(activation=made, state=BatchState.ACCEPTED)
    moved = accepted.aggregate(adds=Sum("adds", default=0), removes=Sum("removes", default=0))
    by_batches = moved["adds"] - moved["removes"]
    if total == made.members == by_batches:
        return []
    return [f"List {made.pk} says {made.members} members, its shards {total}, its accepted batches {by_batches}."]


def complete_readings(made: Activation) -> Iterator[list[str]]:
    """I5: whatever was planned was planned on a complete reading."""
    for run in planned(made).select_related("pull"):
        fine = run.pull is not None and run.pull.state == PullState.COMPLETE
        yield [] if fine else [f"Run {run.pk} was planned without a complete reading."]


def one_body(made: Activation) -> Iterator[list[str]]:
    """I6: a batch that sends has a body's hash, and within a pass no key belongs to two batches."""
    kept = [BatchState.SENDING, BatchState.ACCEPTED, BatchState.REJECTED]
    batches = Batch.objects.filter(activation=made, state__in=kept).order_by("run", "pass_name", "key_from")
    run_pass, reached = (0, ""), b""
    for batch in batches.iterator(chunk_size=2000):
        broken = []
        start, stop = bytes(batch.key_from), bytes(batch.key_to) or OPEN_END
        if (batch.run_id, batch.pass_name) != run_pass:
            run_pass, reached = (batch.run_id, batch.pass_name), b""
        if start < reached:
            broken.append(f"Batch {batch.pk} of run {batch.run_id} overlaps another one in {batch.pass_name}.")
        if bool(batch.events) != bool(batch.body_hash):
            broken.append(f"Batch {batch.pk} has {batch.events} events and {'a' if batch.body_hash else 'no'} hash.")
        reached = max(reached, stop)
        yield broken


def balanced(made: Activation) -> Iterator[list[str]]:
    """I9: a run's counts add up, and after the newest one that arrived the list holds who was wanted."""
    newest = Run.objects.of_lists().filter(activation=made).newest_first().first()
    for run in planned(made):
        broken = [f"Run {run.pk}: {words}" for words in unbalanced(run)]
        if run == newest and run.state == RunState.DONE:
            wanted, erased = run.wanted or 0, run.left_out.get("erased", 0)
            if not wanted <= made.members <= wanted + erased:
                broken.append(f"Run {run.pk}: {wanted} are wanted, and the list holds {made.members}.")
        yield broken


def unbalanced(run: Run) -> Iterator[str]:
    """Yield each sum of a planned run that does not come out.

    People erased after the plan move from wanted to left out; the ledger still holds them until the next run.
    """
    left_out, erased = sum(run.left_out.values()), run.left_out.get("erased", 0)
    if run.in_segment != (run.wanted or 0) + left_out:
        yield f"{run.in_segment} in the segment are not {run.wanted} wanted and {left_out} left out."
    sent = run.adds + run.changes + run.reasserts
    if run.wanted != run.unchanged + sent:
        yield f"{run.wanted} wanted are not {run.unchanged} unchanged and {sent} to send."
    held = run.removes + run.releases + run.unchanged + run.changes + run.reasserts
    if not held <= (run.before or 0) <= held + erased:
        yield f"{run.before} before are not the {held} who leave or stay."
    if sum(run.removes_by.values()) != run.removes:
        yield f"{run.removes} removals have {sum(run.removes_by.values())} causes."
    if run.optouts > run.removes:
        yield f"{run.optouts} opt-outs are more than {run.removes} removals."
    if run.state in ARRIVED and not run.is_dry:
        yield from unfinished(run, sent)


def unfinished(run: Run, sent: int) -> Iterator[str]:
    """Yield what an arrived run has not brought to an end, or has counted twice."""
    if run.accepted_adds > sent:
        yield f"{run.accepted_adds} additions were accepted of {sent} planned."
    if run.accepted_removes > run.removes + run.dropped:
        yield f"{run.accepted_removes} removals were accepted of {run.removes + run.dropped} planned."
    if open_ones := run.batches.filter(state=BatchState.SENDING).count():
        yield f"it ended {run.get_state_display()} with {open_ones} batches without an answer."


def planned(made: Activation) -> QuerySet[Run]:
    """Return the runs of a list that have a plan."""
    return Run.objects.filter(activation=made).exclude(planned_at=None).order_by("pk")


def shards_of(made: Activation) -> dict[str, LedgerShard]:
    """Return the ledger shards in use by name, without their contents."""
    rows = LedgerShard.objects.filter(activation=made, generation=made.generation).defer("patch")
    return {name_of(shard): shard for shard in rows}


def name_of(shard: LedgerShard) -> str:
    """Return a shard's name as batches write it."""
    return f"{shard.generation}:{shard.number}"


def edges_of(made: Activation) -> Iterator[tuple[str, Node, Node]]:
    """Yield (shard, state found, state left) for every shard that an accepted batch touched."""
    accepted = Batch.objects.filter(activation=made, state=BatchState.ACCEPTED)
    for before, after in accepted.values_list("before", "after").iterator(chunk_size=2000):
        for name, found in before.items():
            left = after.get(name, ["", -1])
            yield name, (found[0], found[1]), (left[0], left[1])


Check = Callable[[Activation], Iterator[list[str]]]
CHECKS: tuple[tuple[str, str, Check], ...] = (
    ("I1", "an accepted request ends, or visibly waits", waiting),
    ("I2", "at most one live run a list", live_runs),
    ("I3", "only the current fence writes", fenced),
    ("I4", "the ledger is the fold of acknowledged batches", chained),
    ("I5", "removals only from a complete reading", complete_readings),
    ("I6", "a batch never has two bodies", one_body),
    ("I9", "the counts add up to the person", balanced),
)
