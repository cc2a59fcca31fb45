"""What can go wrong at a vendor, sorted by what the caller should do, with words for the person who meets it.

VendorError
├── Unreachable      no answer, or the vendor is in trouble: try again
├── RateLimited      asked to wait: try again after `retry_after` seconds
├── Unreadable       an answer that cannot be understood: try again
├── Rejected         refused for what was asked: the same request will be refused again
│   └── AddressRefused  Muster itself refuses to call that address
├── BadCredentials   refused for who asked
└── Gone             the thing asked for does not exist (any more)
"""

from typing import ClassVar, NamedTuple


class Words(NamedTuple):
    """What happened, what it means, what to do next: three sentences for a person."""

    happened: str
    effect: str
    next_step: str


class VendorError(Exception):
    """A request to a vendor that did not end well.

    `detail` is redacted, one line, at most 300 characters. `ambiguous` says that the vendor may have received and
    handled the request all the same. `status` is the HTTP status, None when no answer came.
    """

    retryable: ClassVar[bool] = False
    happened: ClassVar[str] = "{vendor} could not be used."
    effect: ClassVar[str] = "Nothing more was sent or read; what {vendor} accepted before stays as it is."
    next_step: ClassVar[str] = "Try again; if it happens again, ask an administrator to look at Connections."

    def __init__(self, vendor: str, detail: str = "", *, status: int | None = None, ambiguous: bool = False) -> None:
        super().__init__(vendor, detail)
        self.vendor = vendor
        self.detail = detail
        self.status = status
        self.ambiguous = ambiguous

    def __str__(self) -> str:
        return f"{self.words.happened} {self.detail}".strip()

    @property
    def words(self) -> Words:
        code = f" ({self.status})" if self.status else ""
        return Words(
            *(text.format(vendor=self.vendor, code=code) for text in (self.happened, self.effect, self.next_step))
        )


class Unreachable(VendorError):
    retryable = True
    happened = "{vendor} did not answer, or could not do its work{code}."
    next_step = "Muster tries again by itself. If it lasts over an hour, ask an administrator to look at Connections."


class RateLimited(VendorError):
    """`retry_after` is in seconds; None when the vendor did not say."""

    retryable = True
    happened = "{vendor} asked to wait{code}: too many requests."
    effect = "It takes longer; nothing is lost."
    next_step = "Nothing to do: Muster waits and goes on by itself."

    def __init__(
        self,
        vendor: str,
        detail: str = "",
        *,
        status: int | None = None,
        ambiguous: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(vendor, detail, status=status, ambiguous=ambiguous)
        self.retry_after = retry_after


class Unreadable(VendorError):
    retryable = True
    happened = "{vendor} answered with something that cannot be read{code}."
    next_step = (
        "Muster tries again by itself. If it stays, ask an administrator whether the address in Connections is right."
    )


class Rejected(VendorError):
    happened = "{vendor} refused the request{code}."
    next_step = (
        "Read the reason given, correct what it names, and start again; the same request would be refused again."
    )


class AddressRefused(Rejected):
    happened = "Muster does not call this address of {vendor}."
    effect = "Nothing was sent."
    next_step = "Ask an administrator to enter a public https address in Connections."


class BadCredentials(VendorError):
    happened = "{vendor} refused the key{code}."
    effect = "Nothing more can be sent or read with this key; what {vendor} accepted before stays as it is."
    next_step = "Ask an administrator to replace the key in Connections."


class Gone(VendorError):
    happened = "{vendor} no longer has what was asked for{code}."
    next_step = "Check in {vendor} whether it was deleted or recreated, then choose it again here."
