"""Pipe requests: the sheet to copy, who was asked and since when, and the pipe that answers it."""

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audiences import pipe_requests
from audiences.forms.pipe_requests import AnswerForm, AskForm
from audiences.models import Definition, Destination, PipeRequest
from audiences.pipe_requests import AskedAlready, Closed
from audiences.settings_sheet import sheet, text
from muster.access import Permission, allow, who_can

from .loading import me, posted, standing


def _told(definition: Definition, destination: Destination) -> dict[str, object]:
    lines = sheet(definition, destination)
    return {"lines": lines, "text": text(lines), "destination": destination}


@allow(Permission.REGISTER)
@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """The settings sheet of a list, and the form that asks an administrator to make its source."""
    here = standing(slug)
    destination = get_object_or_404(Destination, pk=pk)
    newest = here.draft or here.newest
    if destination.pk not in newest.destinations or here.audience.archived_at or not destination.spec.is_sent:
        raise Http404("not a list of this audience, or one that needs no pipe")
    if known := pipe_requests.open_request(here.audience, destination):
        return redirect("audiences:pipe-request", known.pk)
    form = AskForm(posted(request))
    if request.method == "POST" and form.is_valid():
        whom = form.cleaned_data["assignee"]
        try:
            made = pipe_requests.ask(here.audience, destination, assignee=whom, by=me(request), at=timezone.now())
        except AskedAlready as refusal:
            messages.info(request, str(refusal))
            return redirect("audiences:pipe-ask", slug, pk)
        messages.success(
            request, f"{whom} is asked, and sees it under Connections. The draft says when the pipe is in."
        )
        return redirect("audiences:pipe-request", made.pk)
    newest.audience = here.audience
    context = {"here": here, "form": form, "asking": True, **_told(newest, destination)}
    return render(request, "audiences/pipe_request.html", context)


def _found(pk: int) -> PipeRequest:
    wanted = ("audience", "destination", "assignee", "asked_by", "pipe")
    return get_object_or_404(PipeRequest.objects.select_related(*wanted).defer("pipe__write_key"), pk=pk)


@allow(Permission.READ_SETUP)
@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One request: its sheet, and how long it has waited."""
    return _page(request, _found(pk), AnswerForm())


def _page(request: HttpRequest, wanted: PipeRequest, form: AnswerForm) -> HttpResponse:
    here = standing(wanted.audience.slug)
    newest = here.draft or here.newest
    newest.audience = here.audience
    context = {"here": here, "wanted": wanted, "form": form, "now": timezone.now(), **_told(newest, wanted.destination)}
    context["ask"] = who_can(Permission.MANAGE_CONNECTIONS)
    return render(request, "audiences/pipe_request.html", context)


def _closing(request: HttpRequest, pk: int, act: Callable[[], None], said: str) -> HttpResponse:
    try:
        act()
    except Closed as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, said)
    return redirect("audiences:pipe-request", pk)


@allow(Permission.REGISTER)
@require_POST
def remind(request: HttpRequest, pk: int) -> HttpResponse:
    """Note that the assignee was reminded; the request moves to the top of their list."""
    wanted = _found(pk)
    said = f"{wanted.assignee} is reminded: the request stands on top under Connections."
    return _closing(request, pk, lambda: pipe_requests.remind(wanted, by=me(request), at=timezone.now()), said)


@allow(Permission.REGISTER)
@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that the pipe is no longer wanted."""
    wanted = _found(pk)
    return _closing(
        request,
        pk,
        lambda: pipe_requests.withdraw(wanted, by=me(request), at=timezone.now()),
        "The request is withdrawn. Nobody waits for this pipe any more.",
    )


@allow(Permission.MANAGE_CONNECTIONS)
@require_POST
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Say which pipe was made for it."""
    wanted, form = _found(pk), AnswerForm(request.POST)
    if not form.is_valid():
        return _page(request, wanted, form)
    pipe = form.cleaned_data["pipe"]
    said = f"{pipe} answers it. {wanted.asked_by} finds it filled in; saving the draft takes it over."
    return _closing(request, pk, lambda: pipe_requests.answer(wanted, pipe, by=me(request), at=timezone.now()), said)
