"""Editing a definition: the draft's page, what it still lacks, a new version, and throwing a draft away."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from audiences import registering
from audiences.conditions import sentences
from audiences.definition import clauses, differences
from audiences.forms.draft import DraftForm
from audiences.forms.registration import ReviseForm
from audiences.models import Definition
from audiences.models.definition import Locked
from audiences.registering import EditedMeanwhile, NameTaken, NotPossible
from audiences.terms_of import terms_of
from audiences.verdict import Standing
from audiences.warnings import warnings
from muster.access import Permission, allow, who_can

from .loading import draft_of, me, posted, standing

ADOPTING = "The segment's conditions were changed in Customer.io; this version adopts them."


@allow(Permission.REGISTER)
@require_http_methods(["GET", "POST"])
def definition(request: HttpRequest, slug: str) -> HttpResponse:
    """The draft as one form. Saved as it is, also incomplete; what is refused is said where it stands."""
    here = standing(slug)
    if here.draft is None:
        messages.info(request, "The definition is approved and locked. Begin a new version to change it.")
        return redirect("audiences:revise", slug)
    draft = draft_of(here)
    if request.method == "GET":
        return _form_page(request, here, draft, DraftForm(draft))
    form = DraftForm(draft, request.POST)
    if not form.is_valid():
        return _form_page(request, here, draft, form)
    return _saved(request, here, draft, form)


def _saved(request: HttpRequest, here: Standing, draft: Definition, form: DraftForm) -> HttpResponse:
    try:
        registering.save_draft(draft, revision=seen(request), by=me(request), at=timezone.now())
    except EditedMeanwhile as conflict:
        return _form_page(request, here, draft, form, conflict=conflict)
    except NameTaken as refusal:
        form.clauses.add_error("name", str(refusal))
        return _form_page(request, here, draft, form)
    except (Locked, NotPossible) as refusal:
        messages.error(request, str(refusal))
        return redirect("audiences:detail", here.audience.slug)
    if "review" in request.POST and not draft.lacking:
        return redirect("audiences:version", here.audience.slug, draft.number)
    if "review" in request.POST:
        messages.warning(
            request, "The draft is saved. Nobody can approve it yet: what is missing stands beside the form."
        )
    else:
        messages.success(request, "The draft is saved. Nothing is sent by it until it is approved and put into use.")
    return redirect("audiences:definition", here.audience.slug)


def seen(request: HttpRequest) -> int:
    """Return the revision that the person had open; 0, which no draft has, when it was not told."""
    told = request.POST.get("revision", "")
    return int(told) if told.isdecimal() and len(told) < 10 else 0


def _form_page(
    request: HttpRequest,
    here: Standing,
    draft: Definition,
    form: DraftForm,
    conflict: EditedMeanwhile | None = None,
) -> HttpResponse:
    context: dict[str, Any] = {"here": here, "draft": draft, "form": form, **_lacks(draft)}
    context |= {"revision": seen(request) if form.is_bound else draft.revision}
    context |= {"administrators": who_can(Permission.MANAGE_CONNECTIONS)}
    segment = draft.audience.segment
    context |= {"logic": sentences(segment.conditions), "moved": draft.fingerprint != segment.fingerprint}
    context["segments"] = segment.workspace.segments.filter(gone_at=None).order_by("name")
    if conflict:
        theirs, mine = terms_of(conflict.stored), terms_of(draft)
        context |= {"conflict": conflict, "differs": differences(theirs, mine)[0]}
        context["revision"] = conflict.stored.revision
    return render(request, "audiences/definition.html", context)


def _lacks(draft: Definition) -> dict[str, Any]:
    terms = terms_of(draft)
    parts = clauses(terms, timezone.localdate())
    return {
        "clauses": parts,
        "open_parts": sum(1 for part in parts if part.missing),
        "warnings": warnings(terms),
        "draft": draft,
    }


@allow(Permission.REGISTER)
@require_POST
def check(request: HttpRequest, slug: str) -> HttpResponse:
    """The fragment beside the form: what is missing with the values as they stand in it. Nothing is saved."""
    draft = draft_of(standing(slug))
    form = DraftForm(draft, request.POST)
    form.is_valid()
    return render(request, "audiences/_missing.html", {**_lacks(draft), "errors": form.errors(), "unsaved": True})


@allow(Permission.REGISTER)
@require_http_methods(["GET", "POST"])
def revise(request: HttpRequest, slug: str) -> HttpResponse:
    """Begin the next version, with a reason."""
    here = standing(slug)
    form = ReviseForm(posted(request), initial={"reason": ADOPTING} if "adopt" in request.GET else {})
    if request.method == "POST" and form.is_valid():
        try:
            registering.revise(here.audience, reason=form.cleaned_data["reason"], by=me(request), at=timezone.now())
        except NotPossible as refusal:
            messages.error(request, str(refusal))
            return redirect("audiences:detail", slug)
        return redirect("audiences:definition", slug)
    return render(request, "audiences/revise.html", {"here": here, "form": form})


@allow(Permission.REGISTER)
@require_POST
def discard(request: HttpRequest, slug: str) -> HttpResponse:
    """Throw the draft away; an audience that was never approved goes with it."""
    here = standing(slug)
    try:
        stays = registering.discard(draft_of(here), by=me(request), at=timezone.now())
    except (Locked, NotPossible) as refusal:
        messages.error(request, str(refusal))
        return redirect("audiences:detail", slug)
    if stays:
        messages.success(request, "The draft was discarded. The version in use goes on as it was.")
        return redirect("audiences:detail", slug)
    messages.success(request, f"{here.audience} was discarded. It had never been approved, so nothing was ever sent.")
    return redirect("audiences:list")
