"""The suppression board: what each ad account is protected from now, what can be done, and its sizes as CSV."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from audiences.models import RequiredSuppression
from audiences.views.loading import me
from muster.access import Permission, allow, who_can
from muster.htmx import onward, page
from reconciliation import board_asking
from reconciliation.board import Board, Placed, board, to_act_on
from reconciliation.board_csv import csv_of
from reconciliation.board_todos import Todo


@allow(Permission.READ)
@require_safe
def suppression(request: HttpRequest) -> HttpResponse:
    """The board; it loads itself anew every minute. 30 queries at most, however many accounts and lists."""
    shown = board(timezone.now())
    context = {
        "board": shown,
        "todos": [(todo, _first(shown, todo)) for todo in shown.todos],
        "writers": who_can(Permission.WRITE_POLICY)[:3] if shown.bare or not shown.placed else [],
        "connects": [] if shown.accounts or shown.bare else who_can(Permission.MANAGE_CONNECTIONS)[:3],
    }
    return page(request, "reconciliation/suppression.html", context, part="board")


def _first(shown: Board, todo: Todo) -> Placed:
    """Return the cell that the buttons of something to do are about: the first of which nobody was asked yet."""
    cells = shown.of(todo)
    return next((one for one in cells if one.said.asked is None), cells[0])


@allow(Permission.READ)
@require_safe
def count(request: HttpRequest) -> HttpResponse:
    """How many things there are to act on, for the navigation; the page loads it after itself."""
    return render(request, "reconciliation/suppression_count.html", {"count": to_act_on(timezone.now())})


@allow(Permission.READ)
@require_safe
def sizes(request: HttpRequest) -> HttpResponse:
    """The board for spreadsheets."""
    now = timezone.now()
    response = HttpResponse(csv_of(board(now)), content_type="text/csv; charset=utf-8")
    day = timezone.localtime(now).strftime("%Y-%m-%d")
    response["Content-Disposition"] = f'attachment; filename="suppression-{day}.csv"'
    return response


@allow(Permission.ASK)
@require_POST
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    """Record that somebody asked whoever can mend a suppression."""
    found = _placed_or_404(pk)
    if not found.ask:
        messages.info(request, "There is nobody to ask about it any more: look at the board again.")
        return onward(request, "reconciliation:suppression")
    try:
        board_asking.ask(found.line, found.ask, by=me(request), at=timezone.now())
    except board_asking.AskedAlready as refusal:
        messages.info(request, str(refusal))
    else:
        names = " or ".join(one.full_name for one in found.ask)
        messages.success(request, f"It is on record that you asked {names}: everybody sees it here. Tell them, too.")
    return onward(request, "reconciliation:suppression")


@allow(Permission.ASK)
@require_POST
def note(request: HttpRequest, pk: int) -> HttpResponse:
    """Record that somebody knows who is exposed, and goes on for now."""
    found = _placed_or_404(pk)
    board_asking.accept(found.line, found.cell.missing, by=me(request), at=timezone.now())
    messages.success(request, "Noted, with your name. The board goes on saying so until the list is fresh.")
    return onward(request, "reconciliation:suppression")


def _placed_or_404(pk: int) -> Placed:
    """Return a cell of the board as it stands. Raises Http404."""
    line = get_object_or_404(RequiredSuppression, pk=pk, ended_at=None, destination__archived_at=None)
    return next(one for one in board(timezone.now()).placed if one.line.pk == line.pk)
