"""Where ads use the lists of an audience, what somebody signs of it, and lists in an account that nobody knows.

Signing needs ANSWER: it is a person's word for what the account shows, like an answer to drift.
"""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audiences.models import Activation, Audience
from audiences.views.loading import me
from muster.access import Permission, allow, who_can
from muster.htmx import onward, page, varied
from reconciliation import attaching, unknown_lists
from reconciliation.forms.lists import MayStayForm, SignForm
from reconciliation.models import UnknownList
from reconciliation.where_used import where_used

from .loading import destination_or_404, list_or_404, to_change

KEEPS = (Permission.REGISTER, Permission.MANAGE_CONNECTIONS)


@allow(Permission.READ)
@require_safe
def of_audience(request: HttpRequest, slug: str) -> HttpResponse:
    """Where each list of an audience is used, by which id it is read, and what can be entered; its page loads it."""
    audience = get_object_or_404(Audience, slug=slug)
    made = Activation.objects.filter(audience=audience, kind=Activation.Kind.PRODUCTION).exclude(lifecycle="retired")
    lists = list(made.select_related("audience", "destination", "list_at").order_by("destination__name"))
    context = {"audience": audience, "rows": where_used(lists, timezone.now())}
    return varied(page(request, "reconciliation/where_used.html", context, part="used"))


@allow(Permission.READ)
@require_http_methods(["GET", "HEAD", "POST"])
def sign(request: HttpRequest, pk: int) -> HttpResponse:
    """Where one list is used; a POST signs what somebody saw in the account, for 30 days."""
    to_change(request, Permission.ANSWER)
    found = list_or_404(pk, ads=True)
    row = where_used([found], timezone.now())[0]
    if request.method != "POST":
        return page(request, "reconciliation/attachment.html", _shown(row, _form(row)))
    form = _form(row, request.POST)
    if row.is_read:
        messages.error(request, "Muster reads this from the account by itself, so no signed check is kept.")
        return onward(request, "reconciliation:sign", pk)
    if form.is_valid():
        attaching.sign(found, form.use(), by=me(request), at=timezone.now(), note=form.cleaned_data["note"])
        messages.success(
            request, "Your check is signed. It counts for 30 days, or until Muster reads the account itself."
        )
        return onward(request, "reconciliation:sign", pk)
    return page(request, "reconciliation/attachment.html", _shown(row, form))


def _form(row: Any, data: Any = None) -> SignForm:
    return SignForm(data, suppresses=row.suppresses, platform=row.list.destination.platform)


def _shown(row: Any, form: SignForm) -> dict[str, Any]:
    past = row.list.attachments.select_related("by").order_by("-at", "-pk")[:20]
    looks = [(one, attaching.use_in(one)) for one in past]
    return {"row": row, "list": row.list, "form": form, "looks": looks, "ask": who_can(Permission.ANSWER)[:3]}


@allow(Permission.READ)
@require_safe
def unknown(request: HttpRequest, pk: int) -> HttpResponse:
    """The customer lists of an account that no list of Muster fills: those that ads use first."""
    return _unknown_page(request, pk)


def _unknown_page(request: HttpRequest, pk: int, form: MayStayForm | None = None, about: int = 0) -> HttpResponse:
    destination = destination_or_404(pk, ads=True)
    rows = list(destination.unknown_lists.select_related("known_by").order_by("name", "external_id"))
    rows.sort(key=lambda one: (bool(one.known_reason), not one.used_in))
    context = {
        "destination": destination,
        "access": getattr(destination, "read_access", None),
        "rows": rows,
        "used": sum(bool(one.used_in) and not one.known_reason for one in rows),
        "strange": sum(not one.known_reason for one in rows),
        "form": form,
        "about": about,
        "ask": who_can(Permission.REGISTER)[:3],
    }
    return page(request, "reconciliation/unknown_lists.html", context)


@allow(*KEEPS)
@require_POST
def may_stay(request: HttpRequest, pk: int) -> HttpResponse:
    """Record why an unknown list may stay, or take that back."""
    found = get_object_or_404(UnknownList.objects.select_related("destination"), pk=pk, destination__archived_at=None)
    form = MayStayForm(request.POST)
    if "ask_again" in request.POST:
        unknown_lists.may_stay(found, reason="", by=me(request), at=timezone.now())
        messages.success(request, f"{found} is among the unknown lists again.")
    elif form.is_valid():
        unknown_lists.may_stay(found, reason=form.cleaned_data["reason"], by=me(request), at=timezone.now())
        messages.success(request, f"{found} may stay, and is no longer counted as unknown.")
    else:
        return _unknown_page(request, found.destination_id, form, found.pk)
    return onward(request, "reconciliation:unknown_lists", found.destination_id)
