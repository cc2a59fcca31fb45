"""A second person: asking for an approval, taking it back, approving and declining."""

from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from audiences import approving
from audiences.approving import NeedsSomebodyElse
from audiences.forms.approval import AskApprovalForm, DecisionForm, DeclineForm
from audiences.models import ApprovalRequest, Definition
from audiences.models.definition import Locked
from audiences.registering import EditedMeanwhile, Incomplete, NotPossible
from audiences.verdict import Standing
from muster.access import Permission, allow, can

from .draft import seen
from .loading import me, standing, version_of

REFUSALS = (NeedsSomebodyElse, NotPossible, Incomplete, EditedMeanwhile, Locked)


def second_person(request: HttpRequest, here: Standing, shown: Definition) -> dict[str, Any]:
    """Return what the page of a version says about its approval, and what the reader can do about it."""
    person = me(request)
    asked = shown.approval_requests.select_related("asked_by", "asked_of", "decided_by", "decided_for", "definition")
    newest = asked.order_by("-pk").first()
    told: dict[str, Any] = {"newest": newest, "waits": bool(newest and newest.is_waiting(timezone.now()))}
    if here.audience.archived_at:
        return {**told, "archived": True}
    if shown.state == Definition.State.APPROVED:
        chosen = set(shown.destinations)
        return told | {"dropped": [one for one in here.lists if one.destination_id not in chosen]}
    if shown.is_locked:
        return told
    if newest and told["waits"]:
        forms = {"decision_form": DecisionForm(initial={"request": newest.pk}), "decline_form": DeclineForm()}
        return told | forms | {"refusal": approving.refusal(newest, person)}
    candidates = approving.approvers(shown, person)
    told["nobody"] = "" if candidates else approving.nobody_else()
    return told | {"ask_form": AskApprovalForm(candidates) if can(person, Permission.REGISTER) else None}


@allow(Permission.REGISTER)
@require_POST
def ask(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Ask one approver about the draft as it is now."""
    draft = _version(slug, number)
    form = AskApprovalForm(approving.approvers(draft, me(request)), request.POST)
    if not form.is_valid():
        return _refused(request, draft, sentences_of(form, *form.fields))
    of, words = form.cleaned_data["asked_of"], form.cleaned_data["words"]
    try:
        made = approving.ask(draft, of=of, by=me(request), at=timezone.now(), revision=seen(request), words=words)
    except REFUSALS as refusal:
        return _refused(request, draft, f"Nobody was asked. {refusal}")
    messages.success(
        request, f"{made.asked_of} was asked. It stands on their first page, and whoever may answer sees it."
    )
    return _back(draft)


@allow(Permission.REGISTER)
@require_POST
def withdraw(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Take the request back."""
    draft, found = _decided(request, slug, number, DecisionForm(request.POST))
    try:
        if found:
            approving.withdraw(found, by=me(request), at=timezone.now())
            messages.success(request, "The request is withdrawn. The draft is as it was.")
    except REFUSALS as refusal:
        messages.error(request, str(refusal))
    return _back(draft)


@allow(Permission.APPROVE)
@require_POST
def approve(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Approve the draft as it was asked for."""
    form = DecisionForm(request.POST)
    draft, found = _decided(request, slug, number, form)
    try:
        if found:
            approving.approve(found, by=me(request), at=timezone.now(), words=form.cleaned_data["words"])
            messages.success(request, f"v{number} is approved and locked. Next it is proved on the roster.")
    except REFUSALS as refusal:
        messages.error(request, f"Not approved. {refusal}")
    return _back(draft)


@allow(Permission.APPROVE)
@require_POST
def decline(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Say no, with the reason."""
    form = DeclineForm(request.POST)
    draft, found = _decided(request, slug, number, form)
    try:
        if found:
            approving.decline(found, by=me(request), at=timezone.now(), words=form.cleaned_data["words"])
            messages.success(request, f"Declined. {found.asked_by} sees why on this page.")
    except REFUSALS as refusal:
        messages.error(request, f"Not declined. {refusal}")
    return _back(draft)


def _version(slug: str, number: int) -> Definition:
    return version_of(standing(slug), number)


def _decided(
    request: HttpRequest, slug: str, number: int, form: DecisionForm
) -> tuple[Definition, ApprovalRequest | None]:
    """Return the version and the request that was decided about; without one, a message says why."""
    draft = _version(slug, number)
    found = form.found(draft)
    if found is None:
        gone = "There is no such request any more. Nothing was decided; look at the page again."
        messages.error(request, sentences_of(form, "words") or gone)
    return draft, found


def sentences_of(form: Form, *fields: str) -> str:
    """Return what is wrong with these fields, as sentences on one line."""
    return " ".join(str(sentence) for name in fields for sentence in form.errors.get(name, ()))


def _refused(request: HttpRequest, version: Definition, words: str) -> HttpResponse:
    messages.error(request, words)
    return _back(version)


def _back(version: Definition) -> HttpResponse:
    return redirect("audiences:version", version.audience.slug, version.number)
