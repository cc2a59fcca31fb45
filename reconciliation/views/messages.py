"""How a person is told: channels, alerts, a mute that ends; what they were sent, and what did not leave."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import Count, Max, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from audiences.views.loading import me, posted
from muster import audit
from muster.access import Permission, allow
from muster.htmx import onward, page, varied
from reconciliation.forms.wishes import WishForm
from reconciliation.models import Delivery, Wish
from reconciliation.postbox import wish_of

NEWEST = 10


@allow(Permission.READ)
@require_http_methods(["GET", "HEAD", "POST"])
def wishes(request: HttpRequest) -> HttpResponse:
    """How I am told, and what I was told last; the page of the profile loads it. A POST changes how."""
    wish, now = wish_of(me(request)), timezone.now()
    form = WishForm(wish, posted(request), now=now)
    if request.method == "POST" and form.is_valid():
        Wish.objects.update_or_create(person=me(request), defaults=form.cleaned_data)
        audit.record(verb="chose how to be told", by=me(request), at=now)
        silent = not (form.cleaned_data["by_email"] or form.cleaned_data["by_webhook"])
        words = "Nothing is sent to you: no channel is chosen." if silent else "It holds from the next message on."
        messages.success(request, f"How you are told is saved. {words}")
        return onward(request, "profile")
    return varied(page(request, "reconciliation/wishes.html", _shown(request, wish, form), part="wishes"))


def _shown(request: HttpRequest, wish: Wish, form: WishForm) -> dict[str, Any]:
    return {
        "wish": wish,
        "form": form,
        "muted": wish.muted_until and wish.muted_until > timezone.now(),
        "has_email": bool(settings.EMAIL_HOST),
        "has_webhook": bool(settings.WEBHOOK_URL),
        "sent": Delivery.objects.filter(person=me(request)).order_by("-made_at", "-pk")[:NEWEST],
    }


@allow(Permission.READ)
@require_safe
def message(request: HttpRequest, pk: int) -> HttpResponse:
    """One message that was made for the reader, as it was or will be sent."""
    found = get_object_or_404(Delivery, pk=pk, person=me(request))
    return page(request, "reconciliation/message.html", {"message": found})


@allow(Permission.READ)
@require_safe
def undelivered(request: HttpRequest) -> HttpResponse:
    """What did not leave, by channel and reason, in 14 days; the page of health loads it. Nobody's message is shown."""
    since = timezone.now() - timedelta(days=14)
    stuck = Delivery.objects.filter(sent_at=None, made_at__gte=since).exclude(words="")
    waits = Count("pk", filter=Q(next_at__isnull=False))
    rows = stuck.values("channel", "words").annotate(count=Count("pk"), waiting=waits, newest=Max("made_at"))
    return varied(
        page(request, "reconciliation/undelivered.html", {"rows": rows.order_by("-newest")[:20]}, part="stuck")
    )
