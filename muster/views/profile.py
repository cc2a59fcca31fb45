"""What a person sets for themselves."""

from typing import cast

from django.contrib import auth, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from muster import audit
from muster.access import Permission, allow
from muster.forms import ChangePasswordForm, ProfileForm
from muster.models import Person


@allow(Permission.READ)
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Name, time zone, colours, deputy."""
    person = Person.objects.get(pk=request.user.pk)
    form = ProfileForm(request.POST if request.method == "POST" else None, instance=person)
    if request.method == "POST" and form.is_valid():
        form.save()
        if "deputy" in form.changed_data:
            verb = "named as deputy" if person.deputy else "named nobody as deputy any more"
            audit.record(verb=verb, subject=person.deputy, by=person)
        messages.info(request, "Your profile is saved.")
        return redirect("profile")
    return _page(request, form, ChangePasswordForm(person=person))


@allow(Permission.READ)
@sensitive_post_parameters("password", "old_password")
@require_POST
def change_password(request: HttpRequest) -> HttpResponse:
    """Set another password; this session stays, all others of this person end."""
    person = Person.objects.get(pk=request.user.pk)
    form = ChangePasswordForm(request.POST, person=person)
    if form.is_valid() and not person.check_password(form.cleaned_data["old_password"]):
        form.add_error("old_password", "This is not your password now. Nothing was changed.")
    if form.is_valid():
        person.set_password(form.cleaned_data["password"])
        person.save(update_fields=["password"])
        auth.update_session_auth_hash(request, person)
        audit.record(verb="changed the own password", by=person, at=timezone.now())
        messages.info(request, "Your password is changed. Everywhere else you are signed out.")
        return redirect("profile")
    return _page(request, ProfileForm(instance=person), form)


def _page(request: HttpRequest, form: ProfileForm, password_form: ChangePasswordForm) -> HttpResponse:
    stands_in_for = cast(Person, request.user).deputy_of.active().order_by("full_name")
    context = {"form": form, "password_form": password_form, "stands_in_for": stands_in_for}
    return render(request, "muster/profile.html", context)
