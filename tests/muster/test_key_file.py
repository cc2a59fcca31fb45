"""An installation on one machine makes its secrets up once, keeps them, and never replaces what data was sealed with."""

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from muster.environment import Environment
from muster.key_file import NAMES, fresh_keys, read_or_make


def test_secrets_are_made_once_and_kept_for_the_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "home" / "keys.json"

    made = read_or_make(path, in_use=False)

    assert set(made) == set(NAMES)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert read_or_make(path, in_use=True) == made
    assert list(path.parent.iterdir()) == [path]


def test_what_is_made_is_what_the_settings_read() -> None:
    made = Environment(fresh_keys())

    assert len(made.pepper("MUSTER_PEPPER", "")) == 32
    [(key_id, key)] = made.keys("MUSTER_VAULT_KEYS", "")
    assert (key_id, len(key)) == ("k1", 32)
    assert len(made.text("MUSTER_SECRET_KEY")) >= 50


def test_two_processes_that_begin_at_once_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: read_or_make(tmp_path / "keys.json", in_use=False), range(8)))

    assert all(one == made[0] for one in made)


def test_lost_secrets_of_a_database_are_not_made_up_again(tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match="is gone, and the database beside it was sealed"):
        read_or_make(tmp_path / "keys.json", in_use=True)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "7", json.dumps({NAMES[0]: "x"})])
def test_a_damaged_file_is_neither_used_nor_replaced(tmp_path: Path, text: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(text)

    with pytest.raises(ImproperlyConfigured, match=r"cannot be read .+ Put it back from your backup"):
        read_or_make(path, in_use=False)

    assert path.read_text() == text


# The long name stands for a folder that may not be looked into: there, too, asking whether a file exists fails.
@pytest.mark.parametrize("below", ["a file/home", "n" * 300])
def test_a_home_that_cannot_be_made_is_said(tmp_path: Path, below: str) -> None:
    (tmp_path / "a file").write_text("")

    with pytest.raises(ImproperlyConfigured, match=r"cannot be written .+ Nothing was started"):
        read_or_make(tmp_path / below / "keys.json", in_use=False)
