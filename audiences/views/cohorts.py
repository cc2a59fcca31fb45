"""Core cohorts: everybody reads what they mean in this company, managers say which segments they are."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from audiences import core_cohorts
from audiences.cohorts import COHORTS
from audiences.forms.cohorts import CohortForm
from audiences.models import Workspace
from audiences.next_step import CONNECT
from muster.access import Permission, allow, can, who_can

from .loading import me


@allow(Permission.READ)
@require_safe
def cohorts(request: HttpRequest) -> HttpResponse:
    """Each cohort of a workspace with its segment, and who means it otherwise beside it."""
    wanted = request.GET.get("workspace", "")
    known = Workspace.objects.filter(archived_at=None).order_by("name")
    chosen = known.filter(pk=int(wanted)).first() if wanted.isdecimal() and len(wanted) < 18 else None
    workspace = chosen or known.first()
    if workspace is None:
        context = {"step": CONNECT, "can_do": can(request.user, CONNECT.needs), "ask": who_can(CONNECT.needs)}
        return render(request, "audiences/cohorts_first.html", context)
    return _page(request, workspace, {})


def _page(request: HttpRequest, workspace: Workspace, bound: dict[str, CohortForm]) -> HttpResponse:
    rows = [
        (row, bound.get(row.cohort.key) or CohortForm(workspace, row.cohort.key, current=row))
        for row in core_cohorts.rows(workspace)
    ]
    context = {
        "workspace": workspace,
        "others": Workspace.objects.filter(archived_at=None).exclude(pk=workspace.pk),
        "rows": rows,
        "segments": workspace.segments.filter(gone_at=None).defer("conditions").order_by("name"),
        "ask": who_can(Permission.APPROVE),
        "open": sum(1 for row, _ in rows if row.chosen is None),
        "differing": sum(len(row.others) for row, _ in rows),
    }
    return render(request, "audiences/cohorts.html", context)


@allow(Permission.APPROVE)
@require_POST
def choose(request: HttpRequest, pk: int, key: str) -> HttpResponse:
    """Say which segment a cohort is."""
    workspace = get_object_or_404(Workspace, pk=pk, archived_at=None)
    if key not in COHORTS:
        raise Http404("no such cohort")
    form = CohortForm(workspace, key, data=request.POST)
    if not form.is_valid():
        return _page(request, workspace, {key: form})
    segment, label = form.cleaned_data["segment"], COHORTS[key].label
    if core_cohorts.choose(workspace, key, segment, by=me(request), at=timezone.now()):
        messages.success(request, f"{label} means {segment} from now on. Locked versions stay as they are.")
    return redirect(f"{reverse('audiences:cohorts')}?workspace={workspace.pk}#{key}")
