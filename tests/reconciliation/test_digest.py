"""What one person is told on Monday, as a table: duties first, then recoveries, then figures; quiet weeks in three lines."""

from datetime import date

import pytest

from reconciliation.digest import MOST, REPLIES, Digest, Duty, Figures, lines, reply_to
from reconciliation.webhook import LONGEST, payload

MONDAY = date(2026, 11, 16)
BASE = "https://muster.example.com"


def digest(*duties: Duty, recovered: tuple[str, ...] = (), figures: Figures | None = None) -> Digest:
    return Digest("Mara Keller", MONDAY, duties, recovered, figures or Figures(9, 9))


def test_a_quiet_week_is_three_lines() -> None:
    quiet = digest()

    assert lines(quiet, BASE) == [
        "Nothing needs you this week.",
        "No list came back on target.",
        "9 of 9 lists on target.",
    ]
    assert quiet.subject == "Muster, 2026-W47: nothing to do"


def test_duties_come_first_with_a_reply_and_a_link() -> None:
    one = digest(
        Duty("VIP at Meta is outside tolerance. Answer it.", "Members expired.", "Fixing.", "/lists/7/answer/"),
        Duty("Sign."),
        recovered=("Cart at Meta", "Winback at Google"),
        figures=Figures(9, 6, 2, 1, 0, "2,700–4,800", "12"),
    )

    assert lines(one, BASE) == [
        "These 2 need you.",
        "",
        "1. VIP at Meta is outside tolerance. Answer it.",
        "   Members expired.",
        "   Suggested reply: Fixing.",
        "   https://muster.example.com/lists/7/answer/",
        "",
        "2. Sign.",
        "",
        "Back on target: Cart at Meta, Winback at Google.",
        "",
        "6 of 9 lists on target, 2 outside, 1 not known. Missing people: 2,700–4,800. Not removed: 12.",
    ]


@pytest.mark.parametrize(
    ("count", "subject", "lead", "more"),
    [
        (1, "1 thing to do", "This needs you.", ""),
        (2, "2 things to do", "These 2 need you.", ""),
        (MOST, f"{MOST} things to do", f"These {MOST} need you.", ""),
        (MOST + 3, f"{MOST + 3} things to do", f"These {MOST + 3} need you.", "And 3 more; Muster shows all of them."),
    ],
)
def test_counts(count: int, subject: str, lead: str, more: str) -> None:
    one = digest(*(Duty(f"Thing {number}") for number in range(count)))

    assert (one.subject, one.lead, one.more) == (f"Muster, 2026-W47: {subject}", lead, more)
    assert len(one.told) == min(count, MOST)


@pytest.mark.parametrize(
    ("figures", "told"),
    [
        (Figures(), "No list was judged in that week."),
        (Figures(1, 1), "1 of 1 list on target."),
        (Figures(3, 1, learning=2), "1 of 3 lists on target, 2 learning what is usual."),
        (Figures(3, 2, unknown=1), "2 of 3 lists on target, 1 not known."),
    ],
)
def test_standing(figures: Figures, told: str) -> None:
    assert digest(figures=figures).standing == told


def test_each_cause_has_a_reply_of_its_own() -> None:
    causes = ("definition", "identity", "delivery", "removal", "match", "lag", "expiry", "unexplained")

    assert set(REPLIES) == set(causes)
    assert len({reply_to(cause) for cause in causes}) == len(causes)
    assert reply_to("") == REPLIES["unexplained"]


@pytest.mark.parametrize(
    ("text", "posted"),
    [
        ("Plain", "Plain"),
        ("<!channel> & <@U1>", "&lt;!channel&gt; &amp; &lt;@U1&gt;"),
    ],
)
def test_the_webhook_calls_nobody_by_accident(text: str, posted: str) -> None:
    assert payload(text) == {"text": posted}


def test_a_long_text_is_cut_at_a_line_and_says_so() -> None:
    text = payload("\n".join(f"Line {number}" for number in range(1_000)))["text"]

    assert len(text) < LONGEST + 100
    *whole, last = text.split("\n")
    assert whole[-1].split(" ")[1].isdecimal()
    assert last == "… The whole message is in Muster, under Your profile."
