"""Encryption at rest: what was sealed comes back, or nobody uses it."""

import base64
import hashlib

import pytest
from django.core import serializers
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from audiences.models import Pipe, Workspace
from muster import vault
from muster.models import KeyCheck
from muster.vault import Tampered, WrongKey, check_keys, pepper, seal, sealed_by, unseal
from tests import factories

OLD, NEW, OTHER = (("old", b"o" * 32), ("new", b"n" * 32), ("old", b"x" * 32))
HEAD = 2 + len("old")


@pytest.fixture(autouse=True)
def old_ring(settings: Settings) -> None:
    settings.VAULT_KEYS = [OLD]


@given(st.binary(max_size=5000), st.binary(max_size=50))
def test_what_was_sealed_comes_back(data: bytes, aad: bytes) -> None:
    assert unseal(seal(data, aad=aad), aad=aad) == data


def test_the_same_data_is_never_sealed_alike() -> None:
    blobs = {seal(b"data", aad=b"") for _ in range(200)}

    assert len(blobs) == 200
    assert not any(b"data" in blob for blob in blobs)


@pytest.mark.parametrize("position", range(HEAD + 12 + 5 + 16))
def test_a_change_of_any_byte_is_noticed(position: int) -> None:
    """Format, length of the key id, key id, nonce, content and tag: each byte is vouched for."""
    blob = seal(b"12345", aad=b"here")
    assert len(blob) == HEAD + 12 + 5 + 16

    for flip in (1, 0x80, 0xFF):
        changed = blob[:position] + bytes((blob[position] ^ flip,)) + blob[position + 1 :]
        with pytest.raises((Tampered, WrongKey)):
            unseal(changed, aad=b"here")


@pytest.mark.parametrize("length", range(HEAD + 12 + 5 + 16))
def test_a_blob_that_was_cut_is_noticed(length: int) -> None:
    with pytest.raises((Tampered, WrongKey)):
        unseal(seal(b"12345", aad=b"")[:length], aad=b"")


@given(st.binary(max_size=100))
def test_noise_is_not_taken_for_a_blob(noise: bytes) -> None:
    with pytest.raises((Tampered, WrongKey)):
        unseal(noise, aad=b"")


def test_a_blob_belongs_to_one_place() -> None:
    blob = seal(b"data", aad=b"pipe 1")

    with pytest.raises(Tampered):
        unseal(blob, aad=b"pipe 2")


def test_another_key_under_the_same_name_is_noticed(settings: Settings) -> None:
    blob = seal(b"data", aad=b"")
    settings.VAULT_KEYS = [OTHER]

    with pytest.raises(Tampered):
        unseal(blob, aad=b"")


def test_a_new_key_seals_and_the_old_one_still_opens(settings: Settings) -> None:
    before = seal(b"data", aad=b"")
    settings.VAULT_KEYS = [NEW, OLD]
    after = seal(b"data", aad=b"")

    assert (sealed_by(before), sealed_by(after)) == ("old", "new")
    assert unseal(before, aad=b"") == unseal(after, aad=b"") == b"data"

    settings.VAULT_KEYS = [NEW]
    assert unseal(after, aad=b"") == b"data"
    with pytest.raises(WrongKey, match="'old'"):
        unseal(before, aad=b"")


def test_errors_say_nothing_of_what_was_sealed() -> None:
    blob = seal(b"ann@example.com", aad=b"ann")

    with pytest.raises(Tampered) as caught:
        unseal(blob, aad=b"bo")
    assert "ann" not in repr(caught.value)


# The pepper


def test_each_purpose_has_a_pepper_of_its_own(settings: Settings) -> None:
    assert len({pepper("keys"), pepper("claims"), pepper("message ids")}) == 3
    assert pepper("keys") == pepper("keys")
    assert len(pepper("keys")) == 32

    before = pepper("keys")
    settings.PEPPER = b"q" * 32
    assert pepper("keys") != before


# The check of keys


@pytest.mark.django_db
@pytest.mark.engine
def test_keys_are_noted_the_first_time_and_known_afterwards() -> None:
    check_keys()
    noted = dict(KeyCheck.objects.values_list("key_id", "value"))
    check_keys()

    assert noted.keys() == {"old", "pepper"}
    assert dict(KeyCheck.objects.values_list("key_id", "value")) == noted


@pytest.mark.django_db
def test_a_check_value_is_neither_key_nor_its_plain_hash() -> None:
    check_keys()

    value = KeyCheck.objects.get(pk="old").value
    assert value not in {OLD[1].hex(), hashlib.sha256(OLD[1]).hexdigest(), hashlib.blake2b(OLD[1]).hexdigest()}


@pytest.mark.django_db
def test_a_new_key_is_noted(settings: Settings) -> None:
    check_keys()
    settings.VAULT_KEYS = [NEW, OLD]

    check_keys()

    assert set(KeyCheck.objects.values_list("key_id", flat=True)) == {"old", "new", "pepper"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("keys", "new_pepper", "words"),
    [
        ([OTHER], None, "'old' is not the key"),
        ([NEW], None, "not in the key ring: old"),
        ([NEW, OTHER], None, "'old' is not the key"),
        ([OLD], b"z" * 32, "'pepper' is not the key"),
    ],
)
def test_with_a_wrong_key_nothing_begins(
    settings: Settings, keys: list[tuple[str, bytes]], new_pepper: bytes | None, words: str
) -> None:
    check_keys()
    settings.VAULT_KEYS = keys
    if new_pepper:
        settings.PEPPER = new_pepper

    with pytest.raises(WrongKey, match=words):
        check_keys()
    assert KeyCheck.objects.count() == 2


# Sealed text in a model


def stored(row: Workspace | Pipe, column: str) -> str:
    """Return what the database holds."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {row._meta.db_table} WHERE id = %s", [row.pk])
        return str(cursor.fetchone()[0])


@pytest.mark.django_db
@pytest.mark.engine
@pytest.mark.parametrize("text", ["key-123", "ümläut ✓", "x" * 5000, " spaces ", "base64=="])
def test_text_is_sealed_in_the_database_and_clear_in_memory(text: str) -> None:
    row = factories.workspace(api_key=text)

    assert text not in stored(row, "api_key")
    assert Workspace.objects.get().api_key == text
    assert Workspace.objects.values_list("api_key", flat=True).get() == text


@pytest.mark.django_db
def test_empty_text_stays_empty() -> None:
    row = factories.pipe()
    Pipe.objects.filter(pk=row.pk).update(write_key="")

    assert stored(row, "write_key") == ""
    assert Pipe.objects.get().write_key == ""


@pytest.mark.django_db
def test_a_value_moved_to_another_column_is_noticed() -> None:
    key = stored(factories.workspace(api_key="secret"), "api_key")
    row = factories.pipe()
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {row._meta.db_table} SET write_key = %s", [key])

    with pytest.raises(Tampered):
        Pipe.objects.get()


@pytest.mark.django_db
@pytest.mark.parametrize("value", ["clear text", "%%%", base64.b64encode(b"x" * 60).decode(), "ä"])
def test_a_value_that_was_never_sealed_is_noticed(value: str) -> None:
    row = factories.pipe()
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {row._meta.db_table} SET write_key = %s", [value])

    with pytest.raises(Tampered):
        Pipe.objects.get()


@pytest.mark.django_db
def test_a_dump_and_a_form_hold_no_clear_text() -> None:
    row = factories.workspace(api_key="key-secret-1")

    assert "key-secret-1" not in serializers.serialize("json", [row])
    field = Workspace._meta.get_field("api_key").formfield()
    assert field is not None
    assert "key-secret-1" not in field.widget.render("api_key", "key-secret-1")


def test_nothing_but_the_vault_holds_keys() -> None:
    assert vault.ring() == {"old": OLD[1]}
