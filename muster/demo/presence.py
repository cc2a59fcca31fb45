"""Whether the demo is there. Asked at each start before anything else runs, so it imports little."""

import shutil
from pathlib import Path

from django.conf import settings

from audiences.models import Audience, Pipe

from .audience_plans import AUDIENCES, AudiencePlan
from .feed_plans import FEEDS


def marker() -> Path:
    """Return the file that says the stand-ins hold the demo's people; it goes when their data goes."""
    return Path(settings.HOME) / "sandbox" / "northwind-is-here"


def unfinished() -> Path:
    """Return the file that is there while an empty installation becomes the demo with its past."""
    return Path(settings.HOME) / "demo-is-being-made"


def forget_half_made(*, embedded: bool) -> bool:
    """Delete a demo whose making was cut short, its stand-ins' data too; return whether there was one.

    Nobody can have used it: no address was printed yet. A database that is not `embedded` in the home is not touched, so
    the demo then goes on with as much of its past as it has.
    """
    if not unfinished().exists():
        return False
    if embedded:
        for ending in ("", "-wal", "-shm"):
            Path(f"{settings.DATABASE_FILE}{ending}").unlink(missing_ok=True)
        shutil.rmtree(Path(settings.HOME) / "sandbox", ignore_errors=True)
    unfinished().unlink()
    return embedded


def is_done(rudder_url: str) -> bool:
    """Whether everything is there, and points at where the stand-ins are now."""
    names = [plan.name for plan in AUDIENCES]
    return (
        marker().exists()
        and Audience.objects.filter(name__in=names).count() == len(names)
        and not Pipe.objects.filter(name__in=pipe_names()).exclude(data_plane_url=rudder_url).exists()
    )


def pipe_names() -> list[str]:
    return [*(pipe_name(plan, key) for plan in AUDIENCES for key in plan.lists), *(plan.pipe for plan in FEEDS)]


def pipe_name(plan: AudiencePlan, key: str) -> str:
    """Return the name of a list's RudderStack source."""
    return f"{plan.slug}-{key}"
