"""In and out."""

from django.contrib import auth, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from muster import audit, set_up
from muster import sign_in as door
from muster.access import public
from muster.forms import SignInForm

FIRST_PAGE = "/"
DO_NOT_FIT = "Email and password do not fit together, or this account cannot sign in. Check both and try again."


@public
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in page. It says the same for accounts that exist and for those that do not."""
    onward = _safe(request, request.POST.get("next") or request.GET.get("next") or "")
    if request.user.is_authenticated:
        return redirect(onward)
    form = SignInForm(request.POST if request.method == "POST" else None)
    lock: door.Locked | None = None
    if request.method == "POST" and form.is_valid():
        try:
            person = door.sign_in(request, **form.cleaned_data, at=timezone.now())
        except door.Locked as found:
            lock = found
        else:
            if person:
                auth.login(request, person)
                return redirect(onward)
            form.add_error(None, DO_NOT_FIT)
    context = {"form": form, "lock": lock, "onward": onward, "setup_is_open": set_up.is_open()}
    return render(request, "muster/sign_in.html", context)


@public
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this session."""
    if request.user.is_authenticated:
        audit.record(verb="signed out", by=request.user)
    auth.logout(request)
    messages.info(request, "You are signed out.")
    return redirect("sign-in")


def _safe(request: HttpRequest, target: str) -> str:
    here = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if here and target.startswith("/") else FIRST_PAGE
