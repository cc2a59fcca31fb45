"""Connections: Customer.io workspaces, pipes, destinations. Everybody but paid media reads; administrators change."""

from contextlib import suppress
from typing import Any, cast

from django.contrib import messages
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audiences import archiving, connecting
from audiences.connections import connections
from audiences.credentials import KeyTaken, NameTaken, keep
from audiences.forms.connections import ConnectionForm, DestinationForm, KeyForm, PipeForm, WorkspaceForm
from audiences.models import Destination, Pipe, PipeRequest, Workspace
from audiences.pipe_requests import Closed, answer
from audiences.settings_sheet import source_name
from muster.access import Permission, allow, who_can
from muster.htmx import onward, page, wants_fragment

from .loading import me, posted

Connection = Workspace | Pipe | Destination
KINDS: dict[str, tuple[type[Connection], type[ConnectionForm], str]] = {
    "workspace": (Workspace, WorkspaceForm, "Customer.io workspace"),
    "pipe": (Pipe, PipeForm, "pipe"),
    "destination": (Destination, DestinationForm, "destination"),
}


@allow(Permission.READ_SETUP)
@require_safe
def list_connections(request: HttpRequest) -> HttpResponse:
    """Every connection with its state; `?replace=pipe-3` opens the form for a new key below its row."""
    return _list_page(request, _key_form(request.GET.get("replace", "")))


def _key_form(wanted: str) -> KeyForm | None:
    kind, _, pk = wanted.partition("-")
    if kind not in ("workspace", "pipe") or not pk.isdecimal() or len(pk) > 18:
        return None
    subject = KINDS[kind][0]._default_manager.filter(pk=int(pk)).first()
    return KeyForm(subject) if isinstance(subject, Workspace | Pipe) else None


def _list_page(request: HttpRequest, key_form: KeyForm | None) -> HttpResponse:
    waiting = PipeRequest.objects.filter(closed_at=None).select_related(
        "audience", "destination", "asked_by", "assignee"
    )
    context: dict[str, Any] = {"requests": waiting.order_by(F("reminded_at").asc(nulls_last=True), "asked_at")}
    context |= {"all": connections(), "key_form": key_form, "ask": who_can(Permission.MANAGE_CONNECTIONS)}
    return render(request, "audiences/connections.html", context)


def _found(kind: str, pk: int) -> Connection:
    model = KINDS[kind][0]
    return cast(Connection, get_object_or_404(model._default_manager.all(), pk=pk))


def _tested(kind: str, pk: int) -> Workspace | Pipe:
    found = _found(kind, pk)
    if isinstance(found, Destination):
        raise Http404("a destination is not tested")
    return found


@allow(Permission.MANAGE_CONNECTIONS)
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, kind: str) -> HttpResponse:
    """Connect something new."""
    model, form_class, _ = KINDS[kind]
    subject = model()
    if kind == "pipe" and (wanted := _wanted(request)):
        subject.name = source_name(wanted.audience, wanted.destination)
    return _edit(request, kind, form_class(posted(request), instance=subject))


def _wanted(request: HttpRequest) -> PipeRequest | None:
    """Return the open pipe request that the address names."""
    told = request.GET.get("request", "")
    if not told.isdecimal() or len(told) > 18:
        return None
    waiting = PipeRequest.objects.filter(closed_at=None).select_related("audience", "destination")
    return waiting.filter(pk=int(told)).first()


@allow(Permission.MANAGE_CONNECTIONS)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Change a connection; its key has a form of its own."""
    return _edit(request, kind, KINDS[kind][1](posted(request), instance=_found(kind, pk)))


def _edit(request: HttpRequest, kind: str, form: ConnectionForm) -> HttpResponse:
    new, title = form.instance.pk is None, str(form.initial.get("name", ""))
    if request.method == "POST" and form.is_valid():
        try:
            taken_out = keep(
                form.instance, changed=form.changed_data, secret=form.secret, by=me(request), at=timezone.now()
            )
        except (KeyTaken, NameTaken) as refusal:
            form.add_error(None, str(refusal))
        else:
            said = f"{form.instance} is {'connected' if new else 'saved'}."
            if isinstance(form.instance, Pipe) and new and (wanted := _wanted(request)):
                with suppress(Closed):  # somebody else answered it meanwhile: the pipe is connected all the same
                    answer(wanted, form.instance, by=me(request), at=timezone.now())
            if taken_out:
                messages.warning(request, f"{said} Its key was taken out, because its address changed. Paste it again.")
            elif kind != "destination":
                messages.success(request, f"{said} Test it: that sends nothing.")
            else:
                messages.success(request, said)
            return redirect("audiences:connections")
    context = {"form": form, "kind": kind, "label": KINDS[kind][2], "new": new, "title": title}
    if not new:
        context["archive_url"] = reverse(f"audiences:{kind}-archive", args=[form.instance.pk])
    return render(request, "audiences/connection.html", context)


@allow(Permission.MANAGE_CONNECTIONS)
@require_POST
def replace_key(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Test a new key and save it, unless its vendor does not know it."""
    subject = _tested(kind, pk)
    form = KeyForm(subject, request.POST)
    if form.is_valid():
        try:
            finding = connecting.replace_key(subject, form.cleaned_data["secret"], by=me(request), at=timezone.now())
        except (connecting.WrongKey, KeyTaken) as refusal:
            form.add_error("secret", str(refusal))
        else:
            messages.success(request, f"The key of {subject} is saved. {finding.words}")
            return redirect("audiences:connections")
    return _list_page(request, form)


@allow(Permission.MANAGE_CONNECTIONS)
@require_POST
def test(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Test one connection, and return its row or the page."""
    subject, at = _tested(kind, pk), timezone.now()
    if isinstance(subject, Workspace):
        connecting.try_workspace(subject, by=me(request), at=at)
    else:
        connecting.try_pipe(subject, by=me(request), at=at)
    if wants_fragment(request):
        return page(request, f"audiences/_{kind}_row.html", {kind: subject, "just_tested": True})
    return redirect(f"{reverse('audiences:connections')}#{kind}-{pk}")


@allow(Permission.MANAGE_CONNECTIONS)
@require_POST
def test_all(request: HttpRequest) -> HttpResponse:
    """Test every connection that is in use."""
    at = timezone.now()
    for workspace in Workspace.objects.filter(archived_at=None):
        connecting.try_workspace(workspace, by=me(request), at=at)
    connecting.try_pipes(list(Pipe.objects.filter(archived_at=None)), by=me(request), at=at)
    return onward(request, "audiences:connections")


@allow(Permission.MANAGE_CONNECTIONS)
@require_http_methods(["GET", "POST"])
def archive(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Say what depends on a connection, then take it out of use."""
    subject = _found(kind, pk)
    if request.method == "POST":
        if archiving.archive(subject, by=me(request), at=timezone.now()):
            messages.success(request, f"{subject} is archived. It can be restored below.")
        return redirect("audiences:connections")
    context: dict[str, Any] = {"subject": subject, "kind": kind, "label": KINDS[kind][2]}
    return render(
        request, "audiences/archive_connection.html", context | {"consequences": archiving.depends_on(subject)}
    )


@allow(Permission.MANAGE_CONNECTIONS)
@require_POST
def restore(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Put an archived connection back into use."""
    subject = _found(kind, pk)
    if archiving.restore(subject, by=me(request), at=timezone.now()):
        messages.success(request, f"{subject} is back in use. Test it before you rely on it.")
    return redirect("audiences:connections")
