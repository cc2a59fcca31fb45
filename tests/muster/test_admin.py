"""The back office shows rows and no secret, and people keep to the rules there too."""

from collections.abc import Callable

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from audiences.models import Pipe, Workspace
from muster import audit
from muster.admin import Shown
from muster.models import Event, Installation, Person, SignInAttempt
from tests import factories

pytestmark = pytest.mark.django_db
CHANGEABLE = {Person, Installation}


@pytest.fixture
def office(administrator: Person, signed_in: Callable[[Person], Client]) -> Client:
    return signed_in(administrator)


def test_only_people_and_the_installation_can_be_changed() -> None:
    others = [site for model, site in admin.site._registry.items() if model not in CHANGEABLE]
    assert others
    assert all(isinstance(site, Shown) for site in others)
    assert Group not in admin.site._registry
    assert not any(model._meta.app_label == "django_rq" for model in admin.site._registry)


def test_every_list_and_row_opens_and_none_of_ours_can_be_written(office: Client, administrator: Person) -> None:
    made = factories.audience()
    factories.definition(made)
    factories.activation(made)
    factories.trait()
    audit.record(verb="registered", subject=made, by=administrator)
    opened = 0
    for model, site in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        assert office.get(reverse(f"{name}_changelist")).status_code == 200, name
        assert office.get(reverse(f"{name}_add")).status_code == 403, name
        for row in model._default_manager.all()[:1]:
            page = office.get(reverse(f"{name}_change", args=[row.pk]))
            assert page.status_code == 200, name
            assert office.get(reverse(f"{name}_delete", args=[row.pk])).status_code == 403, name
            if isinstance(site, Shown):
                assert 'name="_save"' not in page.content.decode(), name
                assert office.post(reverse(f"{name}_change", args=[row.pk]), {}).status_code == 403, name
            opened += 1
    assert opened >= 9


def test_secrets_are_not_shown(office: Client) -> None:
    factories.workspace(api_key="app-key-very-secret-1234")
    factories.pipe("write-key-very-secret-5678")
    for model in (Workspace, Pipe):
        row = model._default_manager.get()
        page = office.get(reverse(f"admin:audiences_{model._meta.model_name}_change", args=[row.pk])).content.decode()
        assert "very-secret" not in page
        assert "1234" in page or "5678" in page  # the last four are


def test_tokens_and_addresses_of_strangers_are_not_shown(office: Client, administrator: Person) -> None:
    Client().post("/sign-in/", {"email": "x@x.example", "password": "y"})
    attempt = SignInAttempt.objects.get()
    page = office.get(reverse("admin:muster_signinattempt_change", args=[attempt.pk])).content.decode()
    assert attempt.account not in page


def change(office: Client, person: Person, **said: str) -> str:
    values = {"full_name": person.full_name, "role": person.role, "time_zone": "", "reason": "", "is_active": "on"}
    values |= said
    if values["is_active"] == "off":
        del values["is_active"]
    url = reverse("admin:muster_person_change", args=[person.pk])
    return office.post(url, values, follow=True).content.decode()


def test_people_change_by_the_same_rules_and_it_is_written_down(office: Client, marketer: Person) -> None:
    change(office, marketer, role="manager", full_name="Mara Vogel", reason="Promoted")
    after = Person.objects.get(pk=marketer.pk)
    assert (after.role, after.full_name) == ("manager", "Mara Vogel")
    assert set(Event.objects.values_list("verb", "reason")) == {
        ("changed the role of", "Promoted"),
        ("changed", "Promoted"),
    }
    theirs = Client()
    factories.sign_in(theirs, marketer)
    change(office, after, is_active="off")
    assert theirs.get("/profile/").status_code == 302
    assert not Person.objects.get(pk=marketer.pk).is_active
    change(office, after, is_active="on")
    assert Person.objects.get(pk=marketer.pk).is_active


def test_nobody_locks_themselves_or_everybody_out(office: Client, administrator: Person) -> None:
    for said in ({"role": "marketer"}, {"is_active": "off"}):
        assert "Ask another administrator" in change(office, administrator, **said)
    after = Person.objects.get(pk=administrator.pk)
    assert (after.role, after.is_active) == ("administrator", True)
    assert not Event.objects.exists()


def test_the_installation_is_renamed_with_an_event(office: Client) -> None:
    Installation.current()
    url = reverse("admin:muster_installation_change", args=[1])
    office.post(url, {"name": "Northwind", "time_zone": "Europe/Berlin"})
    assert Installation.current().time_zone == "Europe/Berlin"
    assert Event.objects.get().detail == {"changed": ["name", "time_zone"]}
    assert "no time zone of that name" in office.post(url, {"name": "N", "time_zone": "Mars"}).content.decode()


def test_its_own_doors_are_ours(office: Client, administrator: Person) -> None:
    assert reverse("admin:login") == "/back-office/login/"
    assert Client().get("/back-office/")["Location"] == "/sign-in/?next=%2Fback-office%2F"
    office.post(reverse("admin:logout"))
    assert office.get("/profile/").status_code == 302
    assert Event.objects.get(verb="signed out").actor == administrator
