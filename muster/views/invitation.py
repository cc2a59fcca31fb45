"""Where an invitation or reset link leads: set a password, and be signed in."""

from django.contrib import auth, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from muster import invitations
from muster.access import public
from muster.forms import NewPasswordForm


@public
@sensitive_post_parameters("password")
@sensitive_variables("token")
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Ask for a password, and use the link up."""
    try:
        found = invitations.find(token, at=timezone.now())
        form = NewPasswordForm(request.POST if request.method == "POST" else None, person=found.person)
        if request.method == "POST" and form.is_valid():
            person = invitations.accept(token, form.cleaned_data["password"], at=timezone.now())
            auth.login(request, person)
            messages.info(request, "Your password is set. Next time, sign in with it.")
            return redirect("home")
    except invitations.NoLonger:
        return render(request, "muster/link_no_longer.html", status=410)
    return render(request, "muster/invitation.html", {"form": form, "invited": found.person})
