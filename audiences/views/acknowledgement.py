"""A manager acknowledges what is blocked in a draft."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from audiences import acknowledging
from audiences.acknowledging import NothingToAcknowledge
from audiences.forms.registration import ReasonForm
from muster.access import Permission, allow
from muster.htmx import onward

from .loading import draft_of, me, standing


@allow(Permission.APPROVE)
@require_POST
def acknowledge(request: HttpRequest, slug: str) -> HttpResponse:
    """Record the word, with its reason, for the values as they are saved."""
    draft = draft_of(standing(slug))
    name = request.POST.get("name", "")[:20]
    form = ReasonForm({"reason": request.POST.get(f"reason-{name}", "")})
    if not form.is_valid():
        messages.error(request, "Say why it may be so, in one line. Nothing was acknowledged.")
        return onward(request, "audiences:definition", slug)
    try:
        acknowledging.acknowledge(draft, name, reason=form.cleaned_data["reason"], by=me(request), at=timezone.now())
    except NothingToAcknowledge as refusal:
        messages.info(request, str(refusal))
    else:
        messages.success(request, "It is acknowledged for exactly these values. Another cadence or target asks anew.")
    return onward(request, "audiences:definition", slug)
