"""The first page: where each role begins, and the lists of whoever reads."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from audiences.approving import for_decision, open_requests, waiting_for
from audiences.models import Audience
from audiences.next_step import next_step
from audiences.views.loading import me
from muster.access import Permission, allow, can, who_can
from muster.home.landing import first_page
from muster.home.of_audience import told
from muster.home.page import home, to_act_on
from muster.home.reader import Reader
from muster.home.wanted import HomeFilter
from muster.htmx import page


@allow(Permission.READ)
@require_safe
def begin(request: HttpRequest) -> HttpResponse:
    """The way to where this person's role begins."""
    return redirect(first_page(me(request)))


@allow(Permission.READ)
@require_safe
def your_audiences(request: HttpRequest) -> HttpResponse:
    """What needs the reader now, what is in pilot, what is on target. Its first part is polled."""
    reader = Reader(me(request), timezone.now(), timezone.get_current_timezone())
    form = HomeFilter(request.GET)
    wanted = form.understood(reader.person)
    asked = open_requests()
    found = home(wanted, reader, asked)
    context = {"form": form, "wanted": wanted, "home": found, "now": reader.now, "query": request.GET.urlencode()}
    context["waiting"] = [] if wanted.narrowed else for_decision(asked, reader.person, reader.now)
    if found.is_empty and not wanted.narrowed:
        step = next_step()
        context |= {"step": step, "can_do": can(reader.person, step.needs), "ask": who_can(step.needs)}
    return page(request, "muster/your_audiences.html", context, part="home")


@allow(Permission.READ)
@require_safe
def of_audience(request: HttpRequest, slug: str) -> HttpResponse:
    """How each list of an audience stands, and what it needs; its page loads it, and again each minute."""
    audience = get_object_or_404(Audience, slug=slug, archived_at=None)
    reader = Reader(me(request), timezone.now(), timezone.get_current_timezone())
    context = {"audience": audience, "told": told(audience, reader)}
    return page(request, "muster/standing_of.html", context, part="standing")


@allow(Permission.READ)
@require_safe
def count(request: HttpRequest) -> HttpResponse:
    """How many lists need the reader, and approvals wait for them, for the navigation."""
    reader = Reader(me(request), timezone.now(), timezone.get_current_timezone())
    need = to_act_on(reader) + len(waiting_for(reader.person, reader.now))
    return render(request, "muster/your_audiences_count.html", {"need": need})
