"""What is known now of lists at their destinations: newest look, readiness, match. Also kept on the list for other pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from audiences.models import Activation, Arrival, Definition
from audiences.platforms import Family

from . import looking
from .expected_match import Expected, expected
from .look import Look, moved_at
from .match_rate import Gap, Match, match_of
from .models import MatchTrend
from .readiness import Facts, Readiness, is_settling, readiness
from .trend import points_of
from .weeks import Week, history

LONGEST: Final = Arrival._meta.get_field("words").max_length


@dataclass(frozen=True)
class Arrived:
    """One list as its destination shows it. `weeks` are 26, oldest first; `learned` counts those with a match rate."""

    activation: Activation
    readiness: Readiness
    look: Look | None = None
    match: Match | Gap = Gap.NOT_READ
    expected: Expected | None = None
    weeks: list[Week] = field(default_factory=list)

    @property
    def rate(self) -> Match | None:
        return self.match if isinstance(self.match, Match) else None

    @property
    def learned(self) -> int:
        return sum(1 for week in self.weeks if week.point)


def of_lists(lists: Sequence[Activation], now: datetime, *, by: datetime | None = None) -> list[Arrived]:
    """Return what is known of these lists (with their destinations), in their order. Six queries.

    With `by`, only readings from before that time count, as at the end of a week.
    """
    ids = [one.pk for one in lists]
    seen, began = looking.newest(ids, by), looking.began(ids)
    oldest = min((look.at for look in seen.values()), default=now)
    held = looking.held(ids, oldest - looking.MOVES)
    current = definitions_of({one.audience_id for one in lists})
    trends = {one.activation_id: one for one in MatchTrend.objects.filter(activation__in=ids)}
    today = timezone.localdate(now)
    return [
        _of_list(
            one,
            with_people(seen.get(one.pk), one, held.get(one.pk, []), now),
            moved(held.get(one.pk, []), began.get(one.pk), seen.get(one.pk)),
            current.get(one.audience_id),
            history(points_of(trends[one.pk].weeks) if one.pk in trends else {}, today),
            now,
        )
        for one in lists
    ]


def definitions_of(audiences: set[int]) -> Mapping[int, Definition]:
    """Return the definitions that are in use. One query."""
    used: QuerySet[Definition] = Definition.objects.filter(audience__in=audiences, state=Definition.State.CURRENT)
    return {one.audience_id: one for one in used.defer("conditions", "logic")}


def with_people(look: Look | None, one: Activation, held: Sequence[tuple[datetime, int]], now: datetime) -> Look | None:
    """Return the look with the people held then, also where whoever entered it did not note them.

    Where Muster sends nobody, it does not know how many people were given to the platform.
    """
    if look is None or look.accepted is not None or not one.destination.spec.is_sent:
        return look
    people = looking.held_then([*held, (now, one.distinct_members)], look.as_of)
    return replace(look, accepted=people)


def moved(held: Sequence[tuple[datetime, int]], began: datetime | None, look: Look | None) -> datetime | None:
    """Return when the list was last filled before a look."""
    return moved_at(held, began, look.as_of if look.by_hand else look.at) if look else None


def expected_of(one: Activation, definition: Definition | None, before: Sequence[Week], today: date) -> Expected | None:
    """Return what is expected of a list, after the weeks before. Only ads recognise a part of the people: the definition's
    band is about them.
    """
    ads = one.destination.spec.family == Family.ADS
    defined = (definition.match_low, definition.match_high) if definition and ads else (None, None)
    sent = definition.identifiers_on(today) if definition else []
    mids = [week.point.match.mid for week in before if week.point]
    return expected(one.destination.platform, sent, defined=defined, before=mids)


def _of_list(
    one: Activation,
    look: Look | None,
    filled: datetime | None,
    definition: Definition | None,
    weeks: list[Week],
    now: datetime,
) -> Arrived:
    platform = one.destination.platform
    settled = look is not None and not is_settling(platform, look, filled)
    match = match_of(platform, look, settled=settled)
    wanted = expected_of(one, definition, weeks[:-1], timezone.localdate(now))
    facts = Facts(
        platform=platform,
        label=one.destination.spec.label,
        now=now,
        every=timedelta(seconds=settings.MEASURE_SECONDS),
        look=look,
        moved_at=filled,
        match=match if isinstance(match, Match) else None,
        expected=wanted,
    )
    return Arrived(one, readiness(facts), look, match, wanted, weeks)


def keep(activation_id: int, *, at: datetime) -> Arrival | None:
    """Keep on the list what its newest look says, and return it; None where nothing was read."""
    one = Activation.objects.select_related("destination").get(pk=activation_id)
    (found,) = of_lists([one], at)
    if found.look is None:
        return None
    said, size = found.readiness, found.look.size
    words = " ".join(part for part in (said.what, said.why, said.do) if part)
    return Arrival.objects.update_or_create(
        activation=one,
        defaults={
            "readiness": said.word.value,
            "words": words[:LONGEST],
            "accepted": found.look.accepted,
            "size_low": size.low if size else None,
            "size_high": size.high if size else None,
            "rate_low": found.rate.low if found.rate else None,
            "rate_high": found.rate.high if found.rate else None,
            "as_of": found.look.as_of,
            "read_at": found.look.as_of if found.look.by_hand else found.look.at,
        },
    )[0]
