"""docs/sandbox.md names every order, option, share and fault that there is, and none that there is not."""

import re
from pathlib import Path

import pytest

from sandbox.analytics import TYPES
from sandbox.customerio_orders import CustomerIoOrders
from sandbox.faults import KINDS
from sandbox.people import SHARES
from sandbox.rows import AD_PLATFORMS
from sandbox.rudderstack_orders import RudderStackOrders
from sandbox.segments import PATCHABLE, STATES
from sandbox.server import parse
from sandbox.standin import StandIn
from sandbox.store import SETTINGS, Store
from sandbox.web import Reply
from sandbox.workspace import OPTIONS
from tests.vendors import ROOT

TEXT = (ROOT / "docs" / "sandbox.md").read_text()
WORDS = set(re.findall(r"`([^`]+)`", TEXT))
ORDERS = {word for word in WORDS if re.match(r"(GET|POST|DELETE) /_sandbox/", word)}
FAULTS = TEXT.partition("## Faults")[2]


def is_named(name: str) -> bool:
    return any(re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", word) for word in WORDS)


def orders() -> set[str]:
    """Return the orders of both stand-ins as the document writes them."""
    nothing = Store(Path(":memory:"), SETTINGS + "CREATE TABLE faults (id);")
    both = StandIn(
        nothing,
        lambda _: Reply(200),
        lambda *_: Reply(200),
        lambda *_: None,
        [
            *CustomerIoOrders.routes(object.__new__(CustomerIoOrders)),
            *RudderStackOrders.routes(object.__new__(RudderStackOrders)),
        ],
    )
    written = set()
    for method, pattern, _ in both.orders:
        path = (
            pattern.pattern.replace(r"(\d+)", "ID").replace("sources/([^/]+)", "sources/KEY").replace("([^/]+)", "USER")
        )
        written.add(f"{method} {path}")
    return written


def test_every_order_is_documented_and_no_other() -> None:
    assert orders() == ORDERS


def test_every_fault_is_documented_and_no_other() -> None:
    rows = [row.split("|")[1] for row in FAULTS.splitlines() if row.startswith("| `")]

    assert {kind for row in rows for kind in re.findall(r"`([^`]+)`", row)} == KINDS


@pytest.mark.parametrize(
    "names",
    [OPTIONS, SHARES, PATCHABLE, STATES, TYPES, AD_PLATFORMS, ("plain", "twins", "seed", "advance", "add", "remove")],
)
def test_every_name_is_documented(names: tuple[str, ...]) -> None:
    assert [name for name in names if not is_named(name)] == []


def test_every_argument_of_the_command_is_documented(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--help"])

    arguments = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help"}
    assert sorted(argument for argument in arguments if argument not in WORDS) == []


@pytest.mark.parametrize("option", sorted(OPTIONS))
def test_the_defaults_of_options_are_the_documented_ones(option: str) -> None:
    [row] = [row for row in TEXT.splitlines() if row.startswith(f"| `{option}` |")]
    told = row.split("|")[2].strip()

    if option == "workspace":
        assert told == f'id {OPTIONS[option]["id"]}, "{OPTIONS[option]["name"]}"'
    else:
        assert told == f"{OPTIONS[option]:g}" if not isinstance(OPTIONS[option], bool) else str(OPTIONS[option]).lower()
