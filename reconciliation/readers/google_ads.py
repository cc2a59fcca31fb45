"""Google Ads, read only: sizes of user lists by network, what may use them, and which campaigns and ad groups name them.

Numbers of 64 bits come as text and what is unset does not come at all. Sizes are rounded by Google to two digits; 0 is
what a list shows that has not been counted yet, so it is unknown.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from django.conf import settings

from muster.http import Answer, Door, Refusal, Unreadable, VendorError
from reconciliation.quantities import PERMILLE_IN_PERCENT, Basis, Quantity

from .answers import count, id_of, name_of, object_of, rows_of
from .google_access import Access, NoGrant
from .google_refusals import VENDOR, TokenRefused, error_in, error_of
from .seen import AdSetSeen, Figure, ListSeen, State

API_VERSION: Final = "v26"
AT_ONCE: Final = 200
LIST_FIELDS: Final = ", ".join(
    f"user_list.{name}"
    for name in (
        "id",
        "name",
        "size_for_search",
        "size_for_display",
        "size_range_for_search",
        "size_range_for_display",
        "eligible_for_search",
        "eligible_for_display",
        "match_rate_percentage",
        "membership_status",
        "closing_reason",
        "membership_life_span",
        "account_user_list_status",
        "access_reason",
        "crm_based_user_list.upload_key_type",
    )
)
LIVE: Final = "campaign.status = 'ENABLED'"
STATES: Final = (
    ("eligible_for_search", "eligibleForSearch"),
    ("eligible_for_display", "eligibleForDisplay"),
    ("membership_status", "membershipStatus"),
    ("closing_reason", "closingReason"),
    ("account_user_list_status", "accountUserListStatus"),
    ("access_reason", "accessReason"),
)
NETWORKS: Final = ((Quantity.SEARCH, "search", "Search"), (Quantity.DISPLAY, "display", "Display"))
SMALLEST_RANGE: Final = "LESS_THAN_FIVE_HUNDRED"
RANGES: Final = {
    SMALLEST_RANGE: (0, 500),
    "LESS_THAN_ONE_THOUSAND": (500, 1_000),
    "ONE_THOUSAND_TO_TEN_THOUSAND": (1_000, 10_000),
    "TEN_THOUSAND_TO_FIFTY_THOUSAND": (10_000, 50_000),
    "FIFTY_THOUSAND_TO_ONE_HUNDRED_THOUSAND": (50_000, 100_000),
    "ONE_HUNDRED_THOUSAND_TO_THREE_HUNDRED_THOUSAND": (100_000, 300_000),
    "THREE_HUNDRED_THOUSAND_TO_FIVE_HUNDRED_THOUSAND": (300_000, 500_000),
    "FIVE_HUNDRED_THOUSAND_TO_ONE_MILLION": (500_000, 1_000_000),
    "ONE_MILLION_TO_TWO_MILLION": (1_000_000, 2_000_000),
    "TWO_MILLION_TO_THREE_MILLION": (2_000_000, 3_000_000),
    "THREE_MILLION_TO_FIVE_MILLION": (3_000_000, 5_000_000),
    "FIVE_MILLION_TO_TEN_MILLION": (5_000_000, 10_000_000),
    "TEN_MILLION_TO_TWENTY_MILLION": (10_000_000, 20_000_000),
    "TWENTY_MILLION_TO_THIRTY_MILLION": (20_000_000, 30_000_000),
    "THIRTY_MILLION_TO_FIFTY_MILLION": (30_000_000, 50_000_000),
}

Row = Mapping[str, Any]


def reader(options: Mapping[str, str], secrets: Mapping[str, str]) -> "GoogleAdsReader":
    """Open a reader for one customer. Raises VendorError."""
    given = (secrets.get("client_secret", ""), secrets.get("refresh_token", ""))
    access = Access(options.get("client_id", ""), *given)
    return GoogleAdsReader(options.get("customer", ""), options.get("manager", ""), access)


class GoogleAdsReader:
    """One customer, through a manager account where one is given. Every method raises VendorError."""

    def __init__(self, customer: str, manager: str, access: Access) -> None:
        self._access = access
        if not (digits := customer.replace("-", "")):
            raise NoGrant(VENDOR)
        self._path = f"{API_VERSION}/customers/{digits}/googleAds:searchStream"
        self._headers = {"login-customer-id": manager.replace("-", "")} if manager else {}

    def lists(self, ids: Sequence[str]) -> Mapping[str, ListSeen]:
        """Return each asked list by its id; without ids it only tries whether the customer can be read."""
        if not ids:
            self._ask("SELECT customer.id FROM customer")
        found: dict[str, ListSeen] = {}
        # What is no number cannot be the id of a list, and must not become part of a question.
        numbers = [one for one in ids if one.isascii() and one.isdecimal()]
        for start in range(0, len(numbers), AT_ONCE):
            some = ", ".join(numbers[start : start + AT_ONCE])
            query = f"SELECT {LIST_FIELDS} FROM user_list WHERE user_list.id IN ({some})"
            found |= {one.external_id: one for one in map(seen, self._ask(query))}
        return {one: found.get(one) or ListSeen(one, version=API_VERSION, gone=True) for one in ids}

    def everything(self) -> Sequence[ListSeen]:
        """Return all customer lists that this customer owns or may use."""
        return [
            seen(row) for row in self._ask(f"SELECT {LIST_FIELDS} FROM user_list WHERE user_list.type = 'CRM_BASED'")
        ]

    def ad_sets(self) -> Sequence[AdSetSeen]:
        """Return the active ad groups with their own lists and their campaign's, and active campaigns without ad groups."""
        around = "campaign.id, campaign.name, campaign.serving_status"
        campaigns = self._ask(f"SELECT {around} FROM campaign WHERE {LIVE}")
        groups = self._ask(
            f"SELECT {around}, ad_group.id, ad_group.name FROM ad_group WHERE {LIVE} AND ad_group.status = 'ENABLED'"
        )
        above, below = self._criteria("campaign"), self._criteria("ad_group")
        return list(used_in(campaigns, groups, above, below))

    def _criteria(self, owner: str) -> "Named":
        kind = f"{owner}_criterion"
        rows = self._ask(
            f"SELECT {owner}.id, {kind}.negative, {kind}.user_list.user_list FROM {kind} "
            f"WHERE {LIVE} AND {kind}.type = 'USER_LIST' AND {kind}.status = 'ENABLED'"
        )
        return named(rows, "adGroup" if owner == "ad_group" else owner)

    def _ask(self, query: str) -> list[Row]:
        """Return all rows of a question; a refused access token is renewed once."""
        try:
            answer = self._sent(query, self._access.token())
        except TokenRefused:
            answer = self._sent(query, self._access.token(renewed=True))
        return list(self._rows(answer))

    def _sent(self, query: str, token: str) -> Answer:
        secrets = [*self._access.secrets, token]

        def judged(refusal: Refusal) -> VendorError | None:
            return error_of(refusal.status, refusal.body, secrets)

        headers = {"Authorization": f"Bearer {token}", **self._headers}
        host = settings.PLATFORM_HOSTS["google_ads"]
        door = Door(host, vendor=VENDOR, headers=headers, secrets=secrets, judge=judged)
        return door.post(self._path, json={"query": query})

    def _rows(self, answer: Answer) -> Iterator[Row]:
        """Give the rows of all batches. Raises VendorError, also for an error in the middle of the stream."""
        batches = answer.json()
        if not isinstance(batches, list):
            raise Unreadable(VENDOR, "The answer is not a list of batches.")
        for batch in rows_of(batches):
            if error := object_of(batch.get("error")):
                raise error_in(error, self._access.secrets)
            yield from rows_of(batch.get("results"))


def seen(row: Row) -> ListSeen:
    """Return one list as Google Ads showed it. Raises Unreadable for one without an id."""
    told = object_of(row.get("userList"))
    if not (external_id := id_of(told.get("id"))):
        raise Unreadable(VENDOR, "A list has no id.")
    return ListSeen(
        external_id,
        name=name_of(told.get("name")),
        figures=tuple(_figures(told)),
        states=tuple(_states(told)),
        version=API_VERSION,
    )


def _figures(told: Row) -> Iterator[Figure]:
    for quantity, axis, name in NETWORKS:
        size = count(told.get(f"sizeFor{name}")) or None
        yield Figure(quantity, *rounded(size), Basis.ROUNDED, f"size_for_{axis}")
        if span := range_of(told.get(f"sizeRangeFor{name}"), size):
            yield Figure(quantity, *span, Basis.RANGE, f"size_range_for_{axis}")
    rate = count(told.get("matchRatePercentage"))
    rate = rate if rate and rate <= 100 else None
    permille = None if rate is None else rate * PERMILLE_IN_PERCENT
    yield Figure(Quantity.MATCH_RATE, permille, permille, Basis.REPORTED, "match_rate_percentage")
    if days := count(told.get("membershipLifeSpan")):
        yield Figure(Quantity.LIFE_SPAN, days, days, Basis.REPORTED, "membership_life_span")


def rounded(size: int | None) -> tuple[int | None, int | None]:
    """Return the band behind a size rounded to two digits: half a unit of the second one to each side."""
    if size is None:
        return None, None
    half = 10 ** max(0, len(str(size)) - 2) // 2
    return size - half, size + half


def range_of(word: object, size: int | None) -> tuple[int, int] | None:
    """Return a size range; the smallest is also what a list shows that has not been counted, and the largest has no end."""
    return None if word == SMALLEST_RANGE and not size else RANGES.get(str(word))


def _states(told: Row) -> Iterator[State]:
    for axis, name in STATES:
        value = told.get(name)
        if isinstance(value, str | bool):
            yield State(axis, str(value).lower() if isinstance(value, bool) else name_of(value))
    if kind := name_of(object_of(told.get("crmBasedUserList")).get("uploadKeyType")):
        yield State("upload_key_type", kind)


Named = Mapping[str, tuple[frozenset[str], frozenset[str]]]
NONE: Final = (frozenset[str](), frozenset[str]())


def named(rows: Iterable[Row], owner: str) -> Named:
    """Return by owner's id which lists its criteria include and exclude."""
    found: dict[str, tuple[set[str], set[str]]] = {}
    for row in rows:
        criterion = object_of(row.get(f"{owner}Criterion"))
        external = id_of(object_of(criterion.get("userList")).get("userList")).rpartition("/")[2]
        if external:
            both = found.setdefault(id_of(object_of(row.get(owner)).get("id")), (set(), set()))
            both[criterion.get("negative") is True].add(external)
    return {number: (frozenset(included), frozenset(excluded)) for number, (included, excluded) in found.items()}


def used_in(campaigns: Iterable[Row], groups: Iterable[Row], above: Named, below: Named) -> Iterator[AdSetSeen]:
    """Give what is active: an ad group excludes what its campaign excludes; a campaign that has none stands for itself."""
    with_groups: set[str] = set()
    for row in filter(is_running, groups):
        campaign, group = object_of(row.get("campaign")), object_of(row.get("adGroup"))
        with_groups.add(id_of(campaign.get("id")))
        yield _shown(
            "ad group",
            group,
            f"{name_of(campaign.get('name'))}, {name_of(group.get('name'))}",
            above.get(id_of(campaign.get("id")), NONE),
            below.get(id_of(group.get("id")), NONE),
        )
    for row in filter(is_running, campaigns):
        campaign = object_of(row.get("campaign"))
        if id_of(campaign.get("id")) not in with_groups:
            yield _shown(
                "campaign", campaign, name_of(campaign.get("name")), above.get(id_of(campaign.get("id")), NONE)
            )


def _shown(kind: str, thing: Row, name: str, *criteria: tuple[frozenset[str], frozenset[str]]) -> AdSetSeen:
    if not (external_id := id_of(thing.get("id"))):
        raise Unreadable(VENDOR, f"A {kind} has no id.")
    included, excluded = (frozenset[str]().union(*(one[side] for one in criteria)) for side in (0, 1))
    return AdSetSeen(kind, external_id, name, included, excluded)


def is_running(row: Row) -> bool:
    """Whether a campaign can still spend: one that is enabled may have ended."""
    return object_of(row.get("campaign")).get("servingStatus") != "ENDED"
