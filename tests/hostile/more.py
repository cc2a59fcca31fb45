"""More of what there is already, at new places and at those that are there."""

from django.utils import timezone

from audiences import approving
from audiences.models import Activation, RequiredSuppression
from muster.models import Person
from reconciliation.weeks import monday_of
from tests import factories
from tests.audiences.drafts import complete
from tests.hostile import world
from tests.reconciliation import list_weeks
from tests.syncs import run_rows
from tests.syncs.events import feed_of


def more(cast: dict[str, Person], name: str) -> None:
    """Make one more of nearly everything, called by this name."""
    first = Activation.objects.select_related("destination", "pipe").get(audience__name="Live")
    space = first.audience.segment.workspace
    factories.trait(f"trait_{name}")
    factories.person(role="marketer")
    drafts(cast, name, first)
    for one in (lists(cast, name, first), first):
        run_rows.done(one)
        required = {
            "by": cast["manager"],
            "at": timezone.now(),
            "target_minutes": 60,
            "basis": "So that they see no ads",
        }
        RequiredSuppression.objects.create(destination=one.destination, label=f"Required {name} {one.pk}", **required)
    feed_of(space, f"Feed {name}", state="live", pipe=factories.pipe(), owner=cast["marketer"])


def drafts(cast: dict[str, Person], name: str, first: Activation) -> None:
    """Make versions that are written, that wait and that are approved."""
    draft = factories.audience(name=f"Draft {name}", owner=cast["marketer"])
    places = [factories.destination(), first.destination]
    factories.definition(draft, state="draft", destinations=places, edited_by=cast["marketer"])
    approving.ask(
        complete(cast["marketer"], name=f"Waits {name}"), of=cast["manager"], by=cast["marketer"], at=timezone.now()
    )
    factories.approved(complete(cast["marketer"], name=f"Approved {name}"), by=cast["manager"])


def lists(cast: dict[str, Person], name: str, first: Activation) -> Activation:
    """Make lists with runs, readings and weeks, one of them where `first` is, and return one that is read back."""
    monday = monday_of(timezone.now().date())
    live = run_rows.list_of(f"Live {name}", through=first.pipe)
    run_rows.sending(live)
    world.read_back(live, cast)
    neighbour = run_rows.list_of(f"Neighbour {name}", through=first.pipe)
    Activation.objects.filter(pk=neighbour.pk).update(destination=first.destination)
    parked = run_rows.held().activation
    for one in (live, neighbour, parked):
        run_rows.done(one, at=timezone.now())
        for week in (monday - list_weeks.WEEK, monday):
            list_weeks.week(one, week, "drifting")
    run_rows.list_of(f"Stopped {name}", stopped_words="RudderStack refused the key (401).")
    return live
