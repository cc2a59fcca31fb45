"""A definition of done: its clauses told in sentences, what each still lacks, and what differs between two. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from muster.figures import duration, percent, span

from . import cadence, switch
from .terms import IDENTIFIERS, SUPPRESS, Rule, Terms, joined
from .words_changed import Words, marked

REVIEW_WITHIN = timedelta(days=184)


@dataclass(frozen=True)
class Clause:
    """One part of the definition: `told` in sentences, and in `missing` a sentence for each thing that it lacks."""

    label: str
    told: tuple[str, ...]
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Difference:
    """A clause that two versions tell differently: the sentences only one of them has."""

    label: str
    was: tuple[str, ...]
    now: tuple[str, ...]

    @property
    def was_marked(self) -> list[list[Words]]:
        return [marked(sentence, self.now) for sentence in self.was]

    @property
    def now_marked(self) -> list[list[Words]]:
        return [marked(sentence, self.was) for sentence in self.now]


def clauses(terms: Terms, today: date) -> list[Clause]:
    """Return every clause in the order of the page. A definition may be approved when none of them lacks anything."""
    return [Clause(label, _some(tell(terms)), _some(lacks(terms, today))) for label, tell, lacks in _CLAUSES]


def missing(terms: Terms, today: date) -> list[str]:
    """Return a sentence for each thing that keeps the definition from being approved."""
    return [sentence for clause in clauses(terms, today) for sentence in clause.missing]


def differences(before: Terms, after: Terms) -> tuple[list[Difference], list[Clause]]:
    """Return what the later version tells differently, and the clauses that stayed as they were."""
    changed, kept = [], []
    for label, tell, _ in _CLAUSES:
        was, now = _some(tell(before)), _some(tell(after))
        if was == now:
            kept.append(Clause(label, now))
        else:
            changed.append(Difference(label, _only(was, now), _only(now, was)))
    return changed, kept


def rule_told(rule: Rule, *, suppresses: bool) -> str:
    """Return a consent rule as sentences on one line."""
    told = (
        [f"{joined(f'{name} is true' for name in rule.require_true)}; missing means out"] if rule.require_true else []
    )
    if suppresses:
        told = ["Everybody with an identifier, except the erased"]
    told += ["Not unsubscribed"] if rule.not_unsubscribed and not suppresses else []
    told += [f"Never where {joined(rule.not_true, 'or')} is true"] if rule.not_true else []
    told += [f"Basis: {rule.basis}"] if rule.basis else []
    return ". ".join(told) + "." if told else ""


def _some(sentences: Iterable[str]) -> tuple[str, ...]:
    return tuple(sentence for sentence in sentences if sentence)


def _only(these: tuple[str, ...], those: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sentence for sentence in these if sentence not in those)


def _asked(*questions: tuple[object, str]) -> list[str]:
    return [sentence for answered, sentence in questions if not answered]


def _outcome_told(terms: Terms) -> list[str]:
    return [
        f"{terms.purpose_label}." if terms.purpose_label else "",
        f"Use case: {terms.use_case}" if terms.use_case else "",
        terms.outcome,
        f"Campaign: {terms.campaign}" if terms.campaign else "",
        f"Number that shows it: {terms.measure}" if terms.measure else "",
    ]


def _outcome_lacks(terms: Terms, _today: date) -> list[str]:
    return _asked(
        (terms.purpose, "Choose the purpose."),
        (terms.outcome, "Say what the audience is for."),
        (terms.campaign, "Name the campaign that uses it."),
        (terms.measure, "Say which number shows that it worked."),
    )


def _logic_lacks(terms: Terms, _today: date) -> list[str]:
    return [
        terms.segment_trouble,
        *_asked((terms.logic, "Write the segment's logic in your words: Customer.io returned no conditions for it.")),
    ]


def _moves_told(terms: Terms) -> list[str]:
    return [
        f"Entry: {terms.entry_rule}" if terms.entry_rule else "",
        f"Exit: {terms.exit_rule}" if terms.exit_rule else "",
        f"Threshold: above {terms.threshold}" if terms.threshold else "",
        f"Rolling window of {duration(terms.window_hours * 3600)}" if terms.window_hours else "",
    ]


def _moves_lacks(terms: Terms, _today: date) -> list[str]:
    return _asked(
        (terms.entry_rule, "Say when a person comes in (entry rule)."),
        (terms.exit_rule, "Say when a person goes out (exit rule)."),
        (terms.threshold or not terms.threshold_asked, f"Say above which {terms.threshold_asked} people are in."),
    )


def _lists_told(terms: Terms) -> list[str]:
    return [
        (f"{one.name} through {one.pipe or 'no pipe yet'}" if one.sent else f"{one.name}, filled another way")
        + (f", into “{one.list_name}”" if one.list_name else "")
        for one in terms.lists
    ]


def _lists_lacks(terms: Terms, _today: date) -> list[str]:
    return [
        *_asked((terms.lists, "Choose at least one list.")),
        *(
            f"{one.name} is an ad account, and held-out people are never sent to ads. Take this list off."
            for one in terms.lists
            if one.ads and not terms.may_go_to_ads
        ),
        *(one.trouble for one in terms.lists),
        *(
            f"{one.name} waits for its pipe: {one.waits_for} was asked."
            if one.waits_for
            else f"{one.name} has no pipe yet. Choose one, or ask an administrator to connect it."
            for one in terms.lists
            if one.sent and not one.pipe and not one.trouble
        ),
    ]


def _identifiers_told(terms: Terms) -> list[str]:
    if not terms.identifiers:
        return []
    names = ", then ".join(IDENTIFIERS.get(name, name) for name in terms.identifiers)
    country = (
        f" (default country {terms.phone_country})" if "phone" in terms.identifiers and terms.phone_country else ""
    )
    return [names[:1].upper() + names[1:] + country, *(switch.told(terms.switch) if terms.switch else [])]


def _identifiers_lacks(terms: Terms, _today: date) -> list[str]:
    deaf = [one for one in terms.lists if terms.identifiers and not set(one.takes) & set(terms.identifiers)]
    return [
        *_asked((terms.identifiers, "Choose at least one identifier.")),
        *(
            f"{one.name} knows people by {joined((IDENTIFIERS[name] for name in one.takes), 'or')}: "
            "put it among the identifiers, or take the list off."
            for one in deaf
        ),
        *(switch.lacks(terms.switch) if terms.switch else []),
    ]


def _traits_told(terms: Terms) -> list[str]:
    if not terms.traits:
        return ["None"]
    return [f"{trait.name}: {trait.reason}" if trait.reason else trait.name for trait in terms.traits]


def _traits_lacks(terms: Terms, _today: date) -> list[str]:
    only_ads = bool(terms.lists) and all(one.ads for one in terms.lists)
    return [
        f"Ad lists hold identifiers only, so a trait has nowhere to go ({joined(one.name for one in terms.lists)}). Leave "
        "the traits out, make one audience per tier, or add an analytics or warehouse list."
        if terms.traits and only_ads
        else "",
        *(trait.trouble for trait in terms.traits),
        *(f"Say why {trait.name} is sent." for trait in terms.traits if not trait.reason),
    ]


def rules_told(terms: Terms) -> list[str]:
    """Return the consent rule of each list as a sentence that names the list."""
    rules = {one.name: rule_told(one.rule, suppresses=terms.purpose == SUPPRESS) for one in terms.lists}
    return [f"{name}: {sentence}" for name, sentence in rules.items() if sentence]


def _consent_told(terms: Terms) -> list[str]:
    told = {rule_told(one.rule, suppresses=terms.purpose == SUPPRESS) for one in terms.lists}
    return [sentence for sentence in told if sentence] if len(told) <= 1 else rules_told(terms)


def _consent_lacks(terms: Terms, _today: date) -> list[str]:
    lacks = [] if terms.lists else ["The consent rule is told for each list: choose the lists first."]
    for one in terms.lists:
        if not one.rule.basis:
            lacks.append(f"Record the lawful basis for sending people to {one.name}.")
        if terms.targets and not one.rule.require_true and not one.rule.not_unsubscribed:
            lacks.append(f"Say who may be targeted at {one.name}: an attribute that must be true, or not unsubscribed.")
    return lacks


def _exclusions_told(terms: Terms) -> list[str]:
    told = [f"{one.name}: {one.reason}" if one.reason else one.name for one in terms.exclusions]
    told = told or [f"None: {terms.exclusions_reason}" if terms.exclusions_reason else "None"]
    return [*told, *(f"{one.name} may be in: {one.reason}" for one in terms.expected if one.reason)]


def _exclusions_lacks(terms: Terms, _today: date) -> list[str]:
    unreasoned = terms.targets and not terms.exclusions and not terms.exclusions_reason
    return [
        "Choose who is excluded, or give a reason why nobody is." if unreasoned and not terms.expected else "",
        *(one.trouble for one in terms.expected),
        *(one.trouble for one in terms.exclusions),
        *(f"Say why {one.name} is excluded." for one in terms.exclusions if not one.reason),
    ]


def _holdout_told(terms: Terms) -> list[str]:
    one = terms.holdout
    if one is None:
        return [f"None: {terms.holdout_reason}" if terms.holdout_reason else "None"]
    told = [f"{one.attribute or 'An attribute'} says the arm; who is in “{one.arm or '?'}” is held out"]
    if one.targets:
        told.append(f"Held-out people are targeted all the same: {terms.holdout_reason or 'no reason yet'}")
    else:
        told.append("Held-out people are left out of every ad list")
    tells = [one.name for one in terms.lists if not one.ads]
    return [*told, f"The arm, and each assignment, go to {joined(tells)}" if tells else ""]


def _holdout_lacks(terms: Terms, _today: date) -> list[str]:
    one = terms.holdout
    if one is None:
        asked = terms.holdout_asked and not terms.holdout_reason
        return [
            "This use case is measured against held-out people: name the attribute that says the arm, or say why there is no "
            "holdout."
            if asked
            else ""
        ]
    return [
        one.trouble,
        *_asked(
            (one.attribute, f"Name the attribute that says who is in “{one.arm}”, or leave the arm empty too."),
            (one.arm, f"Say which value of {one.attribute} means held out, like control."),
            (not one.targets or terms.holdout_reason, "Say why held-out people are targeted all the same."),
        ),
    ]


def _expected_told(terms: Terms) -> list[str]:
    return [
        "" if None in terms.size else f"{span(*terms.size)} people",
        "" if None in terms.match else f"Match {span(*terms.match, digits=_digits(*terms.match))}%",
        f"Tolerance ±{percent(terms.tolerance, _digits(terms.tolerance))}" if terms.tolerance else "",
    ]


def _digits(*values: float | None) -> int:
    """Return how many digits after the point are needed to show percents as they were entered, at most 2."""
    return max((len(f"{value:.2f}".rstrip("0").partition(".")[2]) for value in values if value is not None), default=0)


def _expected_lacks(terms: Terms, _today: date) -> list[str]:
    return [
        "" if None not in terms.size else "Say how many people you expect, from and to.",
        "" if None not in terms.match else "Say which match you expect, from and to, in percent.",
        *_asked((terms.tolerance, "Say how much drift is tolerated, in percent.")),
    ]


def _check_told(terms: Terms) -> list[str]:
    return [
        f"Owner: {terms.owner}",
        f"Drift checked by {terms.checker}" + (f", {terms.check_every}" if terms.check_every else "")
        if terms.checker
        else "",
        f"Review due {terms.review_date.day} {terms.review_date:%b %Y}" if terms.review_date else "",
    ]


def _check_lacks(terms: Terms, today: date) -> list[str]:
    review = terms.review_date
    return [
        *_asked(
            (terms.owner_active, f"{terms.owner} can no longer sign in: choose an owner who can."),
            (terms.checker, "Choose who checks drift."),
            (terms.check_every, "Choose how often drift is checked."),
            (review, "Set the review date."),
        ),
        "The review date is past: set the next one." if review and review <= today else "",
        "Set the review date at most 6 months from now." if review and review > today + REVIEW_WITHIN else "",
    ]


_CLAUSES: tuple[tuple[str, Callable[[Terms], Iterable[str]], Callable[[Terms, date], Iterable[str]]], ...] = (
    ("Purpose and outcome", _outcome_told, _outcome_lacks),
    ("Logic", lambda terms: terms.logic.splitlines(), _logic_lacks),
    ("Entry and exit", _moves_told, _moves_lacks),
    ("Lists", _lists_told, _lists_lacks),
    ("Cadence", cadence.told, cadence.lacks),
    ("Identifiers", _identifiers_told, _identifiers_lacks),
    ("Traits", _traits_told, _traits_lacks),
    ("Consent", _consent_told, _consent_lacks),
    ("Exclusions", _exclusions_told, _exclusions_lacks),
    ("Holdout", _holdout_told, _holdout_lacks),
    ("Expected", _expected_told, _expected_lacks),
    ("People and review", _check_told, _check_lacks),
)
