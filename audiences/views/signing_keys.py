"""The signing keys of a workspace: added write-only, two while one replaces the other, retired with a question first."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from audiences import signing_keys
from audiences.forms.feeds import SigningKeyForm
from audiences.models import SigningKey, Workspace
from muster.access import Permission, allow, can, refuse, who_can

from .loading import me, posted


@allow(Permission.READ_SETUP)
@require_http_methods(["GET", "POST"])
def keys(request: HttpRequest, pk: int) -> HttpResponse:
    """The keys of a workspace, and the address that Customer.io calls."""
    if request.method == "POST" and not can(request.user, Permission.MANAGE_CONNECTIONS):
        return refuse(request, "needs manage_connections", Permission.MANAGE_CONNECTIONS)
    workspace = get_object_or_404(Workspace.objects.defer("api_key"), pk=pk)
    form = SigningKeyForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            made = signing_keys.add(workspace, form.cleaned_data["secret"], by=me(request), at=timezone.now())
        except (signing_keys.TooMany, signing_keys.KeyKnown) as refusal:
            form.add_error("secret", str(refusal))
        else:
            messages.success(request, f"The {made} is valid from now on. Send a test from Customer.io, then look here.")
            return redirect("audiences:signing-keys", pk)
    known = (
        SigningKey.objects.filter(workspace=workspace)
        .select_related("added_by")
        .defer("secret")
        .order_by("-retired_at", "pk")
    )
    return render(request, "audiences/signing_keys.html", _context(request, workspace, form, list(known)))


def _context(
    request: HttpRequest, workspace: Workspace, form: SigningKeyForm, known: list[SigningKey]
) -> dict[str, object]:
    valid = [one for one in known if not one.retired_at]
    return {
        "workspace": workspace,
        "form": form,
        "keys": sorted(valid, key=lambda one: one.added_at),
        "retired": [one for one in known if one.retired_at][:10],
        "full": len(valid) >= signing_keys.MOST,
        "address": webhook_address(request, workspace),
        "ask": who_can(Permission.MANAGE_CONNECTIONS),
    }


def webhook_address(request: HttpRequest, workspace: Workspace) -> str:
    """Return the address that Customer.io calls, as it is seen from where the reader is."""
    return request.build_absolute_uri(reverse("syncs:webhook", args=[workspace.pk]))


@allow(Permission.MANAGE_CONNECTIONS)
@require_POST
def retire(request: HttpRequest, pk: int, key: int) -> HttpResponse:
    """Believe nothing more that is signed with a key."""
    found = get_object_or_404(SigningKey.objects.select_related("workspace"), pk=key)
    # Not a part of the look-up: the database takes no number of twenty digits there.
    if found.workspace_id != pk:
        raise Http404("no such key of this workspace")
    if signing_keys.retire(found, by=me(request), at=timezone.now()):
        messages.success(request, f"The {found} is retired. What is signed with it is refused from now on.")
    return redirect("audiences:signing-keys", pk)
