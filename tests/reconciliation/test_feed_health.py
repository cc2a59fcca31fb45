"""How a feed is, by tables: the word, its reason, and that a worse reason stands first."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from reconciliation.feed_health import Evidence, FeedHealth, Verdict, lede, verdict

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FINE = Evidence("live", received=4812, forwarded=4806, waiting=6, oldest=41 * timedelta(seconds=1), usual=4700)
CASES: dict[str, tuple[dict[str, Any], FeedHealth, str, bool]] = {
    "as usual": ({}, FeedHealth.ON_TARGET, "Forwarding as expected.", False),
    "counted contamination": ({"held_out": 0}, FeedHealth.ON_TARGET, "0 held-out people found in any list.", False),
    "nothing is known of usual": ({"usual": None}, FeedHealth.ON_TARGET, "Forwarding as expected.", False),
    "rejects within what is usual": (
        {"rejected": 80, "rejects_expected": 2.0},
        FeedHealth.ON_TARGET,
        "80 rejected, 2%: within what is usual.",
        False,
    ),
    "more rejects than usual": (
        {"rejected": 200, "rejects_expected": 2.0, "main_cause": "no person id"},
        FeedHealth.DRIFTING,
        "200 rejected: no person id. That is 4%; usual is up to 2%.",
        True,
    ),
    "one reject where none is usual": (
        {"rejected": 1},
        FeedHealth.DRIFTING,
        "1 rejected. That is under 1%; usual is none.",
        True,
    ),
    "most are rejected": ({"rejected": 3000}, FeedHealth.BROKEN, "3,000 of 4,812 events rejected.", True),
    "half may be usual": ({"rejected": 2400, "rejects_expected": 60.0}, FeedHealth.ON_TARGET, "Forwarding as", False),
    "slow": ({"oldest": 12 * MINUTE}, FeedHealth.DRIFTING, "6 events wait, the oldest 12 m.", True),
    "one waits": ({"oldest": 12 * MINUTE, "waiting": 1}, FeedHealth.DRIFTING, "1 event waits, the oldest", True),
    "stuck": (
        {"oldest": 2 * HOUR, "delayed": "RudderStack does not answer."},
        FeedHealth.BROKEN,
        "6 events wait, the oldest 2 h. RudderStack does not answer.",
        True,
    ),
    "held back by a pause": (
        {"oldest": 9 * HOUR, "held_back": True},
        FeedHealth.UNKNOWN,
        "Syncing is paused, so it is held back: 6 events wait.",
        False,
    ),
    "stopped": (
        {"stopped": "RudderStack refused the write key."},
        FeedHealth.BROKEN,
        "Forwarding stopped by itself. RudderStack refused the write key.",
        True,
    ),
    "no key": ({"can_arrive": False}, FeedHealth.BROKEN, "no signing key", True),
    "silence": (
        {"received": 0, "forwarded": 0, "waiting": 0, "oldest": None},
        FeedHealth.BROKEN,
        "Nothing arrived in 24 h, where about 4,700 are usual.",
        True,
    ),
    "silence of a rare event": (
        {"received": 0, "forwarded": 0, "usual": 3},
        FeedHealth.UNKNOWN,
        "so few are usual that this says little",
        False,
    ),
    "never anything": (
        {"received": 0, "forwarded": 0, "usual": None},
        FeedHealth.UNKNOWN,
        "Waiting for its first event.",
        False,
    ),
    "few": ({"received": 900, "forwarded": 900}, FeedHealth.DRIFTING, "Only 900 arrived in 24 h", True),
    "many": ({"received": 9900, "forwarded": 9900}, FeedHealth.DRIFTING, "9,900 arrived in 24 h", True),
    "doubled": ({"doubled": "Also sent by Data Out."}, FeedHealth.DRIFTING, "Also sent by Data Out.", True),
    "not landed": ({"landed": "W47: 412 are missing."}, FeedHealth.DRIFTING, "W47: 412 are missing.", True),
    "contaminated": ({"held_out": 3}, FeedHealth.DRIFTING, "3 held-out people were found in a live list.", True),
    "draft": ({"state": "draft"}, FeedHealth.UNKNOWN, "A draft: nothing is forwarded", True),
    "paused": ({"state": "paused"}, FeedHealth.UNKNOWN, "Paused. What arrives is kept and waits: 6 events.", True),
    "paused too long": (
        {"state": "paused", "oldest": 6 * DAY},
        FeedHealth.BROKEN,
        "waits 6 d. Switch it live, or retire it.",
        True,
    ),
    "retired": ({"state": "retired"}, FeedHealth.UNKNOWN, "Retired", False),
}


@pytest.mark.parametrize("name", CASES)
def test_a_feed(name: str) -> None:
    change, health, words, needs = CASES[name]
    found = verdict(replace(FINE, **change))
    assert found.health == health
    assert words in found.sentence
    assert found.needs is needs


def test_every_reason_is_told_and_the_worst_first() -> None:
    found = verdict(replace(FINE, stopped="The key is refused.", rejected=200, doubled="Also sent by Data Out."))
    assert found.first == "Forwarding stopped by itself. The key is refused."
    assert found.rest == ("200 rejected. That is 4%; usual is none.", "Also sent by Data Out.")


def told(health: FeedHealth, words: str) -> Verdict:
    return Verdict(health, words, needs=health != FeedHealth.ON_TARGET)


@pytest.mark.parametrize(
    ("feeds", "unowned", "said"),
    [
        ({}, 0, ("No feed is registered yet.", "")),
        ({"A": FeedHealth.ON_TARGET}, 0, ("The one feed is on target.", "")),
        ({"A": FeedHealth.BROKEN}, 0, ("The one feed is not on target.", "A: why A")),
        ({"A": FeedHealth.ON_TARGET, "B": FeedHealth.ON_TARGET}, 0, ("All two feeds are on target.", "")),
        (
            dict.fromkeys("ABC", FeedHealth.ON_TARGET) | {"D": FeedHealth.DRIFTING},
            1,
            ("Three of four feeds are on target.", "D: why D One event arrives that nobody owns."),
        ),
        (
            {"A": FeedHealth.ON_TARGET, "B": FeedHealth.DRIFTING, "C": FeedHealth.BROKEN},
            2,
            ("One of three feeds is on target.", "C: why C B: why B 2 events arrive that nobody owns."),
        ),
    ],
)
def test_the_sentence_on_top(feeds: dict[str, FeedHealth], unowned: int, said: tuple[str, str]) -> None:
    assert lede([(name, told(health, f"why {name}")) for name, health in feeds.items()], unowned) == said
