"""The project with one of everything in it, as each role meets it, and all its addresses."""

import re
import socket
from typing import Any

from django.http.cookie import SimpleCookie
from django.test import Client
from django.urls import reverse

from audiences.models import Activation, Audience, Feed, Pipe, RequiredSuppression, SigningKey
from muster.models import Person
from reconciliation.models import ListWeek, Report
from syncs.models import Run
from tests.access_table import ADMINISTRATOR, MANAGER, STRANGER, TABLE
from tests.hostile import world
from tests.hostile.crawl import Found, crawl

CLOSED = "http://127.0.0.1:1"  # nobody listens there
ONLY_POSTED = frozenset(route for route, row in TABLE.items() if "GET" not in row)


def unlinked() -> list[str]:
    """Return addresses that no page of this world links: what a version and a list have before them, the browser's own."""
    draft, away = Audience.objects.get(name="Draft"), Person.objects.filter(is_active=False)[0]
    steps = (
        *("audiences:version", "audiences:ask-approval", "syncs:pilot", "syncs:promote"),
        *("syncs:switch", "syncs:switch_plan", "syncs:switch_dry_run", "syncs:switch_back"),
    )
    ours = [reverse(name, args=[draft.slug, 1]) for name in steps]
    ours += [reverse("people:enable", args=[away.pk]), reverse("syncs:grow", args=[Activation.objects.latest("pk").pk])]
    ours += [reverse("syncs:retire", args=[one.slug]) for one in Audience.objects.filter(name="Retiring")]
    ours += [reverse("audiences:detail", args=[slug]) for slug in ("stopped", "draft", "approved", "waiting", "live")]
    ours += [reverse(name, args=["live"]) for name in ("syncs:tiers", "reconciliation:holdout")]
    ours += [reverse("audiences:version", args=["waiting", 1]), "/audiences/waiting/definition/v1/approve/"]
    ours += [reverse("reconciliation:feed", args=[one.slug]) for one in Feed.objects.all()]
    ours += [f"/events/{one.slug}/{verb}/" for one in Feed.objects.all()[:1] for verb in EVENT_VERBS]
    ours += [f"/suppression/lines/{one.pk}/{verb}/" for one in lines_of_policy() for verb in ("ask", "note")]
    ours += [
        f"/connections/workspaces/{one.workspace_id}/signing/{one.pk}/retire/" for one in SigningKey.objects.all()[:1]
    ]
    ours += [f"/audiences/approved/definition/v1/override/{one.destination_id}/" for one in lines_of_policy()]
    ours += [f"/webhooks/customerio/{draft.segment.workspace_id}/", "/suppression/", "/suppression/policy/"]
    ours += [reverse("reconciliation:answer", args=[one.activation_id]) for one in ListWeek.objects.all()]
    ours += [f"/reports/{Report.objects.latest('pk')}/chase/{one.activation_id}/" for one in ListWeek.objects.all()]
    ours += [reverse("syncs:run", args=[run.pk]) for run in [*Run.objects.live(), *Run.objects.filter(state="held")]]
    return [*ours, "/favicon.ico", "/back-office/login/", "/healthz", "/readyz"]


EVENT_VERBS = ("ask", "go-on", "live", "pause", "retire", "edit", "retry", "drop")


def lines_of_policy() -> list[RequiredSuppression]:
    return list(RequiredSuppression.objects.filter(ended_at=None).order_by("pk")[:2])


class Site:
    """The project with one of everything in it, and a client for each role."""

    def __init__(self) -> None:
        self.people = world.people()
        self.clients: dict[str, Client] = {STRANGER: world.client_of(None)}
        self.found = Found()
        token = world.build(self.people, CLOSED)
        self.clients |= {role: world.client_of(somebody) for role, somebody in self.people.items()}
        self.cookies = {role: client.cookies.output(header="", sep=";") for role, client in self.clients.items()}
        for role in (STRANGER, MANAGER, ADMINISTRATOR):  # between them they may call everything
            starts = ["/sign-in/", "/setup/", f"/invitation/{token}/"] if role == STRANGER else ["/", *unlinked()]
            crawl(self.clients[role], self.found, *starts, only_posted=ONLY_POSTED)
        for pipe in Pipe.objects.order_by("pk")[:1]:
            replacing = f"/connections/?replace=pipe-{pipe.pk}"
            crawl(self.clients[ADMINISTRATOR], self.found, replacing, only_posted=ONLY_POSTED)
        for role in self.clients:
            self.client(role)

    def client(self, role: str) -> Client:
        """Return the client of a role as it was when it signed in."""
        client = self.clients[role]
        client.cookies = SimpleCookie(self.cookies[role])
        return client


def some_pages(site: Site, each: int = 6) -> list[str]:
    """Return addresses of ours that are read, no more than `each` of a kind."""
    known = [paths for route, paths in site.found.paths.items() if route in TABLE and route not in ONLY_POSTED]
    return sorted({path for paths in known for path in sorted(paths)[:each]})


def no_such_name(host: Any, *arguments: Any, **options: Any) -> Any:
    """What a look-up says on a machine without a network, addresses excepted."""
    if re.fullmatch(r"[0-9.]+", str(host)):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (str(host), arguments[0] if arguments else 0))]
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
