"""The pages of a second person: whom to ask, what waits for whom, and what each of them can press."""

import html
import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from audiences import approving
from audiences.models import ApprovalRequest, Definition
from muster.models import Person
from tests import factories
from tests.audiences.drafts import again, complete

Sign = Callable[[Person], Client]
PAGE = "/audiences/cart/definition/v1/"


@pytest.fixture
def draft(marketer: Person) -> Definition:
    return complete(marketer)


@pytest.fixture
def asked(draft: Definition, marketer: Person, manager: Person) -> ApprovalRequest:
    return approving.ask(draft, of=manager, by=marketer, at=timezone.now(), words="For Black Friday")


def text(client: Client, address: str = PAGE) -> str:
    """The page as it is read, without marks."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", client.get(address).content.decode())).split())


def sent(client: Client, act: str, fields: dict[str, object]) -> str:
    return client.post(f"{PAGE}{act}/", fields, follow=True).content.decode()


def test_from_asking_to_an_approval_by_two_people(draft: Definition, marketer: Person, manager: Person) -> None:
    mine, theirs = Client(), Client()
    mine.force_login(marketer)
    theirs.force_login(manager)

    page = sent(mine, "ask", {"asked_of": manager.pk, "revision": 1, "words": "For Black Friday"})
    assert "Grace Osei was asked." in page
    assert "v1 waits for approval: Mara Keller asked Grace Osei" in text(mine, "/audiences/cart/")
    assert "Waits for your approval" not in text(mine, "/audiences/")
    first_page = text(theirs, "/audiences/")
    assert "Waits for your approval 1" in first_page
    assert "Mara Keller asked you" in first_page
    assert "For Black Friday" in first_page

    request = ApprovalRequest.objects.get()
    page = sent(theirs, "approve", {"request": request.pk, "words": "Go"})
    assert "v1 is approved and locked. Next it is proved on the roster." in page
    assert again(draft).state == "approved"
    assert f'href="{PAGE}pilot/"' in mine.get(PAGE).content.decode()
    assert "It is approved and not in use yet." in text(mine)


def test_whoever_may_not_decide_sees_whom_to_ask(
    asked: ApprovalRequest, marketer: Person, paid_media: Person, administrator: Person, signed_in: Sign
) -> None:
    for who, sentence in (
        (marketer, "You asked for this approval, so somebody else decides. Ask Grace Osei."),
        (paid_media, "Approving takes a manager, or a manager's deputy. Ask Grace Osei."),
        (administrator, "Approving takes a manager, or a manager's deputy. Ask Grace Osei."),
    ):
        client = signed_in(who)
        assert sentence in text(client)
        assert "Approve v1</button>" not in client.get(PAGE).content.decode()
        assert client.post(f"{PAGE}approve/", {"request": asked.pk}).status_code == 403


def test_a_request_that_came_after_what_was_read_is_not_decided(
    asked: ApprovalRequest, marketer: Person, manager: Person, signed_in: Sign
) -> None:
    approving.withdraw(asked, by=marketer, at=timezone.now())
    anew = approving.ask(asked.definition, of=manager, by=marketer, at=timezone.now())

    page = sent(signed_in(manager), "approve", {"request": asked.pk})

    assert "Not approved. This request was withdrawn by Mara Keller already. Nothing was changed." in page
    anew.refresh_from_db()
    assert anew.state == "waiting"


@pytest.mark.parametrize("words", ["", " ", "x\x07"])
def test_declining_takes_words(words: str, asked: ApprovalRequest, manager: Person, signed_in: Sign) -> None:
    page = sent(signed_in(manager), "decline", {"request": asked.pk, "words": words})

    assert "Nothing was decided." in page or "characters that cannot be seen" in page
    asked.refresh_from_db()
    assert asked.state == "waiting"


def test_who_asked_reads_why_it_was_declined(
    asked: ApprovalRequest, marketer: Person, manager: Person, signed_in: Sign
) -> None:
    sent(signed_in(manager), "decline", {"request": asked.pk, "words": "Too many people"})

    page = text(signed_in(marketer))
    assert "Grace Osei declined" in page
    assert "“Too many people”" in page
    assert "Ask for approval" in page


def test_an_edit_is_said_to_have_voided_it(asked: ApprovalRequest, marketer: Person, signed_in: Sign) -> None:
    Definition.objects.filter(pk=asked.definition_id).update(revision=2)
    ApprovalRequest.objects.update(state="void", decided_by=marketer, decided_at=timezone.now())

    assert "Mara Keller edited the draft" in text(signed_in(marketer))


def test_a_draft_edited_since_it_was_read_is_not_asked_for(
    draft: Definition, marketer: Person, manager: Person, signed_in: Sign
) -> None:
    page = sent(signed_in(marketer), "ask", {"asked_of": manager.pk, "revision": 3})

    assert "Nobody was asked." in page
    assert "saved this draft while you had it open." in page
    assert not ApprovalRequest.objects.exists()


@pytest.mark.parametrize("asked_of", ["", "0", "x", "999999"])
def test_only_who_may_approve_can_be_asked(
    asked_of: str, draft: Definition, marketer: Person, manager: Person, signed_in: Sign
) -> None:
    page = sent(signed_in(marketer), "ask", {"asked_of": asked_of, "revision": 1})

    assert "Choose whom to ask. Nobody was asked." in page or "Choose one from the list." in page
    assert not ApprovalRequest.objects.exists()


def test_an_incomplete_draft_says_what_is_missing_and_offers_no_asking(
    draft: Definition, marketer: Person, manager: Person, signed_in: Sign
) -> None:
    Definition.objects.filter(pk=draft.pk).update(entry_rule="")
    client = signed_in(marketer)

    assert "Nobody can be asked yet. Missing: Say when a person comes in (entry rule)." in text(client)
    page = sent(client, "ask", {"asked_of": manager.pk, "revision": 1})
    assert "Nobody was asked. Say when a person comes in (entry rule)." in page


def test_where_nobody_else_is_the_page_says_whom_to_invite(
    draft: Definition, marketer: Person, administrator: Person, signed_in: Sign
) -> None:
    assert "Ask Ada Novak to invite a manager" in text(signed_in(marketer))


def test_the_words_that_changed_are_marked(marketer: Person, signed_in: Sign) -> None:
    made = factories.audience(name="Cart", owner=marketer)
    factories.definition(made, state="past", exit_rule="Leaves after 4 hours")
    factories.definition(made, exit_rule="Leaves after 6 hours")

    page = signed_in(marketer).get("/audiences/cart/definition/v2/").content.decode()

    assert re.search(r"Exit: Leaves after\s*<strong>4</strong>\s*hours", page)
    assert re.search(r"Exit: Leaves after\s*<strong>6</strong>\s*hours", page)
    assert "1 of 12 parts" in page


def test_a_new_version_says_what_it_voids(marketer: Person, signed_in: Sign) -> None:
    made = factories.audience(name="Cart", owner=marketer)
    factories.definition(made)
    factories.definition(made, state="draft")

    page = text(signed_in(marketer), "/audiences/cart/definition/v2/")

    assert "Does not count for v2" in page
    assert "Runs now, until v2 is put into use" in page
    assert "Not before its pilot is signed" in page
