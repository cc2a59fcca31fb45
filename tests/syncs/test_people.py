"""People in two parts, as a reading keeps them: both together are everybody with everything."""

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from muster.columns import DIGEST, pack
from syncs.people import DIGESTS, TOKENS, Asked, Columnist, parted, whole
from syncs.tokens import digests, tails, tokens

NAMES = ("email", "phone", "ad_consent", "note")
cell = st.text("ab@.0123456789+ é", max_size=24)
people = st.lists(st.tuples(*(cell for _ in NAMES)), max_size=12)


@given(people, st.sets(st.sampled_from(sorted(DIGESTS))))
def test_a_head_and_the_rest_are_the_whole(rows: list[tuple[str, ...]], forms: set[str]) -> None:
    asked: dict[str, Any] = {"email": True, "phone": True, "country": "US", "flags": ["ad_consent"], "traits": ["note"]}
    columnist = Columnist(Asked.of({**asked, "forms": sorted(forms)}), workspace_id=1, secret=b"s" * 32)
    ids = [f"0a{number:04}" for number in range(len(rows))]
    raw = {name: [row[place] for row in rows] for place, name in enumerate(NAMES)}
    made = columnist.columns({"cio_id": ids, "id": ids, **raw})

    head, rest = parted(made)
    found = whole(head, rest)

    assert {name: found[name].tobytes() for name in made} == {name: column.tobytes() for name, column in made.items()}
    assert found.keys() - made.keys() == {TOKENS + name for name in forms}
    assert not DIGESTS.keys() & (head.keys() | rest.keys())
    assert len(pack(head)) + len(pack(rest)) < len(pack(made)) + 600


@given(st.lists(st.binary(min_size=32, max_size=32) | st.just(bytes(32)), max_size=8), st.integers(1, 3))
def test_a_token_and_a_tail_are_a_digest(values: list[bytes], code: int) -> None:
    column = np.frombuffer(b"".join(values), DIGEST)

    found = digests(tokens(column, code), tails(column), code)

    assert [one.tobytes() for one in found] == values
