"""How long the list of audiences takes on the server, and how many queries: 500 audiences, each with many runs."""

import time
from collections.abc import Callable
from statistics import quantiles
from typing import Any, Final

import django

django.setup()

from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402
from django.utils import timezone  # noqa: E402

from audiences.models import Activation, Audience, Definition, Destination, Pipe, Purpose, Segment  # noqa: E402
from muster.models import Person  # noqa: E402
from syncs.models import Run  # noqa: E402
from syncs.states import RunState, Stage  # noqa: E402

SIGNED_IN: Final = ('FROM "django_session"', 'FROM "muster_person"')
WARM_UP: Final = 5


def seed(audiences: int, runs: int) -> None:
    """Put audiences with a definition, a list and runs into a prepared home."""
    owner, segment, now = Person.objects.get(), Segment.objects.filter(number=1).get(), timezone.now()
    place = Destination.objects.create(name="Meta", platform="meta", payload="record")
    numbers = range(audiences)
    Audience.objects.update(archived_at=now)
    made = Audience.objects.bulk_create(
        Audience(slug=f"a-{one}", name=f"Audience {one}", segment=segment, owner=owner, created_by=owner)
        for one in numbers
    )
    definitions = Definition.objects.bulk_create(
        Definition(audience=one, number=1, state="current", purpose=Purpose.RETARGET, locked_by=owner, locked_at=now)
        for one in made
    )
    pipes = Pipe.objects.bulk_create(Pipe(name=f"p-{one}", data_plane_url="https://d.example") for one in numbers)
    lists = Activation.objects.bulk_create(
        Activation(audience=one, destination=place, pipe=pipe, payload="record", lifecycle="live")
        for one, pipe in zip(made, pipes, strict=True)
    )
    done = {"state": RunState.DONE, "stage": Stage.DONE, "trigger": "schedule", "created_at": now, "finished_at": now}
    for one, definition in zip(lists, definitions, strict=True):
        Run.objects.bulk_create(Run(activation=one, definition=definition, **done) for _ in range(runs))


class Queries:
    """Counts queries, but for those that find out who asks."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        self.count += not any(table in sql for table in SIGNED_IN)
        return execute(sql, *rest)


def look(audiences: int, runs: int, times: int) -> dict[str, Any]:
    """Open the list and return its queries and the 95th percentile of its milliseconds."""
    seed(audiences, runs)
    client = Client(HTTP_HOST="localhost")
    client.force_login(Person.objects.get())
    taken, queries = [], Queries()
    for _ in range(times + WARM_UP):
        queries.count = 0
        began = time.perf_counter()
        with connection.execute_wrapper(queries):
            answer = client.get(reverse("audiences:list"))
        taken.append((time.perf_counter() - began) * 1000)
        if answer.status_code != 200 or b"Audience" not in answer.content:
            raise AssertionError(f"the list answers {answer.status_code}")
    return {"queries": queries.count, "milliseconds": quantiles(taken[WARM_UP:], n=20)[-1]}
