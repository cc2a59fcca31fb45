"""What the suppression board knows of one required suppression at one account, as values."""

from datetime import datetime, timedelta

from django.utils import timezone

from audiences.models import RequiredSuppression

from .board_lists import Known
from .protection import Facts

__all__ = ["Known", "facts_of"]


def facts_of(line: RequiredSuppression, known: Known | None, now: datetime) -> Facts:
    """Return the facts of a line of the policy; `known` is the list that fulfils it, None where there is none."""
    audience = line.audience if line.audience and not line.audience.archived_at else None
    bare = Facts(
        now=now,
        place=line.destination.spec.label,
        target=timedelta(minutes=line.target_minutes),
        spends=line.first_spend is None or line.first_spend <= timezone.localdate(now),
        audience=audience.name if audience else "",
    )
    return _with_list(bare, known) if audience and known else bare


def _with_list(bare: Facts, known: Known) -> Facts:
    back = known.arrival
    return Facts(
        now=bare.now,
        place=bare.place,
        target=bare.target,
        spends=bare.spends,
        audience=bare.audience,
        lifecycle=known.list.lifecycle,
        newest=known.newest,
        stopped=known.stopped,
        paused=known.paused,
        failed=known.failed,
        readiness=back.readiness if back and back.read_at else "",
        said=back.words if back else "",
        read_old=bool(back and back.read_at and back.is_stale(bare.now)),
        health=back.health if back else "",
        health_words=back.health_words if back else "",
        use=known.used.use,
        unused=known.unused,
    )
