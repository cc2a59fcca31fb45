"""Who was erased is known by key and by every identifier, in one workspace, and newer erasures are noticed."""

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audiences.models import Workspace
from syncs.erased import Erased, identifier_hint, identifier_value
from syncs.models import Tombstone
from syncs.tokens import keys_among
from tests import factories
from tests.syncs.shards import NOTHING, digests, key_of, keys, sha

pytestmark = pytest.mark.django_db


def bury(space: Workspace, *, key: int | None = None, identifier: str = "") -> None:
    kind, value, hint = (
        (Tombstone.Kind.KEY, key_of(key), 0)
        if key is not None
        else (Tombstone.Kind.IDENTIFIER, identifier_value(sha(identifier)), identifier_hint(sha(identifier)))
    )
    Tombstone.objects.create(workspace=space, kind=kind, value=value, hint=hint, at=timezone.now())


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(st.integers(0, 30)), st.sets(st.integers(0, 30)))
def test_exactly_the_erased_are_found(gone: set[int], asked: set[int]) -> None:
    space = factories.workspace()
    for number in gone:
        bury(space, key=number)
        bury(space, identifier=str(number))

    erased = Erased(space)

    order = sorted(asked, key=key_of)
    assert keys_among(keys([key_of(one) for one in order]), erased.keys).tolist() == [one in gone for one in order]
    found = erased.identifier(digests([*(sha(str(one)) for one in order), NOTHING]))
    assert found.tolist() == [*(one in gone for one in order), False]


def test_a_hint_that_others_share_erases_nobody_else() -> None:
    space = factories.workspace()
    gone = sha("gone")
    Tombstone.objects.create(
        workspace=space,
        kind=Tombstone.Kind.IDENTIFIER,
        value=identifier_value(gone),
        hint=identifier_hint(gone),
        at=timezone.now(),
    )
    alike = gone[:2] + sha("another")[2:]

    assert Erased(space).identifier(digests([gone, alike])).tolist() == [True, False]


def test_another_workspace_has_its_own_erased() -> None:
    here, there = factories.workspace(), factories.workspace()
    bury(here, key=1)
    bury(here, identifier="a")

    assert len(Erased(there).keys) == 0
    assert not Erased(there).identifier(digests([sha("a")])).any()


def test_an_erasure_since_is_noticed_here_and_nowhere_else() -> None:
    here, there = factories.workspace(), factories.workspace()
    bury(here, key=1)
    known, elsewhere = Erased(here), Erased(there)
    assert known.is_current()

    bury(here, identifier="b")

    assert not known.is_current()
    assert elsewhere.is_current()
    assert Erased(here).is_current()
