"""What the documents name is there, and what is there they name: settings, commands, links, and all that the stand-ins do."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import get_commands

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


# Settings

OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
OTHERS = {"FORWARDED_ALLOW_IPS"}  # gunicorn reads it
SETTING = re.compile(r"(?:MUSTER_[A-Z_]+|DATABASE_URL|REDIS_URL|XDG_RUNTIME_DIR)\Z")
ROWS = dict(re.findall(r"^\| `([A-Z_]+)` \| (.+?) \|", OPERATIONS, re.MULTILINE))
READERS = {"text", "flag", "number", "whole", "names", "url", "keys", "pepper", "mail_security"}


def product() -> Iterator[Path]:
    for app in ("muster", "audiences", "syncs", "reconciliation"):
        yield from (ROOT / app).rglob("*.py")


def named_settings() -> set[str]:
    """Return every text in the product that is the name of a setting and nothing else."""
    return {
        node.value
        for path in product()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SETTING.match(node.value)
    }


def defaults() -> dict[str, object]:
    """Return the defaults that muster/settings.py writes out, by name of the setting."""
    found: dict[str, object] = {}
    for node in ast.walk(ast.parse((ROOT / "muster" / "settings.py").read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in READERS:
            match node.args:
                case [ast.Constant(value=str(name)), ast.Constant(value=default)]:
                    found[name] = default
    return found


def test_every_setting_is_documented_and_no_other() -> None:
    assert ROWS.keys() - OTHERS == named_settings()
    assert len(ROWS) > 20


@pytest.mark.parametrize(("name", "default"), sorted(defaults().items()))
def test_the_documented_default_is_the_one_that_holds(name: str, default: object) -> None:
    assert ROWS[name].strip("`") == str(default)


def test_most_defaults_are_compared() -> None:
    assert len(defaults()) > 15


def test_no_document_names_a_setting_that_is_not_there() -> None:
    named = {(path.name, word) for path in DOCUMENTS for word in re.findall(r"\bMUSTER_[A-Z_]+", path.read_text())}
    known = named_settings()

    assert sorted((page, word) for page, word in named if word not in known) == []


# Commands, files and links

DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
NAMES = [path.relative_to(ROOT).as_posix() for path in DOCUMENTS]


@pytest.mark.parametrize("path", DOCUMENTS, ids=NAMES)
def test_commands_that_a_document_names_exist(path: Path) -> None:
    commands = set(re.findall(r"manage\.py ([a-z_]+)", path.read_text()))
    targets = set(re.findall(r"(?:`|^|then )make ([a-z][a-z-]*)", path.read_text(), re.MULTILINE))
    made = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert commands - set(get_commands()) == set()
    assert targets - made == set()


def test_every_command_of_ours_is_documented() -> None:
    ours = {name for name, app in get_commands().items() if app in {"muster", "audiences", "syncs", "reconciliation"}}
    told = " ".join(path.read_text() for path in DOCUMENTS)

    assert [name for name in sorted(ours - {"demo"}) if f"manage.py {name}" not in told] == []


def anchor(heading: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def anchors(path: Path) -> set[str]:
    return {anchor(heading) for heading in re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)}


def links(path: Path) -> Iterator[str]:
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text()):
        if not target.startswith(("https://", "http://", "mailto:")):
            yield target


@pytest.mark.parametrize("path", DOCUMENTS, ids=NAMES)
def test_links_lead_somewhere(path: Path) -> None:
    broken = []
    for link in links(path):
        file, _, place = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        there = target.exists() and target.is_relative_to(ROOT)
        if not there or (place and place not in anchors(target)):
            broken.append(link)

    assert broken == []


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "decisions"

    assert {path.name for path in folder.glob("*.md")} - {"README.md"} == set(links(folder / "README.md"))


@pytest.mark.parametrize("path", DOCUMENTS, ids=NAMES)
def test_files_that_a_document_names_exist(path: Path) -> None:
    named = set(re.findall(r"`((?:muster|audiences|syncs|sandbox|tests|docs|bench)/[\w/.-]*)`", path.read_text()))

    assert sorted(name for name in named if not (ROOT / name).exists()) == []


def test_the_version_is_the_newest_that_the_changes_tell_of() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    told = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)

    assert told[0] == version
