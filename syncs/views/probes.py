"""For machines: whether this process lives, and whether work can be done. Neither says anything about people or lists."""

from datetime import datetime

from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from muster.access import public

from .loading import machinery

PARTS = ("scheduler", "workers", "redis", "queue")


@public
@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Liveness: this process answers. It asks nobody else."""
    return HttpResponse("alive\n", content_type="text/plain")


@public
@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """Readiness: 200 while runs can be started and worked on, else 503; the body says which part is how."""
    told = parts(timezone.now())
    # A long queue is work being done. Without Redis nobody knows of a worker, so it is not ready then.
    ready = told["database"] == "ok" and all(told[name] in {"ok", "warn"} for name in ("scheduler", "workers"))
    return JsonResponse({"ready": ready, **told}, status=200 if ready else 503)


def parts(now: datetime) -> dict[str, str]:
    """Return how each part is: ok, warn, bad or unknown. Two queries."""
    try:
        figures = machinery(now).figures
    except (DatabaseError, InterfaceError):
        return {"database": "bad", **dict.fromkeys(PARTS, "unknown")}
    return {"database": "ok", **{name: figure.tone for name, figure in zip(PARTS, figures, strict=True)}}
