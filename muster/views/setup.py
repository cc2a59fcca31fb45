"""The first visit."""

from django.contrib import auth, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from muster import set_up
from muster.access import public
from muster.forms import SetUpForm


@public
@sensitive_post_parameters("password", "token")
@sensitive_variables("token")
@require_http_methods(["GET", "HEAD", "POST"])
def setup(request: HttpRequest) -> HttpResponse:
    """Name the installation and make its first administrator, with the token that was printed."""
    token = request.POST.get("token") or request.GET.get("token") or ""
    form = SetUpForm(request.POST if request.method == "POST" else None)
    try:
        set_up.check(token)
        if request.method == "POST" and form.is_valid():
            person = set_up.create_first_administrator(token, **form.cleaned_data, at=timezone.now())
            auth.login(request, person)
            messages.info(
                request, "Muster is set up. Connect Customer.io and RudderStack next, then invite your colleagues."
            )
            return redirect("home")
    except set_up.Closed:
        return render(request, "muster/setup_closed.html", {"is_open": set_up.is_open()}, status=410)
    return render(request, "muster/setup.html", {"form": form, "token": token})
