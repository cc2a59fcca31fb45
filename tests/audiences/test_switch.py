"""Which identifiers are sent on which day of a switch, by a table; and what a draft must say of it."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from audiences import approving, registering
from audiences.definition import missing
from audiences.models import Definition
from audiences.registering import Incomplete, NotPossible
from audiences.switch import Switch, lacks, told
from audiences.switching_back import go_back
from audiences.terms_of import terms_of
from muster.models import Event, Person
from tests import factories

from .drafts import again, complete

DAY = date(2026, 12, 3)
EMAIL, PHONE, BOTH = ("email",), ("phone",), ("phone", "email")


def switch(**fields: Any) -> Switch:
    return Switch(**{"before": EMAIL, "after": PHONE, "on": DAY, "days": 14, "suppresses": True, **fields})


@pytest.mark.parametrize(
    ("planned", "by_day"),
    [
        (switch(), {DAY - timedelta(1): EMAIL, DAY: BOTH, DAY + timedelta(13): BOTH, DAY + timedelta(14): PHONE}),
        (switch(suppresses=False), {DAY - timedelta(1): EMAIL, DAY: PHONE, DAY + timedelta(14): PHONE}),
        (switch(gone_back=True), {DAY - timedelta(1): EMAIL, DAY: EMAIL, DAY + timedelta(99): EMAIL}),
        # Put into use later than planned: it switches then, and both are sent as long.
        (
            switch(in_use_since=DAY + timedelta(5)),
            {DAY: EMAIL, DAY + timedelta(5): BOTH, DAY + timedelta(18): BOTH, DAY + timedelta(19): PHONE},
        ),
        (switch(on=None, in_use_since=DAY), {DAY: BOTH, DAY + timedelta(14): PHONE}),
        (switch(after=("phone", "email")), {DAY: ("phone", "email"), DAY + timedelta(14): ("phone", "email")}),
    ],
)
def test_what_is_sent_on_which_day(planned: Switch, by_day: dict[date, tuple[str, ...]]) -> None:
    assert {day: planned.used(day) for day in by_day} == by_day


@pytest.mark.parametrize(
    ("planned", "day", "may"),
    [
        (switch(), DAY - timedelta(9), True),
        (switch(), DAY + timedelta(13), True),
        (switch(), DAY + timedelta(14), False),
        (switch(gone_back=True), DAY, False),
        (switch(on=None), DAY, False),
    ],
)
def test_until_when_it_can_be_taken_back(planned: Switch, day: date, may: bool) -> None:
    assert planned.may_go_back(day) is may


def test_it_is_told_and_asks_for_its_day() -> None:
    assert told(switch()) == ["Instead of email from 3 Dec 2026; both are sent until 17 Dec 2026"]
    assert told(switch(suppresses=False)) == [
        "Instead of email from 3 Dec 2026; it can be taken back until 17 Dec 2026"
    ]
    assert told(switch(gone_back=True)) == ["Gone back to email"]
    assert lacks(switch()) == []
    assert lacks(switch(on=None)) == [
        "The identifiers change from email to phone: choose the day under Identifier switch."
    ]
    order = switch(before=("email", "phone"), after=("phone", "email"), on=None)
    assert (lacks(order), told(order)) == ([], [])


@pytest.mark.django_db
def test_a_draft_with_other_identifiers_needs_a_day_and_its_approval_is_for_that_day(marketer: Person) -> None:
    first = factories.in_use(complete(marketer))
    draft = registering.revise(first.audience, reason="Phones match better", by=marketer, at=timezone.now())
    draft.identifiers = ["phone"]
    registering.save_draft(draft, revision=1, by=marketer, at=timezone.now())
    sentence = "The identifiers change from email, then phone to phone: choose the day under Identifier switch."
    assert sentence in missing(terms_of(again(draft)), timezone.localdate())
    with pytest.raises(Incomplete):
        approving.ask(again(draft), of=factories.person(role="manager"), by=marketer, at=timezone.now())

    draft = again(draft)
    draft.switch_on, draft.switch_days = timezone.localdate() + timedelta(days=2), 7
    registering.save_draft(draft, revision=draft.revision, by=marketer, at=timezone.now())
    manager = factories.person(role="manager")
    asked = approving.ask(again(draft), of=manager, by=marketer, at=timezone.now())
    Definition.objects.update(switch_days=30)
    with pytest.raises(NotPossible, match="no longer says what"):
        approving.approve(asked, by=manager, at=timezone.now())


@pytest.mark.django_db
def test_a_version_in_use_remembers_what_was_sent_before_and_goes_back(marketer: Person, manager: Person) -> None:
    first = factories.in_use(complete(marketer))
    draft = registering.revise(first.audience, reason="Phones match better", by=marketer, at=timezone.now())
    draft.identifiers, draft.switch_on, draft.switch_days = ["phone"], timezone.localdate(), 7
    registering.save_draft(draft, revision=1, by=marketer, at=timezone.now())
    used = factories.in_use(again(draft))
    today = timezone.localdate()

    assert used.switch_from == ["email", "phone"]
    assert used.identifiers_on(today) == ["phone"]
    with pytest.raises(NotPossible, match="days in which this could be taken back are over"):
        go_back(used, by=manager, at=timezone.now() + timedelta(days=7), reason="Late")
    go_back(used, by=manager, at=timezone.now(), reason="Match fell")

    used = again(used)
    assert used.identifiers_on(today) == ["email", "phone"]
    assert Event.objects.get(verb__startswith="went back").reason == "Match fell"
    with pytest.raises(NotPossible):
        go_back(used, by=manager, at=timezone.now(), reason="Again")
    # The next draft starts from what is sent: the same identifiers again are a switch again.
    following = registering.revise(used.audience, reason="Another try", by=marketer, at=timezone.now())
    assert (following.identifiers, following.switch_on, following.switched_back_at) == (["phone"], None, None)
    planned = terms_of(again(following)).switch
    assert planned is not None
    assert (planned.before, planned.after) == (("email", "phone"), ("phone",))
