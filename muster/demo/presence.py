"""Whether the demo is there. Asked at each start before anything else runs, so it imports little."""

from pathlib import Path

from django.conf import settings

from audiences.models import Audience, Pipe

from .audience_plans import AUDIENCES, AudiencePlan
from .feed_plans import FEEDS


def marker() -> Path:
    """Return the file that says the stand-ins hold the demo's people; it goes when their data goes."""
    return Path(settings.HOME) / "sandbox" / "northwind-is-here"


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
