"""What is allowed in a definition of done and deserves a second look: each a sentence with the reason. Pure."""

import re
from collections.abc import Iterator
from typing import Final

from muster.figures import number, percent, span, target

from .terms import CADENCES, Terms, joined

# Names reach the ad platform: one that implies health or money troubles tells it that of everybody on the list.
TELLING: Final = re.compile(
    r"\b(health|medical|patients?|pregnan\w*|diabet\w*|cancer|depress\w*|anxiety|addict\w*|disab\w*|"
    r"debts?|loans?|bankrupt\w*|insolven\w*|low.income|credit.score|poor)\b",
    re.IGNORECASE,
)
TIMED: Final = re.compile(
    r"within the last|at least \d+ times|\b(hours?|days?|weeks?|months?|minutes?)\b", re.IGNORECASE
)
NUMBER: Final = re.compile(r"\d[\d,.]*")


def warnings(terms: Terms) -> list[str]:
    """Return the sentences, those about people first."""
    return [sentence for kind in (_people, _size, _meaning, _time, _fields) for sentence in kind(terms)]


def _people(terms: Terms) -> Iterator[str]:
    if terms.checker and terms.checker == terms.owner:
        yield f"{terms.owner} owns this audience and also checks its drift. A second pair of eyes finds more."
    names = [terms.name, *(one.list_name for one in terms.lists)]
    if said := sorted({found.group().lower() for name in names for found in TELLING.finditer(name)}):
        yield (
            f"The name says “{'”, “'.join(said)}”: it reaches the ad platform and tells something about the health or the money "
            "of everybody on the list. Choose a name that only the team understands."
        )
    if terms.first_in_draft:
        yield (
            f"{terms.first_in_draft} was registered before and nothing is live yet. Proving one use case first is faster: "
            "what goes wrong there goes wrong here too."
        )


def _size(terms: Terms) -> Iterator[str]:
    share = terms.share
    if share is not None and share > terms.share_allowed:
        yield (
            f"{percent(share * 100, 0)} of the workspace are in {terms.segment}. A list of nearly everybody costs more and "
            "says less; narrow the segment, or say in the outcome why it has to be so."
        )
    if terms.people is not None and terms.people < terms.smallest and any(one.ads for one in terms.lists):
        yield (
            f"{number(terms.people)} people are in {terms.segment}, and ad accounts use a list from about "
            f"{number(terms.smallest)} matched people on. Widen the segment, or send it to analytics only."
        )
    low, high = terms.size
    if terms.people is not None and low is not None and high is not None and not low <= terms.people <= high:
        yield (
            f"{number(terms.people)} people are in {terms.segment} now, outside the {span(low, high)} that you expect. Correct "
            "the expected size, or find out what changed."
        )
    if terms.targets and not terms.exclusions:
        yield (
            "Nobody is excluded from this targeting audience: people who just bought, asked for a refund or complained see "
            "the ads too."
        )
    if terms.segment_kind == "manual":
        yield (
            f"{terms.segment} is a manual segment: its people are put in by something else, not by a rule. "
            "Muster only reads it; make sure that what fills it does not read from Muster's lists."
        )


def _meaning(terms: Terms) -> Iterator[str]:
    if terms.other_meaning:
        yield terms.other_meaning
    yield from terms.logic_troubles
    lines = terms.logic.splitlines()
    if terms.targets and len(lines) == 1 and not TIMED.search(lines[0]):
        yield (
            "The whole logic is one condition without a time, so whoever came in stays for as long as it holds. Say since when, "
            "or how often, and the list gets sharper."
        )
    said = NUMBER.search(terms.threshold)
    if said and lines and said.group().replace(",", "") not in terms.logic.replace(",", ""):
        yield (
            f"The threshold is {terms.threshold}, and the segment's conditions do not hold this value. Change the segment in "
            "Customer.io, or the threshold here."
        )
    spare = [
        one.name for one in terms.traits if terms.useful_traits is not None and one.name not in terms.useful_traits
    ]
    if spare:
        yield (
            f"{joined(spare)} {'is' if len(spare) == 1 else 'are'} sent, and this use case does not need it. What is not sent "
            "cannot leak: leave it out, unless its reason holds."
        )


def _time(terms: Terms) -> Iterator[str]:
    every, window = CADENCES.get(terms.cadence), terms.window_hours
    allowed, asked = terms.freshness_minutes, terms.target_asked
    if allowed and asked and terms.use_case and asked < allowed <= 2 * asked:
        yield (
            f"The newest person may be {target(allowed)} old; this use case works best with {target(asked)}. Choose that, or "
            "watch whether the outcome suffers."
        )
    if every and window and window * 60 > every >= window * 60 / 2:
        yield (
            f"People stay {target(window * 60)} in this segment and the lists are refreshed {terms.cadence}: many leave before "
            "an ad can reach them. Refresh more often, or widen the window."
        )


def _fields(terms: Terms) -> Iterator[str]:
    if terms.holdout and terms.lists and all(one.ads for one in terms.lists):
        yield (
            "Only ad lists get this audience, so nobody tells analytics or the warehouse who is held out, and the effect cannot "
            "be read there. Add one of them to the lists."
        )
    if "phone" in terms.identifiers and not terms.phone_country:
        yield "Phone numbers without a country code are left out, because no default country is chosen."
    google = [one for one in terms.lists if one.platform == "google_ads" and terms.targets]
    if any(len(one.rule.require_true) < 2 for one in google):
        yield (
            "For people in the European Economic Area, Google wants two consents: one for their data in ads "
            "(ad_user_data) and one for personalised ads (ad_personalization)."
        )
