"""The people that the bench makes up: person i is a pure function of i, so what must arrive can be said without the product.

Addresses and numbers are written as people write them: every twentieth address in capitals, every fourth at Gmail, every
sixteenth number without a country code. The forms and digests here are worked out from i, never by the product's code.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

HEADER: Final = "cio_id,id,email,phone,ad_consent,unsubscribed\n"
AREAS: Final = ("212", "310", "415", "512", "617", "702", "713", "773")
NUMBERS_AN_AREA: Final = 7_900_000
AT_ONCE: Final = 50_000
CHUNK: Final = 1 << 16


def email(number: int) -> str:
    """Return the normal form of a person's address."""
    return f"ann.{number:08d}@{'gmail.com' if number % 4 == 1 else 'shop.example'}"


def phone(number: int) -> str:
    """Return the digits of a person's number, country code first."""
    area, line = divmod(number, NUMBERS_AN_AREA)
    return f"1{AREAS[area]}{2_000_000 + line}"


def email_as_written(number: int) -> str:
    """Return the address as it stands in Customer.io."""
    form = email(number)
    return f" {form.upper()} " if number % 20 == 3 else form


def phone_as_written(number: int) -> str:
    """Return the number as it stands in Customer.io."""
    digits = phone(number)
    return f"({digits[1:4]}) {digits[4:7]}-{digits[7:]}" if number % 16 == 5 else f"+{digits}"


def row(number: int, consent: str) -> str:
    """Return the person's line of an export."""
    return (
        f"{number:016x},c-{number:08d},{email_as_written(number)},{phone_as_written(number)},{consent},"
        f"{'' if number % 3 else 'false'}\n"
    )


def digests(number: int) -> tuple[bytes, bytes]:
    """Return the SHA-256 of the address and of the number, as Meta wants them."""
    return sha256(email(number).encode()).digest(), sha256(phone(number).encode()).digest()


@dataclass(frozen=True)
class Crowd:
    """Everybody around a list of `size` people, a multiple of 200. Of the segment, one in a hundred refuses, one is excluded.

    When the segment churns by 1 %, half a percent of the list leaves and as many enter.
    """

    size: int

    def __post_init__(self) -> None:
        if self.size % 200:
            raise ValueError("the size of a crowd is a multiple of 200")

    @property
    def parts(self) -> dict[str, range]:
        """Return the groups by name, each a range of people."""
        hundredth, size = self.size // 100, self.size
        leaving = size // 200
        return {
            "leaving": range(leaving),
            "staying": range(leaving, size),
            "refusing": range(size, size + hundredth),
            "excluded": range(size + hundredth, size + 2 * hundredth),
            "strangers": range(size + 2 * hundredth, size + 3 * hundredth),
            "entering": range(size + 3 * hundredth, size + 3 * hundredth + leaving),
        }


SEGMENT: Final = ("leaving", "staying", "refusing", "excluded")
CHURNED: Final = ("staying", "refusing", "excluded", "entering")
EXCLUSION: Final = ("excluded", "strangers")


def write(size: int, folder: str) -> None:
    """Write each group's lines of an export of a crowd into a file of its name."""
    crowd = Crowd(size)
    Path(folder).mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(2) as pool:
        for name, people in crowd.parts.items():
            consent = "false" if name == "refusing" else "true"
            pieces = [(people[start : start + AT_ONCE], consent) for start in range(0, len(people), AT_ONCE)]
            with Path(folder, name).open("wb") as file:
                file.writelines(pool.map(lines, pieces))


def lines(piece: tuple[range, str]) -> bytes:
    """Return the lines of some people."""
    people, consent = piece
    return "".join([row(number, consent) for number in people]).encode()


def export(folder: Path, groups: Iterable[str]) -> Iterator[bytes]:
    """Yield an export of these groups as it comes from the network: in chunks of 64 KB that end anywhere."""
    yield HEADER.encode()
    for name in groups:
        with (folder / name).open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk
