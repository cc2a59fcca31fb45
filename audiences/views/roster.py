"""The roster of pilots: domains of the company, and initials of the team. No address is shown or repeated."""

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from audiences import roster as keeping
from audiences.forms.roster import DomainForm, MembersForm
from audiences.models import RosterDomain, RosterMember
from audiences.roster import NotOnRoster
from muster.access import NotAllowed, Permission, allow, can, who_can

from .loading import me


@allow(Permission.READ_SETUP)
@require_http_methods(["GET", "HEAD", "POST"])
def roster(request: HttpRequest) -> HttpResponse:
    """Who a pilot may reach; a POST puts people of the team on it."""
    if request.method != "POST":
        return _page(request, DomainForm(), MembersForm())
    if not can(request.user, Permission.MANAGE_CONNECTIONS):
        raise NotAllowed("the roster is kept by administrators", Permission.MANAGE_CONNECTIONS)
    form = MembersForm(request.POST)
    if not form.is_valid():
        return _page(request, DomainForm(), form)
    try:
        wanted, team = form.cleaned_data["addresses"], form.cleaned_data["team"]
        new = keeping.add(wanted, team=team, by=me(request), at=timezone.now())
    except NotOnRoster as refusal:
        form.add_error("addresses", str(refusal))
        return _page(request, DomainForm(), form)
    messages.success(request, f"{new} added. The next pilot run may reach them.")
    return redirect("audiences:roster")


@allow(Permission.MANAGE_CONNECTIONS)
@require_POST
def allow_domain(request: HttpRequest) -> HttpResponse:
    """Let addresses of a domain be put on the roster."""
    form = DomainForm(request.POST)
    if not form.is_valid():
        return _page(request, form, MembersForm())
    keeping.allow_domain(form.cleaned_data["name"], by=me(request), at=timezone.now())
    messages.success(request, "Addresses at this domain may be put on the roster.")
    return redirect("audiences:roster")


@allow(Permission.MANAGE_CONNECTIONS)
@require_POST
def drop_domain(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a domain off, with everybody at it."""
    keeping.drop_domain(get_object_or_404(RosterDomain, pk=pk), by=me(request), at=timezone.now())
    messages.success(request, "The domain is off the roster, and so is everybody at it.")
    return redirect("audiences:roster")


@allow(Permission.MANAGE_CONNECTIONS)
@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take somebody off."""
    keeping.remove(get_object_or_404(RosterMember, pk=pk), by=me(request), at=timezone.now())
    messages.success(request, "Taken off. The next pilot run removes them from its list.")
    return redirect("audiences:roster")


def _page(request: HttpRequest, domain_form: Form, members_form: Form) -> HttpResponse:
    context = {
        "domains": RosterDomain.objects.prefetch_related("members").order_by("name"),
        "members": RosterMember.objects.select_related("domain", "added_by"),
        "domain_form": domain_form,
        "members_form": members_form,
        "keepers": who_can(Permission.MANAGE_CONNECTIONS),
    }
    return render(request, "audiences/roster.html", context)
