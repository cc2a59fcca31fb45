"""Administrators: who may come in, and as what."""

from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from muster import audit, invitations, people
from muster.access import Permission, Role, allow
from muster.forms import EditPersonForm, InviteForm
from muster.htmx import onward
from muster.models import Invitation, Person

MANAGE = Permission.MANAGE_PEOPLE


@allow(MANAGE)
@require_safe
def list_people(request: HttpRequest) -> HttpResponse:
    """Everybody, those who can sign in first."""
    everybody = Person.objects.select_related("deputy").order_by("-is_active", "full_name", "pk")
    open_links = {link.person_id: link for link in Invitation.objects.filter(used_at=None)}
    rows = [{"person": person, "link": open_links.get(person.pk)} for person in everybody]
    return render(request, "muster/people.html", {"rows": rows, "now": timezone.now()})


@allow(MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    """Add a person and show the link with which they set a password."""
    form = InviteForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        role, at = Role(said["role"]), timezone.now()
        person, token = invitations.invite(
            email=said["email"], full_name=said["full_name"], role=role, by=_me(request), at=at
        )
        return _link_page(request, person, token)
    return render(request, "muster/invite.html", {"form": form})


@allow(MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Name and role of one person; below, what can be done about their sign-in."""
    person = get_object_or_404(Person, pk=pk)
    form = EditPersonForm(request.POST if request.method == "POST" else None, instance=get_object_or_404(Person, pk=pk))
    if request.method == "POST" and form.is_valid() and _save(request, person, form):
        messages.info(request, f"{form.cleaned_data['full_name']} is saved.")
        return redirect("people:list")
    link = person.invitations.filter(used_at=None).first()
    return render(request, "muster/person.html", {"person": person, "form": form, "link": link, "now": timezone.now()})


def _save(request: HttpRequest, person: Person, form: EditPersonForm) -> bool:
    said, at = form.cleaned_data, timezone.now()
    try:
        people.change_role(person, Role(said["role"]), by=_me(request), at=at, reason=said["reason"])
    except people.Refused as refusal:
        form.add_error("role", str(refusal))
        return False
    if said["full_name"] != person.full_name:
        audit.record(verb="renamed", subject=person, by=_me(request), reason=said["reason"], at=at)
        Person.objects.filter(pk=person.pk).update(full_name=said["full_name"])
    return True


@allow(MANAGE)
@require_POST
def new_link(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a new link to somebody without a password; take the password away from somebody with one."""
    person = get_object_or_404(Person, pk=pk)
    if not person.is_active or person == request.user:
        words = "Change your own password in your profile." if person == request.user else "Enable this person first."
        messages.error(request, f"No link was made. {words}")
        return onward(request, "people:edit", pk)
    if person.has_usable_password():
        token = invitations.reset(person, by=_me(request), at=timezone.now(), reason=_reason(request))
    else:
        token = invitations.renew(person, by=_me(request), at=timezone.now())
    return _link_page(request, person, token)


@allow(MANAGE)
@require_POST
def disable(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a person out; their sessions end at once."""
    person = get_object_or_404(Person, pk=pk)
    try:
        people.disable(person, by=_me(request), at=timezone.now(), reason=_reason(request))
    except people.Refused as refusal:
        messages.error(request, str(refusal))
        return onward(request, "people:edit", pk)
    messages.info(request, f"{person.full_name} is disabled and signed out everywhere.")
    return onward(request, "people:list")


@allow(MANAGE)
@require_POST
def enable(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a person in again."""
    person = get_object_or_404(Person, pk=pk)
    people.enable(person, by=_me(request), at=timezone.now(), reason=_reason(request))
    messages.info(request, f"{person.full_name} can sign in again.")
    return onward(request, "people:list")


def _link_page(request: HttpRequest, person: Person, token: str) -> HttpResponse:
    # Shown in the answer to the POST: only the hash of the token is kept, so nothing could show it later.
    link = request.build_absolute_uri(reverse("invitation", args=[token]))
    return render(request, "muster/link.html", {"person": person, "link": link, "days": invitations.LASTS.days})


def _me(request: HttpRequest) -> Person:
    return cast(Person, request.user)


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "")[:300]
