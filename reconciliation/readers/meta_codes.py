"""What Meta's status codes of a custom audience mean for a list. Pure.

`delivery_status` says whether ads may use it, `operation_status` how the last thing that was done with it went. A code
that is missing here is kept and shown in Meta's own words.
"""

from typing import Final

from .meaning import Kind, Meaning

WAIT: Final = "Nothing to do: it is read again."
NOT_A_LIST: Final = (
    "Check the audience id: Muster fills customer lists, and this id belongs to another kind of audience."
)

DELIVERY: Final[dict[str, Meaning]] = {
    "200": Meaning(Kind.USABLE, "Ads can use it."),
    "300": Meaning(
        Kind.TOO_SMALL,
        "Meta recognises too few people to use it.",
        "Widen the audience, or send a second identifier so that more people are recognised.",
    ),
    "400": Meaning(
        Kind.BLOCKED,
        "Meta does not let ads use it.",
        "Open the audience in Ads Manager: Meta says there what to change.",
    ),
}
OPERATION: Final[dict[str, Meaning]] = {
    "0": Meaning(Kind.UNKNOWN, "Meta does not say how the last change went.", WAIT),
    "100": Meaning(
        Kind.STALE,
        "No active ad set has used it for over two years. It expires, and 90 days later Meta deletes it.",
        "Use it in an ad set, or retire the audience here.",
    ),
    "200": Meaning(Kind.USABLE, "The last change went well."),
    "400": Meaning(Kind.USABLE, "Meta has a warning about it.", "Read the warning in Ads Manager's Audiences."),
    "410": Meaning(
        Kind.UNKNOWN,
        "Nobody has been uploaded yet.",
        "Check that a run has ended Done, and that RudderStack's destination holds this audience id.",
    ),
    "411": Meaning(
        Kind.LOW_MATCH,
        "Meta recognises few of the people sent.",
        "Look at the coverage of each identifier, and send phone numbers beside email addresses.",
    ),
    "412": Meaning(
        Kind.LOW_MATCH,
        "Many rows of the last upload were invalid.",
        "Check in RudderStack that the destination hashes nothing itself: Muster sends digests.",
    ),
    "414": Meaning(Kind.SETTLING, "Meta is replacing the people on it.", WAIT),
    "415": Meaning(
        Kind.BLOCKED, "Replacing the people on it failed.", "Send everybody again (Re-assert) from the audience's page."
    ),
    "421": Meaning(Kind.UNKNOWN, "Its pixel is missing.", NOT_A_LIST),
    "422": Meaning(Kind.UNKNOWN, "Its pixel does not fire.", NOT_A_LIST),
    "423": Meaning(Kind.UNKNOWN, "Its pixel is invalid.", NOT_A_LIST),
    "431": Meaning(Kind.UNKNOWN, "Refreshing the lookalike failed.", NOT_A_LIST),
    "432": Meaning(Kind.UNKNOWN, "Building the lookalike failed.", NOT_A_LIST),
    "433": Meaning(Kind.UNKNOWN, "Building the lookalike failed, Meta tries again.", NOT_A_LIST),
    "434": Meaning(Kind.UNKNOWN, "Refreshing the lookalike failed, Meta tries again.", NOT_A_LIST),
    "441": Meaning(Kind.SETTLING, "Meta is still adding people: ads can use it, its size grows.", WAIT),
    "442": Meaning(
        Kind.USABLE, "Meta could not fill it with people from before it was made.", "Nothing to do for a customer list."
    ),
    "450": Meaning(
        Kind.STALE,
        "No ad has used it for 30 days, or never since it was made 90 days ago. Its size is not kept up to date.",
        "Use it in an ad set: Meta then works its size out anew.",
    ),
    "470": Meaning(
        Kind.BLOCKED,
        "The account of the person who made it is no longer active.",
        "Make the audience anew with an active account, enter its id here and send everybody again.",
    ),
    "471": Meaning(
        Kind.BLOCKED,
        "Meta's integrity rules flag it, because of its name, description or data (health, finance). Uploads are refused.",
        "Have a person answer Meta's review in Ads Manager; rename the audience if its name implies a condition.",
    ),
    "500": Meaning(
        Kind.BLOCKED, "Meta reports an error that the advertiser must clear.", "Open the audience in Ads Manager."
    ),
}


def meaning(axis: str, code: str, told: str = "") -> Meaning:
    """Return what a code means, with Meta's own description where Muster does not know the code.

    Meta documents every delivery status from 400 on as unusable.
    """
    found = (DELIVERY if axis == "delivery_status" else OPERATION).get(code)
    if found is not None:
        return found
    if axis == "delivery_status" and code.isdecimal() and int(code) >= 400:
        return Meaning(Kind.BLOCKED, told or DELIVERY["400"].words, DELIVERY["400"].do)
    return Meaning(
        Kind.UNKNOWN, told or f"Meta reports code {code}, which Muster does not know.", "Look it up in Ads Manager."
    )
