"""Fixes a run's plan: compares, lets the guards judge, stores it with its figures in one transaction."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction

from audiences.models import Activation

from . import arms, counted_before, expiry, guards, plan_shards
from .admission import held_by_production
from .compare import Comparison
from .figures import facts_of, released
from .growing import holds_growth, is_growing
from .lease import Lease
from .models import Batch, Pull, Release, Run
from .moves import tell
from .plan import ADD
from .plan_counts import Counts
from .resharding import reshard
from .staging import Staged
from .states import ARRIVED, BatchState
from .terms import Terms
from .trait_types import wrong_types

Clock = Callable[[], datetime]


def plan(
    terms: Terms, lease: Lease, exclusions: list[Pull], missing: list[str], beat: Callable[[], None], clock: Clock
) -> None:
    """Compare and fix the plan; of a dry run only the figures are kept. `missing` exclusions park the additions."""
    run, activation = terms.run, terms.run.activation
    assert run.pull is not None, "the segment is read before it is compared"
    staged = Staged(run.pull)
    if not run.is_dry:
        reshard(activation, lease, staged.people, texts_too=terms.texts)
    comparison = Comparison(terms, staged, [Staged(one) for one in exclusions], beat)
    everybody = sends_everybody(run)
    at = clock()
    renewing = [] if everybody else expiry.expiring(run, at)
    plans = comparison.planned(everybody=everybody, expiring=expiry.intervals(renewing))
    at = clock()
    verdict, release = judged(terms, comparison.counts, missing, at)
    fields = {
        **comparison.counts.fields(),
        "renewing": renewing,
        "unusable": unusable(terms) | wrong_types(terms, staged, beat),
        "verdict": verdict,
        "planned_at": at,
        "generation": activation.generation,
        "epoch": activation.epoch,
    }
    with transaction.atomic():
        plan_shards.store(run, lease, [] if run.is_dry else plans, fields)
        if not run.is_dry:
            Activation.objects.filter(pk=activation.pk).update(duplicates=comparison.counts.duplicates)
            counted_before.keep(activation, comparison.known)
        if release is not None and not run.is_dry:
            Release.objects.filter(pk=release.pk).update(used_by=run)
        if not run.is_dry and run.pull.began_at is not None:
            comparison.opted_out.lift(run.pull.began_at)
        tell(run, "compared", summary(run, missing), at)


def sends_everybody(run: Run) -> bool:
    """Whether a run sends every member again."""
    # A ledger restored from an older backup does not know whom later runs added: everybody is sent again first.
    return run.kind == Run.Kind.REASSERT or run.activation.epoch > run.activation.asserted_epoch


def judged(terms: Terms, counts: Counts, missing: list[str], at: datetime) -> tuple[dict[str, Any], Release | None]:
    """Return what the guards say, and the release that let something pass."""
    run = terms.run
    allowed, row = released(run, at)
    figures = guards.Figures(wanted=counts.wanted, removes=counts.removes - counts.optouts, adds=counts.ops[ADD])
    verdict = guards.judge(figures, facts_of(run, counts.before, at), allowed)
    if terms.is_pilot:
        # A list of the team has no usual turnover.
        verdict = guards.passed(verdict)
    elif run.kind == Run.Kind.CLEAR:
        verdict = guards.named(verdict, "clear")
    elif is_growing(run):
        verdict["adds"] |= {"held": False, "why": ""}
    used = any(said["released"] for said in verdict.values())
    sent_adds = sum(counts.ops.values())
    if missing:
        verdict["adds"]["figure"] = sent_adds
        verdict = guards.parked(verdict, "exclusion_unavailable", removes=False, adds=True)
    if holds_growth(run, at) and run.kind != Run.Kind.CLEAR:
        verdict["adds"]["figure"] = sent_adds
        verdict = guards.parked(verdict, "not_judged", removes=False, adds=True)
    if arms_are_lost(terms) and run.kind != Run.Kind.CLEAR:
        verdict["adds"]["figure"] = sent_adds
        verdict = guards.parked(verdict, "arms_lost", removes=False, adds=True)
    if terms.is_pilot and held_by_production(run.activation):
        verdict = guards.parked(verdict, "production_holds", removes=True, adds=False)
    if changed_since_locked(run) and run.kind != Run.Kind.CLEAR:
        verdict["adds"]["figure"] = sent_adds
        verdict = guards.parked(verdict, "definition_changed", removes=True, adds=not terms.suppresses)
    return verdict, row if used else None


def changed_since_locked(run: Run) -> bool:
    """Whether the segment's conditions are no longer those that the definition was locked with."""
    locked, now = run.definition.fingerprint, run.pull.fingerprint if run.pull else ""
    return bool(locked and now and locked != now)


def arms_are_lost(terms: Terms) -> bool:
    """Whether most people lost the holdout's attribute since the list was last synced, so that it looks emptied or renamed."""
    holdout, run = terms.holdout, terms.run
    if holdout is None or run.pull is None:
        return False
    same = Run.objects.of_lists().filter(
        activation=run.activation, state__in=ARRIVED, definition__holdout_attribute=holdout.attribute
    )
    before = same.exclude(pull=None).exclude(pk=run.pk).order_by("-pk").select_related("pull").first()
    if before is None or before.pull is None:
        return False
    had, have = (
        (arms.with_arm(counts, holdout.attribute), int(counts.get("people", 0)))
        for counts in (before.pull.counts, run.pull.counts)
    )
    return arms.are_lost(had, have)


def unusable(terms: Terms) -> dict[str, int]:
    """Return how many values of what is sent could not be used, by reason, as the reading counted them."""
    run = terms.run
    counts = run.pull.counts if run.pull else {}
    if terms.holdout and (unread := arms.unreadable(counts, terms.holdout.attribute)):
        counts = {**counts, terms.holdout.column: unread}
    kinds = ("id_has_at",) if terms.texts else tuple(f"{name}_" for name in terms.fields)
    told = {name: count for name, count in counts.items() if count and name.startswith(kinds) and "_" in name}
    return told | {name: count for name, count in counts.items() if name.startswith(arms.COLUMN)}


def summary(run: Run, missing: list[str]) -> str:
    """Return the comparison in sentences, for the timeline."""
    parts = [
        f"Compared with the {run.before or 0:,} people on the list: {run.adds:,} to add, {run.changes:,} changed, "
        f"{run.removes:,} to remove, {run.unchanged:,} unchanged."
    ]
    for name, label in (("removes", "removals"), ("adds", "additions")):
        said = run.verdict[name]
        if said["held"]:
            parts.append(f"{said['figure']:,} {label} are parked.")
        elif said.get("first"):
            parts.append(f"First sync: {said['figure']:,} additions, not judged.")
        elif said["released"]:
            parts.append(f"Released: {said['figure']:,} {label}, over the limit of {said['limit']:,}.")
        elif said["figure"]:
            parts.append(f"Guard passed: {said['figure']:,} {label}, limit {said['limit']:,}.")
    if run.renewals:
        parts.append(f"{run.renewals:,} are sent again before the platform lets them expire; no guard judges that.")
    parts += [f"An exclusion could not be read: {words}" for words in missing]
    return " ".join(parts)


def has_work(run: Run, pass_name: str) -> bool:
    """Whether a pass sends anything, or settles releases."""
    if pass_name == "optouts":
        return run.optouts + run.releases > 0
    if pass_name == "removals":
        return "removes" not in run.held and run.removes - run.optouts + run.releases + run.dropped > 0
    return "adds" not in run.held and run.adds + run.changes + run.reasserts > 0


def reasserted(run: Run, lease: Lease) -> None:
    """Note whom a run sent again: members of batches once unknown, and who would have expired. Raises LeaseLost."""
    if "adds" in run.held or run.planned_at is None:
        return
    unknown = Batch.objects.filter(activation=run.activation, was_unknown=True, reasserted=False)
    with transaction.atomic():
        lease.write(payload_version=run.payload_version)
        expiry.asserted(run, everybody=sends_everybody(run))
        unknown.filter(created_at__lt=run.planned_at).exclude(state=BatchState.SENDING).update(reasserted=True)
