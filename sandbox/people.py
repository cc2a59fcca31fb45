"""A population generated from a seed: person i is a pure function of (seed, i) and is never stored."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import blake2b
from struct import Struct
from typing import Final

Person = dict[str, str]

SHARES: Final = {
    "no_id": 0.02,
    "no_email": 0.03,
    "no_phone": 0.35,
    "loud_email": 0.05,
    "gmail": 0.25,
    "national_phone": 0.06,
    "bad_phone": 0.02,
    "at_id": 0.0,
    "unsubscribed": 0.08,
    "refused": 0.06,
    "silent": 0.04,
    "do_not_share": 0.02,
    "odd_values": 0.05,
}
TWINS: Final = (4, 11)
BEGINNING: Final = 1_700_000_000
ATTRIBUTES: Final = (
    "cio_id",
    "id",
    "email",
    "phone",
    "unsubscribed",
    "ad_consent",
    "ad_user_data",
    "ad_personalization",
    "do_not_share",
    "country",
    "created_at",
    "first_order_at",
    "last_order_at",
    "orders",
    "ltv_tier",
    "cart_value",
    "cart_updated_at",
    "first_name",
    "note",
    "cio_subscription_preferences",
    "_cio_subscription_preferences_computed",
)
FIRST: Final = (
    "maria",
    "jonas",
    "aisha",
    "wei",
    "zoe",
    "lucas",
    "ingrid",
    "tom",
    "noor",
    "pablo",
    "keiko",
    "ann",
    "omar",
    "lena",
    "rui",
    "sara",
)
SHOWN: Final = (
    "Maria",
    "Jonas",
    "Aïsha",
    "魏",
    "Zoë",
    "Lucas",
    "Ingrid",
    "Tom",
    "نور",
    "Pablo",
    "圭子",
    "Ann",
    "Omar",
    "Łena",
    "Rui",
    "Sara",
)
LAST: Final = (
    "lopez",
    "meyer",
    "khan",
    "li",
    "dupont",
    "silva",
    "berg",
    "stone",
    "haddad",
    "ruiz",
    "sato",
    "obrien",
    "ali",
    "novak",
    "costa",
    "rossi",
)
DOMAINS: Final = ("example.com", "example.net", "example.org", "mail.example")
NOTES: Final = (
    "=1+1",
    'likes "red", not blue',
    "two\nlines",
    "O'Brien, Ltd",
    "semi;colon",
    "ünïcode ✓",
    "+SUM(A1)",
    "  ",
)
COUNTRIES: Final = ("US", "US", "US", "GB", "DE", "FR", "NL", "US")
AREAS: Final = ("212", "310", "415", "512", "617", "702", "713", "773")
TIERS: Final = ("none", "none", "bronze", "bronze", "silver", "silver", "gold", "vip")
INVALID: Final = ("12345", "n/a", "+1 000", "unknown")
NUMBER_IN_EMAIL: Final = re.compile(r"(\d+)(?:\+[a-z]+)?@")
WORDS: Final = Struct("<16H")


class Generator:
    """Makes person i. `shares` gives the frequency of each oddity; `plain` sets every one of them to 0.

    `arms` are random branches that people went through: attribute -> value -> share; the rest has no such attribute.
    """

    def __init__(
        self,
        seed: int,
        shares: Mapping[str, float] | None = None,
        plain: bool = False,
        twins: bool = True,
        arms: Mapping[str, Mapping[str, float]] | None = None,
    ) -> None:
        self.seed, self.arms = seed, arms or {}
        self.key = blake2b(f"people:{seed}".encode(), digest_size=16).digest()
        self.tag = self.key.hex()[:6]
        chosen = {name: 0.0 if plain else share for name, share in SHARES.items()} | dict(shares or {})
        limits = {name: round(share * 65536) for name, share in chosen.items()}
        self.twins = twins and not plain
        self.no_id, self.no_email, self.no_phone = limits["no_id"], limits["no_email"], limits["no_phone"]
        self.loud, self.gmail, self.at_id = limits["loud_email"], limits["gmail"], limits["at_id"]
        self.national, self.bad = limits["national_phone"], limits["bad_phone"]
        self.unsubscribed, self.unshared, self.odd = (
            limits["unsubscribed"],
            limits["do_not_share"],
            limits["odd_values"],
        )
        self.refused, self.silent = limits["refused"], limits["refused"] + limits["silent"]

    def cio_id(self, number: int) -> str:
        """The immutable id of person `number`."""
        return f"{self.tag}{number:010x}"

    def number_of_cio_id(self, cio_id: str) -> int | None:
        """The person with this cio_id, if this seed ever makes one."""
        if len(cio_id) != 16 or not cio_id.startswith(self.tag):
            return None
        try:
            return int(cio_id[6:], 16)
        except ValueError:
            return None

    def candidates(self, kind: str, value: str) -> list[int]:
        """People who may have this id, email or phone; the caller compares."""
        if kind == "cio_id":
            found = self.number_of_cio_id(value)
            return [] if found is None else [found]
        if kind == "phone":
            return self._by_phone(value)
        match = re.search(r"(\d+)", value) if kind == "id" else NUMBER_IN_EMAIL.search(value.lower())
        if not match or len(match[1]) > 12:
            return []
        number = int(match[1])
        return [number, TWINS[1]] if self.twins and kind == "email" and number == TWINS[0] else [number]

    def _by_phone(self, value: str) -> list[int]:
        digits = re.sub(r"\D", "", value)[-10:]
        if len(digits) < 8:
            return []
        blocks = [index for index, area in enumerate(AREAS) if digits.startswith(area)]
        return [int(digits[-7:]) - 2_000_000 + 8_000_000 * block for block in blocks] + [int(digits[-7:])]

    def person(self, number: int) -> Person:
        """Person `number` with every attribute that is set; all values are strings."""
        words = WORDS.unpack(blake2b(number.to_bytes(8, "little"), digest_size=32, key=self.key).digest())
        country = COUNTRIES[words[0] & 7]
        person: Person = {"cio_id": f"{self.tag}{number:010x}"}
        twin = self.twins and number in TWINS
        has_email = words[1] >= self.no_email or twin
        if words[2] >= self.no_id or not has_email:
            person["id"] = f"c-{number:07d}@shop.example" if words[3] < self.at_id else f"c-{number:07d}"
        if has_email:
            person["email"] = (
                self._email(TWINS[0], self._twin_words())
                if twin and number == TWINS[1]
                else (self._email(number, words))
            )
        if words[4] >= self.no_phone:
            person["phone"] = self._phone(number, country, words[5])
        self._consent(person, words)
        person["country"] = country
        person["created_at"] = str(BEGINNING - 86400 * (words[8] % 900))
        self._trade(person, words)
        for attribute, shares in self.arms.items():
            if arm := self._arm(number, attribute, shares):
                person[attribute] = arm
        return person

    def _arm(self, number: int, attribute: str, shares: Mapping[str, float]) -> str:
        drawn = blake2b(f"{attribute}:{number}".encode(), digest_size=4, key=self.key).digest()
        place = int.from_bytes(drawn, "little") / 2**32
        for arm, share in shares.items():
            place -= share
            if place < 0:
                return arm
        return ""

    def _twin_words(self) -> tuple[int, ...]:
        return WORDS.unpack(blake2b(TWINS[0].to_bytes(8, "little"), digest_size=32, key=self.key).digest())

    def _email(self, number: int, words: tuple[int, ...]) -> str:
        first, last = FIRST[words[0] >> 3 & 15], LAST[words[0] >> 7 & 15]
        if words[9] < self.gmail:
            domain = "googlemail.com" if words[9] & 7 == 0 else "gmail.com"
            address = f"{first}.{last}{number}{'+shop' if words[9] & 3 == 1 else ''}@{domain}"
        else:
            address = f"{first}.{last}{number}@{DOMAINS[words[9] & 3]}"
        if words[10] < self.loud:
            return f" {address.upper()} " if words[10] & 1 else address.title()
        return address

    def _phone(self, number: int, country: str, word: int) -> str:
        if word < self.bad:
            return INVALID[word & 3]
        national = word < self.bad + self.national
        if country == "US":
            area, local = AREAS[number // 8_000_000 % 8], 2_000_000 + number % 8_000_000
            return f"({area}) {local // 10000}-{local % 10000:04d}" if national else f"+1{area}{local}"
        if country == "GB":
            return f"0{7400000000 + number}" if national else f"+44{7400000000 + number}"
        if country == "DE":
            return f"0049 151 {20000000 + number}" if national else f"+49151{20000000 + number}"
        if country == "FR":
            return f"06 {10000000 + number}" if national else f"+336{10000000 + number}"
        return f"06-1{number:07d}" if national else f"+3161{number:07d}"

    def _consent(self, person: Person, words: tuple[int, ...]) -> None:
        person["unsubscribed"] = "true" if words[6] < self.unsubscribed else "false"
        for name, word in (
            ("ad_consent", words[7]),
            ("ad_user_data", words[8]),
            ("ad_personalization", words[9] ^ words[8]),
        ):
            if word < self.refused:
                person[name] = "false"
            elif word >= self.silent:
                person[name] = "true"
        if words[11] < self.unshared:
            person["do_not_share"] = "true"
        person["cio_subscription_preferences"] = '{"topics":{"topic_7":false}}' if words[11] & 1 else '{"topics":{}}'
        person["_cio_subscription_preferences_computed"] = (
            '{"topics":{"topic_7":false,"topic_9":true}}'
            if words[11] & 1
            else '{"topics":{"topic_7":true,"topic_9":true}}'
        )

    def _trade(self, person: Person, words: tuple[int, ...]) -> None:
        orders = words[12] & 7
        person["ltv_tier"] = TIERS[orders]
        person["orders"] = str(orders)
        if orders:
            person["first_order_at"] = str(BEGINNING - 86400 * (words[13] % 700))
            person["last_order_at"] = str(BEGINNING - 3600 * (words[13] % 700))
        if words[14] & 1:
            person["cart_value"] = f"{words[14] / 100:.2f}"
            person["cart_updated_at"] = str(BEGINNING - words[14])
        person["first_name"] = SHOWN[words[0] >> 3 & 15]
        if words[15] < self.odd:
            person["note"] = NOTES[words[15] & 7]
