"""The page of one run, and the part of it that is polled while the run may move."""

from dataclasses import dataclass
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_safe

from audiences.models import Trait
from muster.access import Permission, allow, can
from muster.htmx import page, varied, wants_fragment, with_messages
from muster.models import Event, Person
from syncs import arms_told, as_shown, reasons, trait_types, unsuppressed
from syncs.forms import AskForm, DropForm, ReleaseForm
from syncs.hold import GUARD_REASONS
from syncs.models import Run
from syncs.parked import Parked, choices
from syncs.second_person import ASKED, others, refusal, starter_of
from syncs.states import RunState
from syncs.telling import tell

from .loading import lease, leaving, left_out, run_or_404, timeline, whole_number

PAGE = "syncs/run.html"
ASKS = 20


@dataclass(frozen=True)
class Decision:
    """What can be decided about a held run, and by whom. `newer` is the run that replaced it, where there is one."""

    parked: Parked
    newer: Run | None
    releasable: bool
    next_step: str
    may_release: bool
    refused: str
    askable: list[Person]
    asks: list[Event]
    asked_by_reader: bool
    release_form: ReleaseForm
    drop_form: DropForm
    ask_form: AskForm

    @property
    def open(self) -> bool:
        return self.newer is None


@allow(Permission.READ)
@require_safe
def run(request: HttpRequest, pk: int) -> HttpResponse:
    return page(request, PAGE, shown(request, run_or_404(pk)))


@allow(Permission.READ)
@require_safe
def live(request: HttpRequest, pk: int) -> HttpResponse:
    """The moving part of the page. A held run that nothing happened to answers 204, so that a form is not swapped away."""
    if not wants_fragment(request):
        return varied(redirect("syncs:run", pk))
    context = shown(request, run_or_404(pk))
    if context["run"].state == RunState.HELD and request.GET.get("seen") == context["seen"]:
        return varied(HttpResponse(status=204))
    return page(request, PAGE, context, part="run")


def after(request: HttpRequest, pk: int, **forms: Any) -> HttpResponse:
    """Return what follows an action: the page as it is now, or for htmx its moving part, read again."""
    if wants_fragment(request):
        return with_messages(request, page(request, PAGE, shown(request, run_or_404(pk), **forms), part="run"))
    if forms:
        return page(request, PAGE, shown(request, run_or_404(pk), **forms))
    return redirect("syncs:run", pk)


def shown(request: HttpRequest, run: Run, **forms: Any) -> dict[str, Any]:
    """Return what the template shows. Two queries, three when segments are excluded, and those of `decision_of`."""
    now = timezone.now()
    decision = decision_of(request, run, **forms) if run.state == RunState.HELD else None
    seen = f"{run.state}-{run.stage}-{bool(run.cancel_asked_at)}"
    if decision:
        seen += f"-{decision.newer.pk if decision.newer else ''}-{len(decision.asks)}"
    number = whole_number(request.GET.get("events", ""))
    return {
        "run": run,
        "told": tell(run, now, lease()),
        "now": now,
        "seen": seen,
        "moved": request.GET.get("seen") not in {None, seen},
        "decision": decision,
        "left_out": left_out(run),
        "left_out_people": sum(run.left_out.values()),
        "leaving": leaving(run),
        "unusable": reasons.counted(reasons.UNUSABLE, _identifiers(run.unusable)),
        "wrong_types": wrong_types(run),
        "arms": arms_told.wanted(run),
        "unsuppressed": unsuppressed.sentence(run.left_out) if run.definition.suppresses else "",
        "timeline": timeline(run, number),
        "events_page": number,
    }


def _identifiers(counts: dict[str, int]) -> dict[str, int]:
    return {
        code: people for code, people in counts.items() if not code.startswith((trait_types.PREFIX, trait_types.ARM))
    }


def wrong_types(run: Run) -> list[trait_types.Wrong]:
    """Return the traits whose values are none of their type. One query, none when there are none."""
    names = [code.removeprefix(trait_types.PREFIX) for code in run.unusable if code.startswith(trait_types.PREFIX)]
    kinds = dict(Trait.objects.filter(name__in=names).values_list("name", "type")) if names else {}
    return trait_types.told(run.unusable, kinds)


def decision_of(request: HttpRequest, run: Run, **forms: Any) -> Decision:
    """Return the choices about a held run. Three queries, for those who may not release four."""
    parked = choices(run, run.activation.members, as_shown.told(run, timezone.now()))
    newer = Run.objects.of_lists().filter(activation=run.activation_id, pk__gt=run.pk).order_by("-pk").first()
    reader = cast(Person, request.user)
    asks = list(Event.objects.filter(run_id=run.pk, verb=ASKED).order_by("-at", "-id")[:ASKS])
    may = can(reader, Permission.RELEASE)
    refused = refusal(run, reader, {event.actor_id for event in asks}) if may else ""
    may_release = may and not refused
    return Decision(
        parked=parked,
        newer=newer,
        releasable=run.reason in GUARD_REASONS,
        next_step=reasons.named(reasons.RUN, run.reason).next_step,
        may_release=may_release,
        refused=refused,
        askable=[] if may_release else others(starter_of(run), reader.pk),
        asks=asks,
        asked_by_reader=any(event.actor_id == request.user.pk for event in asks),
        release_form=forms.get("release_form") or ReleaseForm(parked=parked),
        drop_form=forms.get("drop_form") or DropForm(),
        ask_form=forms.get("ask_form") or AskForm(),
    )
