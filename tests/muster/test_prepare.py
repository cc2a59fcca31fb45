"""`manage.py prepare` makes an installation ready whose parts somebody else starts, and refuses wrong keys."""

import secrets
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from muster.models import KeyCheck

pytestmark = pytest.mark.django_db


@pytest.fixture
def collected(settings: Settings, tmp_path: Path) -> Path:
    settings.STATIC_ROOT = tmp_path / "static"
    return tmp_path / "static"


def told() -> str:
    out = StringIO()
    call_command("prepare", stdout=out)
    return out.getvalue()


def test_keys_are_noted_and_static_files_collected(collected: Path) -> None:
    assert "up to date" in told()

    assert KeyCheck.objects.exists()
    assert (collected / "css" / "base.css").is_file()


def test_again_it_does_nothing(collected: Path) -> None:
    told()
    (collected / "css" / "base.css").unlink()

    told()

    assert not (collected / "css" / "base.css").exists()


def test_with_other_keys_nothing_is_made_ready(collected: Path, settings: Settings) -> None:
    told()
    settings.VAULT_KEYS = [(key_id, secrets.token_bytes(32)) for key_id, _ in settings.VAULT_KEYS]

    with pytest.raises(CommandError, match=r"keys do not fit the database.+Nothing was started"):
        told()
