"""Rings again for what nobody works on, and clears away what nobody needs; harmless at any time, in any number."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from audiences import watch
from audiences.models import Activation, Lifecycle

from . import staging
from .doorbell import ring, ring_to_look
from .models import Pause, PlanShard, Run
from .purge import purge
from .states import FINISHED, LIVE, BatchState, RunState

PLANS_KEPT = timedelta(hours=1)
TIERS_KEPT = timedelta(hours=24)


def sweep(*, at: datetime) -> dict[str, int]:
    """Ring for due runs and drop what is no longer needed. Return how many of each."""
    return {
        "rang": ring_due(at=at),
        "plans": drop_plans(at),
        "readings": staging.drop_unused(at),
        "purged": purge(at=at),
    }


def due(at: datetime) -> QuerySet[Run]:
    """Return live runs that nobody works on, whose time has come and for which nobody rang lately."""
    waiting = Q(state=RunState.WAITING, wake_at__lte=at)
    abandoned = Q(state=RunState.RUNNING) & (Q(lease_until=None) | Q(lease_until__lt=at))
    quiet = Q(rang_at=None) | Q(rang_at__lt=at - timedelta(seconds=settings.RING_SECONDS))
    return Run.objects.filter(waiting | abandoned, quiet)


def ring_due(*, at: datetime | None = None) -> int:
    """Ring for due runs and return how many there were; without Redis they stay due."""
    now = at or timezone.now()
    wake_unpaused(now)
    rang = 0
    for run_id in list(due(now).order_by("pk").values_list("pk", flat=True)[:200]):
        rang += 1
        if not ring(run_id, at=now):
            break
    return rang


def ring_looks(*, at: datetime) -> int:
    """Ring for the workspaces whose list of segments is due to be read, and return how many. A lost ring costs one look."""
    rang = [workspace_id for workspace_id in watch.due(at).values_list("pk", flat=True) if ring_to_look(workspace_id)]
    watch.tried(rang, at=at)
    return len(rang)


def wake_unpaused(at: datetime) -> None:
    """Wake runs that waited for a pause which has ended, in case the ring at its end was lost."""
    for run in Run.objects.filter(state=RunState.WAITING, reason="paused", wake_at=None).select_related("activation"):
        if not Pause.objects.over(run.activation).exists():
            Run.objects.filter(pk=run.pk, state=RunState.WAITING, wake_at=None).update(wake_at=at)


def drop_plans(at: datetime) -> int:
    """Delete the plans of ended runs, except where a batch may have to be made again from them.

    Of a tier also while another tier at the same place has not planned since: who went there is told from it, for a day.
    """
    ended = Run.objects.filter(state__in=FINISHED - LIVE, finished_at__lt=at - PLANS_KEPT)
    since = Run.objects.of_lists().filter(activation=OuterRef("pk"), planned_at__gt=OuterRef(OuterRef("finished_at")))
    behind = Activation.objects.filter(
        ~Exists(since),
        audience__family=OuterRef("activation__audience__family"),
        destination=OuterRef("activation__destination"),
        kind=Activation.Kind.PRODUCTION,
        lifecycle=Lifecycle.LIVE,
    ).exclude(pk=OuterRef("activation"))
    told_from = Q(Exists(behind), finished_at__gt=at - TIERS_KEPT, removes__gt=0) & ~Q(activation__audience__family="")
    needless = ended.exclude(batches__state=BatchState.SENDING).filter(~told_from, plan_shards__isnull=False)
    return PlanShard.objects.filter(run__in=needless.values("pk")).delete()[0]
