"""Meta's Marketing API, read only: what a custom audience holds and how it is, other lists, and which ad sets use them.

Meta words unknown sizes as -1 and gives ranges, because a number would tell who is on the list. Nothing is retried here.
"""

import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

import orjson
from django.conf import settings

from muster.http import Answer, BadCredentials, Door, Gone, Refusal, Rejected, Unreadable, VendorError
from reconciliation.quantities import Basis, Quantity

from .answers import answered, count, id_of, moment, name_of, object_of, rows_of
from .meta_refusals import SPENT, VENDOR, BudgetSpent, error_of, regained_in, used
from .seen import OLDEST, AdSetSeen, Figure, ListSeen, State

API_VERSION: Final = "v26.0"
PAGE: Final = 20  # larger pages make Meta ask for less (code 1)
MOST_PAGES: Final = 500
LIST_FIELDS: Final = (
    "id,name,subtype,approximate_count_lower_bound,approximate_count_upper_bound,delivery_status,operation_status,"
    "retention_days,time_content_updated,delete_time,fields_violating_integrity_policy"
)
EVERY_FIELDS: Final = "id,name,subtype,approximate_count_lower_bound,approximate_count_upper_bound"
AD_SET_FIELDS: Final = (
    "id,name,effective_status,end_time,targeting{custom_audiences,excluded_custom_audiences,flexible_spec,exclusions}"
)
SESSION_FIELDS: Final = "session_id,num_received,num_matched,num_invalid_entries"
SESSIONS: Final = 100
OF_SESSIONS: Final = (
    (Quantity.RECEIVED, "num_received"),
    (Quantity.MATCHED, "num_matched"),
    (Quantity.INVALID, "num_invalid_entries"),
)
DIGITS: Final = re.compile(r"[0-9]{1,25}")
VERSION_WARNING: Final = "X-Ad-Api-Version-Warning"
FILLED_BY_UPLOADS: Final = "CUSTOM"


class NoToken(BadCredentials):
    happened = "No access token of {vendor} has been entered."
    next_step = "Ask an administrator to enter the ad account and a token of a system user in Connections."


def reader(options: Mapping[str, str], secrets: Mapping[str, str]) -> "MetaReader":
    """Open a reader for one ad account. Raises VendorError."""
    return MetaReader(options.get("account", ""), secrets.get("token", ""), secrets.get("app_secret", ""))


class MetaReader:
    """One ad account. Every method raises VendorError."""

    def __init__(self, account: str, token: str, app_secret: str = "") -> None:
        if not token or not account:
            raise NoToken(VENDOR)
        self.account = f"act_{account.removeprefix('act_')}"
        # Proof that whoever has the token has the app's secret too; not timed, so that a slow clock does not break it.
        proof = hmac.new(app_secret.encode(), token.encode(), sha256).hexdigest() if app_secret else ""
        self._always = {"appsecret_proof": proof} if proof else {}
        self._secrets = [secret for secret in (token, app_secret, proof) if secret]
        self._door = Door(
            settings.PLATFORM_HOSTS["meta"],
            vendor=VENDOR,
            headers={"Authorization": f"Bearer {token}"},
            secrets=self._secrets,
            judge=self._judged,
        )
        self._warning = ""
        self._spent: tuple[int, float] | None = None

    def _judged(self, refusal: Refusal) -> VendorError | None:
        return error_of(refusal.status, refusal.headers, refusal.body, self._secrets)

    def lists(self, ids: Sequence[str]) -> Mapping[str, ListSeen]:
        """Return each asked audience by its id; without ids it only tries whether the account can be read."""
        if not ids:
            self._get(f"{self.account}/customaudiences", fields="id", limit="1")
        return {external_id: self._list(external_id) for external_id in ids}

    def everything(self) -> Sequence[ListSeen]:
        """Return all audiences of the account that uploads fill."""
        rows = self._pages(f"{self.account}/customaudiences", fields=EVERY_FIELDS)
        return [seen(row) for row in rows if row.get("subtype", FILLED_BY_UPLOADS) == FILLED_BY_UPLOADS]

    def ad_sets(self) -> Sequence[AdSetSeen]:
        """Return the active ad sets that have not ended, with the audiences they include and exclude."""
        rows = self._pages(f"{self.account}/adsets", fields=AD_SET_FIELDS, effective_status='["ACTIVE"]')
        now = datetime.now(UTC)
        return [ad_set(row) for row in rows if is_running(row, now)]

    def _list(self, external_id: str) -> ListSeen:
        gone = ListSeen(external_id, version=API_VERSION, gone=True)
        if not DIGITS.fullmatch(external_id):
            return gone
        try:
            row = self._get(external_id, fields=LIST_FIELDS)
        except Gone:
            return gone
        try:
            sessions = list(
                rows_of(self._get(f"{external_id}/sessions", fields=SESSION_FIELDS, limit=str(SESSIONS)).get("data"))
            )
        except (Gone, Rejected):
            sessions = []
        found = seen(row, sessions, asked=external_id)
        ending = [State("api_version", API_VERSION, self._warning)] if self._warning else []
        return replace(found, states=(*found.states, *ending))

    def _pages(self, path: str, **params: str) -> Iterator[Mapping[str, Any]]:
        """Give the rows of all pages. Raises Unreadable where they do not end: half an account is not the account."""
        after: dict[str, str] = {}
        for _ in range(MOST_PAGES):
            page = self._get(path, **params, limit=str(PAGE), **after)
            if not isinstance(page.get("data"), list):
                raise Unreadable(VENDOR, "The answer has no rows.")
            yield from rows_of(page["data"])
            paging = object_of(page.get("paging"))
            cursor = id_of(object_of(paging.get("cursors")).get("after"))
            if "next" not in paging:
                return
            # The address in `next` holds the token; only its cursor is used.
            if not cursor or after.get("after") == cursor:
                break
            after = {"after": cursor}
        raise Unreadable(VENDOR, "Its pages lead nowhere.")

    def _get(self, path: str, **params: str) -> Mapping[str, Any]:
        if self._spent is not None:
            share, wait = self._spent
            raise BudgetSpent(VENDOR, f"{share} % of it are used.", retry_after=wait)
        answer = self._door.get(f"{API_VERSION}/{path}", {**params, **self._always})
        self._note(answer)
        return answered(answer.json(), VENDOR)

    def _note(self, answer: Answer) -> None:
        """Stop asking before Meta has to refuse: the rest of the budget belongs to whoever uploads."""
        self._warning = name_of(answer.headers.get(VERSION_WARNING)) or self._warning
        if (share := used(answer.headers)) >= SPENT:
            self._spent = (share, regained_in(answer.headers))


def seen(row: Mapping[str, Any], sessions: Sequence[Mapping[str, Any]] = (), asked: str = "") -> ListSeen:
    """Return one audience as Meta showed it. Raises Unreadable for one without its id, or with another one's."""
    external_id = id_of(row.get("id"))
    if not external_id or (asked and external_id != asked):
        raise Unreadable(VENDOR, "The answer is not about the audience that was asked for.")
    return ListSeen(
        external_id,
        name=name_of(row.get("name")),
        figures=(_size(row), *_life_span(row), *_of_sessions(sessions)),
        states=(*_states(row), *_oldest(sessions)),
        changed_at=moment(row.get("time_content_updated")),
        version=API_VERSION,
    )


def _size(row: Mapping[str, Any]) -> Figure:
    low, high = count(row.get("approximate_count_lower_bound")), count(row.get("approximate_count_upper_bound"))
    if low is None or high is None or low > high:
        low = high = None
    return Figure(Quantity.MEMBERS, low, high, Basis.RANGE, "approximate_count")


def _life_span(row: Mapping[str, Any]) -> Iterator[Figure]:
    if days := count(row.get("retention_days")):
        yield Figure(Quantity.LIFE_SPAN, days, days, Basis.REPORTED, "retention_days")


def _of_sessions(sessions: Sequence[Mapping[str, Any]]) -> Iterator[Figure]:
    """Give the sums over those upload sessions that tell all three numbers; one that tells two would bend the shares."""
    told = [[count(one.get(name)) for _, name in OF_SESSIONS] for one in sessions]
    whole = [[number for number in one if number is not None] for one in told if None not in one]
    if whole:
        for (quantity, name), column in zip(OF_SESSIONS, zip(*whole, strict=True), strict=True):
            yield Figure(quantity, sum(column), sum(column), Basis.REPORTED, name)


def _oldest(sessions: Sequence[Mapping[str, Any]]) -> Iterator[State]:
    """Give the id of the oldest session: while it is the same, none has dropped out, and sums can be compared."""
    ids = [id_of(one.get("session_id")) for one in sessions]
    if ids and all(ids) and len(ids) < SESSIONS:
        yield State(OLDEST, min(ids, key=lambda one: (len(one), one)), "Of the upload sessions that are listed.")


def _states(row: Mapping[str, Any]) -> Iterator[State]:
    for axis in ("delivery_status", "operation_status"):
        told = object_of(row.get(axis))
        if code := id_of(told.get("code")):
            yield State(axis, code, name_of(told.get("description")))
    if (gone_on := moment(row.get("delete_time"))) is not None:
        yield State("delete_time", gone_on.date().isoformat(), f"Meta deletes it on {gone_on:%-d %B %Y}.")
    if flagged := row.get("fields_violating_integrity_policy"):
        yield State("fields_violating_integrity_policy", "flagged", name_of(orjson.dumps(flagged).decode()))


def ad_set(row: Mapping[str, Any]) -> AdSetSeen:
    """Return one ad set with the audiences that its targeting names anywhere. Raises Unreadable for one without an id."""
    targeting = object_of(row.get("targeting"))
    included = [targeting, *rows_of(targeting.get("flexible_spec"))]
    excluded = [*_ids(targeting, "excluded_custom_audiences"), *_ids(object_of(targeting.get("exclusions")))]
    if not (external_id := id_of(row.get("id"))):
        raise Unreadable(VENDOR, "An ad set has no id.")
    return AdSetSeen(
        "ad set",
        external_id,
        name_of(row.get("name")),
        frozenset(external for part in included for external in _ids(part)),
        frozenset(excluded),
    )


def _ids(targeting: Mapping[str, Any], name: str = "custom_audiences") -> list[str]:
    return [external for one in rows_of(targeting.get(name)) if (external := id_of(one.get("id")))]


def is_running(row: Mapping[str, Any], now: datetime) -> bool:
    """Whether an ad set can still spend: Meta calls one active whose end has passed."""
    if row.get("effective_status", "ACTIVE") != "ACTIVE":
        return False
    try:
        end = datetime.fromisoformat(str(row.get("end_time")))
    except ValueError:
        return True
    return (end if end.tzinfo else end.replace(tzinfo=UTC)) > now
