"""Who may be on a list: every reason alone, which one counts where several hold, and what differs for a suppression."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.columns import Array
from syncs.eligibility import Identifiers, Others, Out, Rules, blocking_tokens, name_of, reasons, with_blocked
from syncs.tokens import TokenSet, tokens
from tests.syncs.shards import BOTH, Someone, by_key, digests, key_of, keys, sha, staged

CONSENTED = {"ad_consent": 1, "do_not_share": 2, "unsubscribed": 2}
ASKS: dict[str, Any] = {
    "require_true": ("ad_consent",),
    "not_true": ("do_not_share",),
    "not_unsubscribed": True,
}
A_FIRST, B_SECOND = Out.EXCLUDED, Out.EXCLUDED + 1


def someone(**fields: Any) -> Someone:
    flags = {**CONSENTED, **fields.pop("flags", {})}
    return Someone(**{"key": key_of(1), "email": "a@x", "phone": "1", "id": "c-1", "flags": flags, **fields})


def erased(*texts: str) -> Callable[[Array, int], Array]:
    wanted = {sha(text) for text in texts}
    return lambda values, _code: np.array([value.tobytes() in wanted for value in values], np.bool_)


def others(
    *, erased_keys: Sequence[bytes] = (), erased_texts: Sequence[str] = (), excluded: Sequence[Sequence[str]] = ()
) -> Others:
    """Return what is known of others; `excluded` are the emails of each exclusion's people."""
    return Others(
        erased_keys=keys(sorted(erased_keys)),
        erased_identifier=erased(*erased_texts),
        excluded_tokens=[
            TokenSet.of([tokens(digests([sha(text) for text in some]), 1)] if some else []) for some in excluded
        ],
    )


def reason(
    one: Someone, rules: Rules, known: Others | None = None, excluded_keys: Sequence[Sequence[bytes]] = ()
) -> int:
    known = known or others(excluded=[()] * len(excluded_keys))
    return int(reasons(staged([one]), rules, known, [keys(sorted(some)) for some in excluded_keys])[0])


TARGETING, SUPPRESSION = Rules(BOTH, **ASKS), Rules(BOTH, suppresses=True, **ASKS)

TABLE: dict[str, tuple[Someone, Others | None, Sequence[Sequence[bytes]], int, int]] = {
    # name: person, what is known of others, keys of each exclusion, reason on a targeting and on a suppression list
    "everything is there": (someone(), None, (), Out.IN, Out.IN),
    "email alone": (someone(phone=""), None, (), Out.IN, Out.IN),
    "phone alone": (someone(email=""), None, (), Out.IN, Out.IN),
    "no identifier": (someone(email="", phone=""), None, (), Out.NO_IDENTIFIER, Out.NO_IDENTIFIER),
    "unsubscribed": (someone(flags={"unsubscribed": 1}), None, (), Out.UNSUBSCRIBED, Out.IN),
    "never said whether subscribed": (someone(flags={"unsubscribed": 0}), None, (), Out.IN, Out.IN),
    "must not be shared": (someone(flags={"do_not_share": 1}), None, (), Out.DO_NOT_SHARE, Out.DO_NOT_SHARE),
    "never said whether shared": (someone(flags={"do_not_share": 0}), None, (), Out.IN, Out.IN),
    "refused consent": (someone(flags={"ad_consent": 2}), None, (), Out.CONSENT, Out.IN),
    "never gave consent": (someone(flags={"ad_consent": 0}), None, (), Out.CONSENT, Out.IN),
    "erased by id": (someone(), others(erased_keys=[key_of(1)]), (), Out.ERASED, Out.ERASED),
    "erased by email": (someone(), others(erased_texts=["a@x"]), (), Out.ERASED, Out.ERASED),
    "erased by phone": (someone(), others(erased_texts=["1"]), (), Out.ERASED, Out.ERASED),
    "somebody else erased": (someone(), others(erased_keys=[key_of(2)], erased_texts=["b@x"]), (), Out.IN, Out.IN),
    "excluded by id": (someone(), None, [[key_of(1)]], A_FIRST, A_FIRST),
    "excluded by an identifier": (someone(), others(excluded=[["a@x"]]), [[]], A_FIRST, A_FIRST),
    "somebody else excluded": (someone(), others(excluded=[["b@x"]]), [[key_of(2)]], Out.IN, Out.IN),
    "the second exclusion": (someone(), None, [[key_of(2)], [key_of(1)]], B_SECOND, B_SECOND),
    "two exclusions: the first counts": (someone(), None, [[key_of(1)], [key_of(1)]], A_FIRST, A_FIRST),
    # Precedence, from the first that counts to the last.
    "erased before excluded": (someone(), others(erased_keys=[key_of(1)], excluded=[()]), [[key_of(1)]], 1, 1),
    "excluded before unsubscribed": (someone(flags={"unsubscribed": 1}), None, [[key_of(1)]], A_FIRST, A_FIRST),
    "unsubscribed before do-not-share": (
        someone(flags={"unsubscribed": 1, "do_not_share": 1}),
        None,
        (),
        Out.UNSUBSCRIBED,
        Out.DO_NOT_SHARE,
    ),
    "do-not-share before consent": (
        someone(flags={"do_not_share": 1, "ad_consent": 2}),
        None,
        (),
        Out.DO_NOT_SHARE,
        Out.DO_NOT_SHARE,
    ),
    "consent before no identifier": (
        someone(email="", phone="", flags={"ad_consent": 2}),
        None,
        (),
        Out.CONSENT,
        Out.NO_IDENTIFIER,
    ),
}


@pytest.mark.parametrize("name", TABLE)
def test_the_reason_on_a_targeting_and_on_a_suppression_list(name: str) -> None:
    one, known, excluded_keys, targeting, suppression = TABLE[name]
    assert reason(one, TARGETING, known, excluded_keys) == targeting
    assert reason(one, SUPPRESSION, known, excluded_keys) == suppression


def test_a_list_without_consent_rules_asks_for_none() -> None:
    assert reason(someone(flags={"ad_consent": 2, "unsubscribed": 1, "do_not_share": 1}), Rules(BOTH)) == Out.IN


USER = Identifiers.of({"external_id": "external_id"}, texts=True)


@pytest.mark.parametrize(
    ("id", "allowed", "expected"),
    [
        ("c-1", False, Out.IN),
        ("", False, Out.NO_IDENTIFIER),
        ("a@x.example", False, Out.ID_HAS_AT),
        ("a@x.example", True, Out.IN),
    ],
)
def test_an_id_with_at_is_sent_in_clear_only_where_the_workspace_says_so(id: str, allowed: bool, expected: int) -> None:
    assert reason(someone(id=id), Rules(USER, ids_with_at=allowed)) == expected


def test_an_id_with_at_does_not_matter_where_it_is_not_sent() -> None:
    assert reason(someone(id="a@x.example"), Rules(BOTH, ids_with_at=False)) == Out.IN


def test_only_the_identifiers_of_the_list_count() -> None:
    phone = Identifiers.of({"phone": "phone_digits"})
    assert reason(someone(phone=""), Rules(phone)) == Out.NO_IDENTIFIER
    assert reason(someone(), Rules(phone), others(erased_texts=["a@x"])) == Out.IN


OUT_BY_WISH = {Out.ERASED, Out.UNSUBSCRIBED, Out.DO_NOT_SHARE, Out.CONSENT}


@pytest.mark.parametrize("why", [*Out, Out.EXCLUDED + 3])
def test_identifiers_of_people_who_are_out_by_their_wish_or_an_exclusion_are_blocked(why: int) -> None:
    people = staged([someone()])
    found = TokenSet.of(blocking_tokens(people, TARGETING, np.array([why], np.uint8)))
    carried = TokenSet.of(list(BOTH.tokens(people).values())).values.tolist()
    blocks = why in OUT_BY_WISH or why == Out.HELD_OUT or why >= Out.EXCLUDED
    assert found.values.tolist() == (carried if blocks else [])


def test_who_carries_a_blocked_identifier_is_out_of_a_targeting_list_and_stays_on_a_suppression_list() -> None:
    people = staged([someone(), someone(key=key_of(2), email="b@x", phone=""), someone(key=key_of(3), email="c@x")])
    blocked = TokenSet.of([tokens(digests([sha("1")]), 2)])
    out = np.zeros(3, np.uint8)
    found = by_key(people, with_blocked(people, TARGETING, out, blocked))
    assert found == {key_of(1): Out.SHARES_BLOCKED, key_of(2): Out.IN, key_of(3): Out.SHARES_BLOCKED}
    assert not with_blocked(people, SUPPRESSION, out, blocked).any()


def test_a_blocked_email_blocks_no_phone_that_reads_the_same() -> None:
    people = staged([someone(email="")])
    blocked = TokenSet.of([tokens(digests([sha("1")]), 1)])
    assert not with_blocked(people, TARGETING, np.zeros(1, np.uint8), blocked).any()


def test_a_reason_that_was_there_before_stays() -> None:
    people = staged([someone()])
    blocked = TokenSet.of(list(BOTH.tokens(people).values()))
    found = with_blocked(people, TARGETING, np.array([Out.CONSENT], np.uint8), blocked)
    assert found.tolist() == [Out.CONSENT]


def test_reasons_have_the_names_that_are_counted() -> None:
    assert [name_of(reason, [42, 7]) for reason in (*Out, Out.EXCLUDED + 1)] == [
        *["in", "erased", "unsubscribed", "do_not_share", "consent", "no_identifier", "id_has_at", "shares_blocked"],
        *["not_on_roster", "not_yet", "cleared", "held_out"],
        *["excluded:42", "excluded:7"],
    ]


flags = st.fixed_dictionaries({name: st.integers(0, 2) for name in CONSENTED})
people = st.builds(
    Someone,
    key=st.integers(0, 50).map(key_of),
    email=st.sampled_from(["", "a", "b", "c"]),
    phone=st.sampled_from(["", "1", "2"]),
    flags=flags,
)


@given(st.lists(people, max_size=12, unique_by=lambda one: one.key), st.booleans(), st.sets(st.integers(0, 50)))
def test_every_person_has_the_first_reason_that_holds(some: list[Someone], suppresses: bool, gone: set[int]) -> None:
    """The same rules told once more, person by person."""
    rules = Rules(BOTH, suppresses=suppresses, **ASKS)
    erased_keys = [key_of(number) for number in gone if number % 3 == 0]
    excluded = [key_of(number) for number in gone if number % 3 == 1]
    known = others(erased_keys=erased_keys, erased_texts=["c"], excluded=[["b"]])
    shard = staged(some, flags=CONSENTED)
    found = by_key(shard, reasons(shard, rules, known, [keys(sorted(excluded))]))

    def told(one: Someone) -> int:
        if one.key in erased_keys or one.email == "c":
            return Out.ERASED
        if one.key in excluded or one.email == "b":
            return Out.EXCLUDED
        if one.flags["unsubscribed"] == 1 and not suppresses:
            return Out.UNSUBSCRIBED
        if one.flags["do_not_share"] == 1:
            return Out.DO_NOT_SHARE
        if one.flags["ad_consent"] != 1 and not suppresses:
            return Out.CONSENT
        return Out.IN if one.email or one.phone else Out.NO_IDENTIFIER

    assert found == {one.key: told(one) for one in some}
