"""Choosing a segment and beginning an audience on it."""

import time
from collections.abc import Iterable
from contextlib import suppress
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from audiences import segments
from audiences.beginning import begin as begin_audiences
from audiences.customerio import CustomerIo
from audiences.forms.registration import RegisterForm, SegmentFilterForm
from audiences.forms.use_case import UseCaseForm
from audiences.models import Audience, Segment, Workspace
from audiences.next_step import CONNECT
from audiences.registering import NameTaken, register
from audiences.terms import joined
from audiences.use_cases import USE_CASES, UseCase
from muster.access import Permission, allow, can, who_can
from muster.htmx import onward, page, wants_fragment
from muster.models import Person
from muster.vendor_errors import VendorError

from .loading import me, posted

A_PAGE = 50
MEASURE_SECONDS = 4.0


@allow(Permission.REGISTER)
@require_http_methods(["GET", "POST"])
def begin(request: HttpRequest) -> HttpResponse:
    """The segments of the workspace, and the form that begins an audience on one of them."""
    workspace = _workspace(request.GET.get("workspace", ""))
    if workspace is None:
        context = {"step": CONNECT, "can_do": can(request.user, CONNECT.needs), "ask": who_can(CONNECT.needs)}
        return render(request, "audiences/register_first.html", context)
    if use_case := USE_CASES.get(request.GET.get("use_case", "")):
        return _begin_use_case(request, workspace, use_case)
    form = RegisterForm(workspace, me(request), posted(request), _chosen(workspace, request.GET.get("segment", "")))
    if request.method == "POST" and form.is_valid() and (made := _registered(form, me(request))):
        with suppress(VendorError):  # its size is on the page as last known
            segments.measure(made.segment, at=timezone.now())
        messages.success(request, f"{made} is registered as a draft. Say below what its definition of done is.")
        return onward(request, "audiences:definition", made.slug)
    filters = SegmentFilterForm(request.GET)
    found = _found(workspace, filters.cleaned_data.get("q", "") if filters.is_valid() else "")
    rows = Paginator(found, A_PAGE).get_page(request.GET.get("page"))
    others = Workspace.objects.filter(archived_at=None).exclude(pk=workspace.pk)
    context = {"workspace": workspace, "others": others, "form": form, "filters": filters, "rows": rows}
    context["use_cases"] = USE_CASES.values()
    return page(request, "audiences/register.html", context, part="segments")


def _begin_use_case(request: HttpRequest, workspace: Workspace, use_case: UseCase) -> HttpResponse:
    form = UseCaseForm(workspace, me(request), use_case, posted(request))
    if request.method == "POST" and form.is_valid() and (made := _begun(form, me(request))):
        names = joined(str(one) for one in made)
        messages.success(
            request, f"{names} {'is a draft' if len(made) == 1 else 'are drafts'}, filled in. Say what lacks."
        )
        return redirect("audiences:definition", made[0].slug)
    known = workspace.segments.filter(gone_at=None).defer("conditions").order_by("name")
    context = {"workspace": workspace, "use_cases": USE_CASES.values(), "chosen": use_case, "form": form, "rows": known}
    return render(request, "audiences/register_use_case.html", context)


def _begun(form: UseCaseForm, by: Person) -> list[Audience]:
    """Register what the form says, with sizes as they are now, or return nothing with the reason on the form."""
    chosen, values = form.chosen(), form.cleaned_data
    for segment, _ in chosen.values():
        with suppress(VendorError):  # its size is filled in as last known
            segments.measure(segment, at=timezone.now())
    try:
        threshold = values.get("threshold", "")
        return begin_audiences(
            form.use_case, chosen, owner=values["owner"], threshold=threshold, by=by, at=timezone.now()
        )
    except NameTaken as refusal:
        form.add_error(None, str(refusal))
        return []


def _registered(form: RegisterForm, by: Person) -> Audience | None:
    """Register what the form says, or return None with the reason on the form."""
    try:
        return register(**form.cleaned_data, by=by, at=timezone.now())
    except NameTaken as refusal:
        form.add_error("name", str(refusal))
        return None


@allow(Permission.REGISTER)
@require_POST
def refresh(request: HttpRequest, pk: int) -> HttpResponse:
    """Read the workspace's segments from Customer.io anew."""
    workspace = get_object_or_404(Workspace, pk=pk, archived_at=None)
    here = Audience.objects.select_related("segment").filter(slug=request.POST.get("audience", "")[:80]).first()
    try:
        client = CustomerIo(workspace)
        found = segments.refresh(workspace, at=timezone.now(), client=client)
    except VendorError as error:
        messages.error(request, f"The segments were not read; you see the last known ones. {' '.join(error.words)}")
    else:
        messages.success(request, f"The {len(found):,} segments of {workspace} were read.")
        try:
            _measure([here.segment] if here else found.values(), client)
        except VendorError as error:
            messages.warning(request, f"Not every segment was counted: sizes are as last known. {error.words.happened}")
    return onward(request, "audiences:definition", here.slug) if here else onward(request, _address(workspace))


def _address(workspace: Workspace, **query: int) -> str:
    """Return the address of the page with this workspace's segments."""
    return f"{reverse('audiences:register')}?{urlencode({'workspace': workspace.pk, **query})}"


def _measure(found: Iterable[Segment], client: CustomerIo) -> None:
    """Count people for as long as a person waits; the rest has a button each. Raises VendorError."""
    until = time.monotonic() + MEASURE_SECONDS
    for segment in sorted(found, key=lambda one: (one.size_at is not None, one.name)):
        if time.monotonic() > until:
            return
        segments.measure(segment, at=timezone.now(), client=client)


@allow(Permission.REGISTER)
@require_POST
def measure(request: HttpRequest, pk: int) -> HttpResponse:
    """Count the people of one segment, and return its cell or the page."""
    segment = get_object_or_404(Segment.objects.select_related("workspace"), pk=pk, workspace__archived_at=None)
    failed = ""
    try:
        segments.measure(segment, at=timezone.now())
    except VendorError as error:
        failed = error.words.happened
    if wants_fragment(request):
        return render(request, "audiences/_segment_size.html", {"segment": segment, "failed": failed})
    if failed:
        messages.error(request, f"{segment} was not counted. {failed}")
    return redirect(_address(segment.workspace, q=segment.number))


def _workspace(wanted: str) -> Workspace | None:
    known = Workspace.objects.filter(archived_at=None).order_by("name")
    chosen = known.filter(pk=int(wanted)).first() if wanted.isdecimal() and len(wanted) < 18 else None
    return chosen or known.first()


def _chosen(workspace: Workspace, wanted: str) -> Segment | None:
    if not wanted.isdecimal() or len(wanted) > 18:
        return None
    return workspace.segments.filter(number=int(wanted), gone_at=None).first()


def _found(workspace: Workspace, text: str) -> QuerySet[Segment, Segment]:
    found = workspace.segments.filter(gone_at=None)
    if text:
        by_number = Q(number=int(text)) if text.isdecimal() and len(text) < 18 else Q()
        found = found.filter(Q(name__icontains=text) | by_number) if by_number else found.filter(name__icontains=text)
    registered = Audience.objects.filter(archived_at=None).order_by("name")
    return found.defer("conditions").prefetch_related(Prefetch("audiences", registered)).order_by("name", "number")
