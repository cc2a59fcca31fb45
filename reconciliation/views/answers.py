"""Answering the drift of one list: everybody reads what was answered, who knows the list answers."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from audiences.models import Activation
from audiences.terms import joined
from audiences.views.loading import me, posted
from muster.access import Permission, allow
from muster.htmx import onward, page
from reconciliation import answering, chasing
from reconciliation.forms.answers import AnswerForm
from reconciliation.models import Answer
from reconciliation.of_ladder import of_stored

from .loading import list_or_404, to_change

SAID = {
    Answer.Kind.EXPECTED: "It stands in the next report, and this week does not become part of what is usual.",
    Answer.Kind.FIXING: "The next report says whether it held.",
    Answer.Kind.ACCEPT: "From this week on the list is judged against its new level.",
    Answer.Kind.RETIRE: "Retire the audience here; until then its lists go on.",
}


@allow(Permission.READ)
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """What is off with a list and what was answered; a POST answers."""
    to_change(request, Permission.ANSWER)
    found = list_or_404(pk)
    drift = answering.drift_of(found)
    status = 200
    form = AnswerForm(posted(request), today=timezone.localdate(), since=drift.since) if drift else None
    if request.method == "POST" and not answering.may_answer(me(request), found.audience):
        messages.error(request, "Nothing was stored: who knows the list answers for it. The page says whom to ask.")
        status = 403
    elif request.method == "POST" and form is None:
        messages.error(request, "The list is not outside its tolerance any more, so nothing was stored.")
    elif request.method == "POST" and form and form.is_valid():
        return _answered(request, found, form)
    return page(request, "reconciliation/answer.html", _shown(request, found, drift, form), status=status)


def _answered(request: HttpRequest, found: Activation, form: AnswerForm) -> HttpResponse:
    try:
        kept = answering.answer(found, **form.cleaned_data, by=me(request), at=timezone.now())
    except answering.NothingToAnswer:
        messages.error(request, "The drift that you saw is over, so nothing was stored. This is how it stands now.")
        return onward(request, "reconciliation:answer", found.pk)
    messages.success(request, f"Your answer is stored. {SAID[Answer.Kind(kept.kind)]}")
    if kept.kind == Answer.Kind.RETIRE:
        return onward(request, "syncs:retire", found.audience.slug)
    return onward(request, "reconciliation:answer", found.pk)


@allow(Permission.SIGN)
@require_POST
def chase(request: HttpRequest, week: str, pk: int) -> HttpResponse:
    """Ask who knows a list for the answer that the report of a week misses."""
    found = list_or_404(pk)
    try:
        whom = chasing.chase(found, by=me(request), at=timezone.now())
    except answering.NothingToAnswer:
        messages.info(request, f"{found} was answered meanwhile, or is not outside any more. Nobody was asked.")
    else:
        names = joined(one.full_name for one in whom)
        messages.success(
            request, f"{names or 'Nobody else'} {'are' if len(whom) > 1 else 'is'} asked to answer {found}."
        )
    return onward(request, "reconciliation:report", week)


def _shown(
    request: HttpRequest, found: Activation, drift: answering.Drift | None, form: AnswerForm | None
) -> dict[str, Any]:
    earlier = list(found.answers.select_related("by").order_by("-at", "-pk")[:50])
    zone = timezone.get_current_timezone()
    return {
        "list": found,
        "drift": drift,
        "form": form,
        "counts": drift.answer if drift else None,
        "broken": drift.broken_promise(timezone.localdate()) if drift else False,
        "raised": drift.is_raised(timezone.now(), zone) if drift else False,
        "earlier": earlier,
        "ladder": of_stored(drift.week.ladder, found.destination.spec.label) if drift else None,
        "may_answer": answering.may_answer(me(request), found.audience),
        "ask": answering.answerable(found.audience)[:3],
    }
