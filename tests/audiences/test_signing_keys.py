"""Signing keys: write-only, two during a rotation, retired with their secret; who may."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from audiences import signing_keys
from audiences.models import SigningKey
from muster.models import Event as LogEvent
from muster.models import Person
from tests import factories, feed_rows

pytestmark = pytest.mark.django_db
Sign = Callable[[Person], Client]
NOW = timezone.now()


def test_two_keys_are_valid_while_one_replaces_the_other(administrator: Person) -> None:
    space = factories.workspace()
    first = signing_keys.add(space, "first-key-aaaa", by=administrator, at=NOW)
    second = signing_keys.add(space, "second-key-bbbb", by=administrator, at=NOW)
    with pytest.raises(signing_keys.TooMany, match="Retire the one"):
        signing_keys.add(space, "third-key-cccc", by=administrator, at=NOW)
    assert signing_keys.usable(space) == [first, second]
    assert signing_keys.retire(first, by=administrator, at=NOW)
    assert not signing_keys.retire(first, by=administrator, at=NOW)
    assert signing_keys.usable(space) == [second]
    first.refresh_from_db()
    assert first.secret == ""
    with pytest.raises(signing_keys.KeyKnown):
        signing_keys.add(space, "second-key-bbbb", by=administrator, at=NOW)


def test_a_key_is_sealed_and_never_told(administrator: Person) -> None:
    space = factories.workspace()
    signing_keys.add(space, "a-secret-that-signs-7777", by=administrator, at=NOW)
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM audiences_signingkey")
        assert "a-secret" not in cursor.fetchone()[0]
    told = LogEvent.objects.get(verb="added the signing key")
    assert told.detail == {"ends": "7777"}


def test_the_page_adds_shows_and_retires(administrator: Person, signed_in: Sign) -> None:
    space, client = factories.workspace(), signed_in(administrator)
    path = f"/connections/workspaces/{space.pk}/signing/"
    page = client.get(path).content.decode()
    assert "No webhook is believed yet" in page
    assert f"/webhooks/customerio/{space.pk}/" in page
    client.post(path, {"secret": "a-secret-that-signs-7777"})
    page = client.get(path).content.decode()
    assert "ends 7777" in page
    assert "a-secret-that-signs" not in page
    key = SigningKey.objects.get()
    SigningKey.objects.update(used_at=NOW)
    assert "It is the only key" in client.get(path).content.decode()
    client.post(f"{path}{key.pk}/retire/")
    key.refresh_from_db()
    assert key.retired_at


def test_what_cannot_be_a_key_is_said(administrator: Person, signed_in: Sign) -> None:
    space, client = factories.workspace(), signed_in(administrator)
    path = f"/connections/workspaces/{space.pk}/signing/"
    assert "Paste the signing key" in client.post(path, {"secret": ""}).content.decode()
    assert "no spaces" in client.post(path, {"secret": "two words"}).content.decode()
    assert not SigningKey.objects.exists()


def test_only_administrators_change_keys(marketer: Person, administrator: Person, signed_in: Sign) -> None:
    space, client = factories.workspace(), signed_in(marketer)
    path = f"/connections/workspaces/{space.pk}/signing/"
    assert f"Ask {administrator.full_name}" in client.get(path).content.decode()
    assert client.post(path, {"secret": "a-secret-that-signs"}).status_code == 403
    key = feed_rows.signing_key(space)
    assert client.post(f"{path}{key.pk}/retire/").status_code == 403


def test_a_key_of_another_workspace_is_not_retired(administrator: Person, signed_in: Sign) -> None:
    key, other = feed_rows.signing_key(factories.workspace()), factories.workspace()
    answer = signed_in(administrator).post(f"/connections/workspaces/{other.pk}/signing/{key.pk}/retire/")
    assert answer.status_code == 404
    assert SigningKey.objects.filter(retired_at=None).exists()
