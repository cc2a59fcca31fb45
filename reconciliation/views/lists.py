"""The id of a list at its platform: enter it, or choose it from what the platform lists now."""

from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audiences.models import Activation
from audiences.platforms import Family
from audiences.views.loading import me
from muster.access import Permission, allow, who_can
from muster.htmx import onward, page, varied
from muster.vendor_errors import VendorError
from reconciliation import list_ids
from reconciliation.forms.lists import ListIdForm
from reconciliation.readers.seen import AdReader
from reconciliation.reading_access import is_readable
from reconciliation.there import choices
from reconciliation.trying_access import reader_of, refused

from .loading import list_or_404, may, to_change

# The owner's people know which list is theirs; administrators have the platform open when they connect it.
SETS = (Permission.REGISTER, Permission.MANAGE_CONNECTIONS)


@allow(Permission.READ)
@require_http_methods(["GET", "HEAD", "POST"])
def list_at(request: HttpRequest, pk: int) -> HttpResponse:
    """By which id the platform knows a list; a POST checks and keeps it."""
    to_change(request, *SETS)
    found = list_or_404(pk)
    if request.method != "POST":
        return page(request, "reconciliation/list_at.html", _shown(request, found, _form(found)))
    form = _form(found, request.POST)
    if form.is_valid():
        try:
            named = list_ids.set_id(found, form.cleaned_data["external_id"], by=me(request), at=timezone.now())
        except list_ids.WrongId as refusal:
            form.add_error("external_id", str(refusal))
        else:
            _say(request, found, named)
            return onward(request, "reconciliation:list_at", pk)
    return page(request, "reconciliation/list_at.html", _shown(request, found, form))


def _say(request: HttpRequest, found: Activation, named: list_ids.Named) -> None:
    if named.unchecked:
        words = "It is saved, and is checked as soon as the platform can be read."
        messages.warning(request, f"The id could not be checked. {named.unchecked} {words}")
    else:
        called = f", which is called “{named.at.name_seen}” there" if named.at.name_seen else ""
        messages.success(request, f"{found.destination} knows this list{called}. It is read from now on.")
    if named.anew:
        messages.info(request, "The list before it is gone there, so the next sync sends everybody to this one.")


def _form(found: Activation, data: Any = None) -> ListIdForm:
    _, label, where = list_ids.id_of(found.destination.platform)
    kept = getattr(found, "list_at", None)
    first = kept.external_id if kept else list_ids.suggestion(found)
    return ListIdForm(data, initial=first, label=f"{label} at {found.destination.spec.label}", helped=where)


def _shown(request: HttpRequest, found: Activation, form: ListIdForm) -> dict[str, Any]:
    access, why_not = list_ids.readable(found)
    return {
        "list": found,
        "kept": getattr(found, "list_at", None),
        "form": form,
        "trait": "" if found.destination.spec.family == Family.ADS else list_ids.trait_of(found),
        "is_ads": found.destination.spec.family == Family.ADS,
        "is_warehouse": found.destination.spec.family == Family.WAREHOUSE,
        "readable": access,
        "has_reader": is_readable(found.destination),
        "why_not": why_not,
        "may_set": may(request, *SETS),
        "ask": who_can(Permission.REGISTER)[:3],
    }


@allow(*SETS)
@require_safe
def there(request: HttpRequest, pk: int) -> HttpResponse:
    """The customer lists that the account shows now, by name with sizes; the page of the id loads it."""
    found = list_or_404(pk, ads=True)
    access, why_not = list_ids.readable(found)
    context: dict[str, Any] = {"list": found, "why_not": why_not, "form": _form(found)}
    if access:
        try:
            seen = cast(AdReader, reader_of(access)).everything()
        except VendorError as error:
            context["why_not"] = refused(error).words
        else:
            context["choices"] = choices(found, seen)
    return varied(page(request, "reconciliation/there.html", context, part="there"))


@allow(*SETS)
@require_POST
def forget(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the id of a list out."""
    found = list_or_404(pk)
    if list_ids.forget_id(found, by=me(request), at=timezone.now()):
        messages.success(request, "The id is taken out. The list is read no more until another one is entered.")
    return onward(request, "reconciliation:list_at", pk)
