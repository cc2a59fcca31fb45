"""Who may come in, and as what: rules, the People page, and that sessions end at once."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from muster import invitations, people
from muster.access import Role
from muster.models import Event, Person
from tests import factories

AT = datetime(2026, 11, 23, 9, 20, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def fresh(person: Person) -> Person:
    found: Person = Person.objects.get(pk=person.pk)
    return found


# Rules


def test_a_role_changes_and_is_written_down(administrator: Person, marketer: Person) -> None:
    people.change_role(marketer, Role.MANAGER, by=administrator, at=AT, reason="Leads the team now")
    assert fresh(marketer).role == Role.MANAGER
    event = Event.objects.get()
    assert (event.verb, event.object_label, event.actor, event.reason, event.detail, event.at) == (
        "changed the role of",
        "Mara Keller",
        administrator,
        "Leads the team now",
        {"from": "Retention marketer", "to": "Manager"},
        AT,
    )
    people.change_role(marketer, Role.MANAGER, by=administrator, at=AT)
    assert Event.objects.count() == 1


def test_the_last_administrator_keeps_role_and_sign_in(administrator: Person) -> None:
    other = factories.person(role="administrator", full_name="Second Admin")
    people.disable(other, by=administrator, at=AT)
    colleague = factories.person(role="administrator")
    people.change_role(administrator, Role.MARKETER, by=colleague, at=AT)  # not the last: colleague can sign in
    for act in (
        lambda by: people.disable(colleague, by=by, at=AT),
        lambda by: people.change_role(colleague, Role.MANAGER, by=by, at=AT),
    ):
        with pytest.raises(people.Refused, match="last administrator who can sign in"):
            act(other)
    assert fresh(colleague).role == Role.ADMINISTRATOR
    assert fresh(colleague).is_active


def test_an_administrator_who_never_set_a_password_does_not_count(administrator: Person) -> None:
    second = factories.person(role="administrator")
    invitations.invite(email="x@team.example", full_name="X", role=Role.ADMINISTRATOR, by=administrator, at=AT)
    people.disable(second, by=administrator, at=AT)
    with pytest.raises(people.Refused):
        people.disable(administrator, by=second, at=AT)


def test_nobody_disables_or_demotes_themselves(administrator: Person) -> None:
    factories.person(role="administrator")
    with pytest.raises(people.Refused, match="Ask another administrator"):
        people.disable(administrator, by=administrator, at=AT)
    with pytest.raises(people.Refused, match="Ask another administrator"):
        people.change_role(administrator, Role.MARKETER, by=administrator, at=AT)
    assert not Event.objects.exists()


def test_disabling_ends_sessions_and_enabling_does_not_bring_them_back(
    administrator: Person, marketer: Person, signed_in: Callable[[Person], Client]
) -> None:
    client = signed_in(marketer)
    assert client.get("/profile/").status_code == 200
    people.disable(marketer, by=administrator, at=AT)
    assert client.get("/profile/").status_code == 302
    people.enable(marketer, by=administrator, at=AT)
    assert client.get("/profile/").status_code == 302
    assert client.login(username=marketer.email, password=factories.PASSWORD)
    assert client.get("/profile/").status_code == 200


def test_disabling_twice_is_written_down_once(administrator: Person, marketer: Person) -> None:
    for _ in range(2):
        people.disable(marketer, by=administrator, at=AT)
    for _ in range(2):
        people.enable(marketer, by=administrator, at=AT)
    assert list(Event.objects.values_list("verb", flat=True).order_by("pk")) == ["disabled", "enabled"]


def test_disabling_takes_open_links_away(administrator: Person) -> None:
    person, token = invitations.invite(
        email="new@team.example", full_name="New", role=Role.MARKETER, by=administrator, at=AT
    )
    people.disable(person, by=administrator, at=AT)
    people.enable(person, by=administrator, at=AT)
    with pytest.raises(invitations.NoLonger):
        invitations.find(token, at=AT)


# Pages


@pytest.fixture
def admin_client(administrator: Person, signed_in: Callable[[Person], Client]) -> Client:
    return signed_in(administrator)


def test_the_list_says_who_can_sign_in(admin_client: Client, administrator: Person, marketer: Person) -> None:
    factories.person(full_name="Gone Colleague", is_active=False)
    for number, days in enumerate((1, 8)):
        at = timezone.now() - timedelta(days=days)
        invitations.invite(email=f"a{number}@team.example", full_name="A", role=Role.MARKETER, by=administrator, at=at)
    page = admin_client.get("/people/").content.decode()
    for text in ("Mara Keller", "Can sign in", "Gone Colleague", "Disabled", "Link open", "Link expired", "You"):
        assert text in page, text
    assert page.index("Mara Keller") < page.index("Gone Colleague")


def test_inviting_shows_the_link_once(admin_client: Client, administrator: Person) -> None:
    said = {"full_name": "Sven Olsen", "email": "Sven@Team.example", "role": "marketer"}
    page = admin_client.post("/people/invite/", said).content.decode()
    person = Person.objects.get(email="sven@team.example")
    assert not person.has_usable_password()
    link = page.split('<code id="link">')[1].split("</code>")[0]
    assert link.startswith("http://testserver/invitation/")
    token = link.rstrip("/").rsplit("/", 1)[1]
    kept = person.invitations.get()
    assert token not in str(kept.__dict__)
    assert kept.token_hash == invitations.hashed(token)
    for url in ("/people/", f"/people/{person.pk}/"):
        assert token not in admin_client.get(url).content.decode()
    assert Client().get(link).status_code == 200


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"full_name": "", "email": "", "role": ""}, "This field is required"),
        ({"full_name": "A", "email": "no address", "role": "marketer"}, "valid email"),
        ({"full_name": "A", "email": "MARA@team.example", "role": "marketer"}, "is here already"),
        ({"full_name": "A", "email": "a@team.example", "role": "owner"}, "not one of the available choices"),
    ],
)
def test_an_invitation_that_cannot_be_made(admin_client: Client, said: dict[str, str], words: str) -> None:
    factories.person(email="mara@team.example")
    before = Person.objects.count()
    page = admin_client.post("/people/invite/", said)
    assert page.status_code == 200
    assert words in page.content.decode()
    assert 'aria-invalid="true"' in page.content.decode()
    assert Person.objects.count() == before


def test_name_and_role_are_changed_with_a_reason(admin_client: Client, marketer: Person) -> None:
    said = {"full_name": "Mara Vogel", "role": "manager", "reason": "Married, promoted"}
    response = admin_client.post(f"/people/{marketer.pk}/", said)
    assert response["Location"] == "/people/"
    assert (fresh(marketer).full_name, fresh(marketer).role) == ("Mara Vogel", "manager")
    assert set(Event.objects.values_list("verb", "reason")) == {
        ("changed the role of", "Married, promoted"),
        ("renamed", "Married, promoted"),
    }
    assert "Mara Vogel is saved" in admin_client.get("/people/").content.decode()


def test_a_refused_change_keeps_the_form(admin_client: Client, administrator: Person) -> None:
    said = {"full_name": "Ada Lovelace", "role": "marketer", "reason": ""}
    page = admin_client.post(f"/people/{administrator.pk}/", said)
    assert page.status_code == 200
    assert "Ask another administrator" in page.content.decode()
    assert "Ada Lovelace" in page.content.decode()
    assert fresh(administrator).full_name == "Ada Novak"


def test_resetting_takes_the_password_and_the_sessions(admin_client: Client, marketer: Person) -> None:
    theirs = Client()
    factories.sign_in(theirs, marketer)
    page = admin_client.post(f"/people/{marketer.pk}/link/", {"reason": "Lost the laptop"}).content.decode()
    assert theirs.get("/profile/").status_code == 302
    assert not theirs.login(username=marketer.email, password=factories.PASSWORD)
    link = page.split('<code id="link">')[1].split("</code>")[0]
    theirs.post(link, {"password": "a new long password"})
    assert theirs.get("/profile/").status_code == 200
    event = Event.objects.get(verb="reset the password of")
    assert (event.object_label, event.reason) == ("Mara Keller", "Lost the laptop")


def test_a_new_link_replaces_the_old(admin_client: Client, administrator: Person) -> None:
    person, old = invitations.invite(email="n@team.example", full_name="N", role=Role.MARKETER, by=administrator, at=AT)
    page = admin_client.post(f"/people/{person.pk}/link/").content.decode()
    link = page.split('<code id="link">')[1].split("</code>")[0]
    assert Client().get(link).status_code == 200
    assert Client().get(f"/invitation/{old}/").status_code == 410


def test_no_link_for_oneself_or_the_disabled(admin_client: Client, administrator: Person) -> None:
    gone = factories.person(is_active=False)
    for person, words in ((administrator, "in your profile"), (gone, "Enable this person first")):
        page = admin_client.post(f"/people/{person.pk}/link/", follow=True).content.decode()
        assert "No link was made" in page
        assert words in page
        assert fresh(person).has_usable_password()


def test_disable_and_enable_by_their_buttons(admin_client: Client, administrator: Person, marketer: Person) -> None:
    page = admin_client.post(f"/people/{marketer.pk}/disable/", {"reason": "Left"}, follow=True).content.decode()
    assert "Mara Keller is disabled and signed out everywhere" in page
    assert Event.objects.get(verb="disabled").reason == "Left"
    page = admin_client.post(f"/people/{marketer.pk}/enable/", follow=True).content.decode()
    assert "Mara Keller can sign in again" in page
    page = admin_client.post(f"/people/{administrator.pk}/disable/", follow=True).content.decode()
    assert "You cannot disable yourself" in page
    assert fresh(administrator).is_active


def test_htmx_is_moved_instead_of_given_a_page(admin_client: Client, marketer: Person) -> None:
    response = admin_client.post(f"/people/{marketer.pk}/disable/", headers={"HX-Request": "true"})
    assert response["HX-Redirect"] == "/people/"


def test_names_are_shown_as_text(admin_client: Client, marketer: Person) -> None:
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    Person.objects.filter(pk=marketer.pk).update(full_name=evil)
    for url in ("/people/", f"/people/{marketer.pk}/", "/log/"):
        assert "<script>alert" not in admin_client.get(url).content.decode()
        assert "<img" not in admin_client.get(url).content.decode()


@pytest.mark.engine
@pytest.mark.django_db(transaction=True)
def test_two_administrators_who_disable_each_other_at_once(administrator: Person) -> None:
    """Whoever comes second is refused: one who can administer remains."""
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connection

    other = factories.person(role="administrator")

    def act(pair: tuple[Person, Person]) -> str:
        try:
            people.disable(pair[0], by=pair[1], at=AT)
            return "done"
        except people.Refused:
            return "refused"
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(act, [(administrator, other), (other, administrator)]))
    assert outcomes == ["done", "refused"]
    assert people.can_administer().count() == 1
