"""Whichever implementation is the quickest here, its digests are those of everybody else."""

import hashlib
import sys
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiences import sha256


@given(st.binary(max_size=200))
def test_the_quickest_finds_what_openssl_finds(data: bytes) -> None:
    assert sha256.sha256(data).digest() == hashlib.sha256(data).digest()


@pytest.mark.parametrize("other", [None, ModuleType("without")])
def test_without_pythons_own_it_is_openssls(other: ModuleType | None, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in sha256.OWN:
        monkeypatch.setitem(sys.modules, name, other)  # None forbids the import

    assert sha256.quickest() is hashlib.sha256
