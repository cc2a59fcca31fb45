"""Who may decide about a run besides whoever began it: a release and a re-assert need a second person."""

from django.db.models import Exists, OuterRef, Q

from audiences.approving import NeedsSomebodyElse, nobody_else
from audiences.terms import joined
from muster.access import DEPUTY_ROLES, Permission, can, roles_with
from muster.models import Event, Person

from .models import Release, Run

ASKED = "asked to release"


def starter_of(run: Run) -> int | None:
    """Return who began what a run goes on with: a run that a release started was begun by who started the held one."""
    seen: set[int] = set()
    while run.trigger == Run.Trigger.RELEASE and run.pk not in seen:
        seen.add(run.pk)
        given = Release.objects.filter(activation=run.activation_id, at__lte=run.created_at).order_by("-at", "-pk")
        release = given.select_related("run").exclude(run=run).first()
        if release is None:
            break
        run = release.run
    return run.actor_id


def others(*not_these: int | None) -> list[Person]:
    """Return who may release, deputies included, without these people. By name, in one query."""
    stands_in = Person.objects.active().filter(deputy=OuterRef("pk"), role__in=roles_with(Permission.APPROVE))
    may = Q(role__in=roles_with(Permission.RELEASE)) | (Q(role__in=DEPUTY_ROLES) & Exists(stands_in))
    found = Person.objects.active().filter(may).order_by("full_name", "pk")
    return [one for one in found if one.pk not in not_these]


def askers_of(run: Run) -> set[int | None]:
    """Return who asked for a release of what a run holds."""
    return set(Event.objects.filter(run_id=run.pk, verb=ASKED).values_list("actor_id", flat=True))


def refusal(run: Run, person: Person, askers: set[int | None]) -> str:
    """Return why this person may not release what a run holds and whom to ask, or an empty text."""
    starter = starter_of(run)
    if person.pk == starter:
        why = "You started this run, so somebody else releases what it holds."
    elif person.pk in askers:
        why = "You asked for this release, so somebody else decides."
    elif not can(person, Permission.RELEASE):
        why = "Releasing takes a manager, or a manager's deputy."
    else:
        return ""
    return f"{why} {whom_to_ask(others(starter, person.pk))}"


def reassert_refusal(dry_run: Run, person: Person) -> str:
    """Return why this person may not send everybody again after a dry run, and whom to ask, or an empty text."""
    if person.pk == dry_run.actor_id:
        why = "You made the dry run, so somebody else sends everybody again."
    elif not can(person, Permission.RELEASE):
        why = "Sending everybody again takes a manager, or a manager's deputy."
    else:
        return ""
    return f"{why} {whom_to_ask(others(dry_run.actor_id, person.pk))}"


def whom_to_ask(people: list[Person]) -> str:
    """Return the sentence that names them; where there is nobody, whom to have invited."""
    return f"Ask {joined((one.full_name for one in people), 'or')}." if people else nobody_else()


def check(words: str) -> None:
    """Raise NeedsSomebodyElse with these words, unless they are empty."""
    if words:
        raise NeedsSomebodyElse(words)
