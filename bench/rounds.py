"""Measures round after round. Everything that is compared is measured in the same round, one after the other."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bench import machine
from bench.people import CHURNED, EXCLUSION, SEGMENT, Crowd
from bench.process import clean_environment, redis, sink, task
from bench.sizes import Sizes, people
from bench.targets import over_median, ratios

SLOW_SECONDS: Final = 0.05
FLAGS: Final = ["ad_consent", "unsubscribed"]
MEGABYTE: Final = 1_000_000
Say = Callable[[str], None]
Figures = dict[str, list[float]]


class Wrong(Exception):
    """What arrived is not what had to arrive, so no figure of this bench counts; the text says what differs."""


@dataclass
class Sink:
    """A running sink: where it listens, and where it keeps bodies."""

    port: int
    folder: Path

    def check(self, what: str, key: str, added: Iterable[range], removed: Iterable[range] = ()) -> dict[str, Any]:
        """Compare what came under a write key with who had to come. Raises Wrong."""
        spans = {
            name: [[one.start, one.stop] for one in some] for name, some in (("added", added), ("removed", removed))
        }
        found = task("received:check", None, path=str(self.folder / key), **spans)
        if found["faults"]:
            raise Wrong(f"{what}: {' '.join(found['faults'])}")
        return found


@dataclass
class Place:
    """A home with staged people of one size."""

    crowd: Crowd
    folder: Path
    environment: dict[str, str]
    lists: int = 0
    pulls: list[dict[str, Any]] = field(default_factory=list)

    @property
    def csv(self) -> str:
        return str(self.folder / "csv")

    def task(self, name: str, **arguments: Any) -> dict[str, Any]:
        """Run a task in this home."""
        return task(name, self.environment, **arguments)

    def prepare(self) -> None:
        """Write the exports, make the schema and rows, stage the segment and the exclusion."""
        task("people:write", size=self.crowd.size, folder=self.csv)
        self.task("home:prepare")
        self.stage(EXCLUSION, number=2, flags=[])
        self.pulls.append(self.stage(SEGMENT, number=1, flags=FLAGS))

    def stage(self, groups: tuple[str, ...], *, number: int, flags: list[str], **options: Any) -> dict[str, Any]:
        """Stage groups as the people of a segment."""
        rows = sum(len(self.crowd.parts[name]) for name in groups)
        arguments = {"folder": self.csv, "groups": groups, "people": rows, "segment": number, "flags": flags}
        return self.task("staging:stage", **arguments, **options)

    def new_list(self, where: Sink) -> tuple[str, int]:
        """Make an empty list and return its write key and number."""
        self.lists += 1
        key = f"list-{self.crowd.size}-{self.lists}"
        return key, int(self.task("home:new_list", key=key, port=where.port)["activation"])

    def some(self, *names: str) -> list[range]:
        return [self.crowd.parts[name] for name in names]

    def first(self, where: Sink) -> tuple[dict[str, Any], dict[str, Any], str, int]:
        """Sync a new list for the first time; return what the run and the sink say, its write key and number. Raises Wrong."""
        key, activation = self.new_list(where)
        run = self.task("sync:sync", activation=activation)
        came = where.check("A first sync", key, self.some("leaving", "staying"))
        return run, came, key, activation


class Bench:
    """Everything that is measured, by name; `notes` are figures without a target."""

    def __init__(self, sizes: Sizes, folder: Path, say: Say) -> None:
        self.sizes, self.folder, self.say = sizes, folder, say
        self.found: Figures = defaultdict(list)
        self.notes: Figures = defaultdict(list)
        self.began = time.monotonic()
        self.load = machine.load()
        self.reference_version = ""

    def run(self, after: Callable[[], None]) -> None:
        """Measure all of it, and call `after` behind each step. Raises Wrong and TaskFailed."""
        with ExitStack() as stack:
            self.redis_url = stack.enter_context(redis(self.folder / "redis"))
            self.fast, self.slow = (
                Sink(stack.enter_context(sink(self.folder / name, delay)), self.folder / name)
                for name, delay in (("fast", 0.0), ("slow", SLOW_SECONDS))
            )
            for step in (
                self.sinks,
                self.pulls,
                self.small,
                self.jobs,
                self.large,
                self.churn,
                self.anti_join,
                self.page,
            ):
                step()
                after()

    def tell(self, what: str) -> None:
        """Say how far it is."""
        self.say(f"{time.monotonic() - self.began:6.0f} s  {what}")

    def place(self, name: str, size: int) -> Place:
        """Return a prepared home."""
        self.tell(f"{people(size)} people are made up and staged")
        hosts = ",".join(f"127.0.0.1:{one.port}" for one in (self.fast, self.slow))
        environment = clean_environment(self.folder / name / "home", hosts, self.redis_url)
        made = Place(Crowd(size), self.folder / name, environment)
        made.prepare()
        return made

    def sinks(self) -> None:
        """How fast the sink takes ready-made bodies: far faster than anybody here sends."""
        found = task("limit:run", port=self.fast.port, key="again", people=2_000_000, again=True)
        self.notes["sink"].append(found["people"] / found["seconds"])
        (self.fast.folder / "again").unlink()

    def pulls(self) -> None:
        """P13."""
        self.near = self.place("small", self.sizes.small)
        for _ in range(self.sizes.small_rounds):
            found = self.near.stage(SEGMENT, number=1, flags=[], one_core=True, keep=False)
            self.found["P13"].append(found["people"] / found["seconds"] / 1000)
            found = self.near.stage(SEGMENT, number=1, flags=[], one_core=True, keep=False, every_form=True)
            self.notes["every form"].append(found["people"] / found["seconds"])

    def small(self) -> None:
        """P1, P2, P3 and P11."""
        rates: Figures = defaultdict(list)
        for number in range(self.sizes.small_rounds):
            self.tell(
                f"round {number + 1} of {self.sizes.small_rounds}: {people(self.sizes.small)} beside the reference"
            )
            rates["reference"].append(self.reference(self.fast, self.sizes.reference))
            run, came, _, _ = self.near.first(self.fast)
            rates["first"].append(self.sizes.small / run["seconds"])
            rates["limit"].append(self.limit())
            rates["slow reference"].append(self.reference(self.slow, self.sizes.slow_reference))
            slowed, _, _, _ = self.near.first(self.slow)
            rates["slow first"].append(self.sizes.small / slowed["seconds"])
            self.notes["small seconds"].append(run["seconds"])
            self.notes["small peak"].append(run["peak"] / MEGABYTE)
            self.notes["small requests"].append(came["requests"])
            self.notes["bytes an event"].append(came["bytes"] / came["events"])
            self.found["P11"].append(run["ledger_bytes"] / run["members"])
        self.found["P1"] = ratios(rates["first"], rates["reference"])
        self.found["P2"] = ratios(rates["slow first"], rates["slow reference"])
        self.found["P3"] = ratios(rates["first"], rates["limit"])
        self.notes |= rates

    def reference(self, where: Sink, events: int) -> float:
        """Return how many events a second the reference sends. Raises Wrong."""
        found = task("reference:run", port=where.port, key="reference", people=events)
        self.reference_version = found["version"]
        where.check("The reference", "reference", [range(events)])
        return events / float(found["seconds"])

    def limit(self) -> float:
        """Return how many people a second the bare minimum sends. Raises Wrong."""
        found = task("limit:run", port=self.fast.port, key="limit", people=self.sizes.small)
        self.fast.check("The physical limit", "limit", [range(self.sizes.small)])
        return self.sizes.small / float(found["seconds"])

    def jobs(self) -> None:
        """P10."""
        self.tell("through a worker")
        made = [self.near.new_list(self.fast) for _ in range(self.sizes.job_rounds)]
        found = self.near.task("jobs:through_worker", activations=[number for _, number in made])
        for one in found["rounds"]:
            self.notes["job milliseconds"].append((one["seconds"] - one["working_seconds"]) * 1000)
            self.found["P10"].append(100 * (1 - one["working_seconds"] / one["seconds"]))
        for key, _ in made:
            self.fast.check("A sync through a worker", key, self.near.some("leaving", "staying"))

    def large(self) -> None:
        """P4 and P5."""
        self.far = far = self.place("large", self.sizes.large)
        self.firsts: list[tuple[dict[str, Any], dict[str, Any], str, int]] = []
        firsts = self.firsts
        for number in range(self.sizes.large_rounds):
            self.tell(f"first sync {number + 1} of {self.sizes.large_rounds} of {people(self.sizes.large)}")
            firsts.append(far.first(self.fast))
            self.notes["large seconds"].append(firsts[-1][0]["seconds"])
            self.found["P5 b"].append(firsts[-1][0]["peak"] / MEGABYTE)
        self.found["P4"] = over_median(self.notes["large seconds"], self.notes["small seconds"])
        self.found["P5"] = over_median(self.found["P5 b"], self.notes["small peak"])

    def churn(self) -> None:
        """P6 to P8, and our part of P9."""
        self.tell("1 % churns")
        far = self.far
        far.pulls.append(far.stage(CHURNED, number=1, flags=FLAGS))
        for run, came, key, activation in self.firsts:
            self.resync(far, key, activation, run["seconds"], came["bytes"])
            self.unchanged(far, key, activation, run["seconds"])
        self.notes["pull peak"] = [one["peak"] / MEGABYTE for one in far.pulls]
        self.notes["pull rate"] = [one["people"] / one["seconds"] for one in far.pulls]
        self.notes["staged bytes"] = [one["bytes"] / one["people"] for one in far.pulls]

    def resync(self, far: Place, key: str, activation: int, seconds: float, size: int) -> None:
        """P6, P7 and our part of P9: after 1 % churn."""
        run = far.task("sync:sync", activation=activation)
        came = self.fast.check("A resync", key, far.some("entering"), far.some("leaving"))
        self.found["P6"].append(run["seconds"] / seconds)
        self.found["P7"].append(came["bytes"] / size)
        self.notes["resync seconds"].append(run["seconds"])
        self.notes["resync requests"].append(came["requests"])
        self.notes["compare and apply"].append(run["comparing_seconds"] + run["applying_seconds"])

    def unchanged(self, far: Place, key: str, activation: int, seconds: float) -> None:
        """P8."""
        run = far.task("sync:sync", activation=activation)
        came = self.fast.check("A resync without a change", key, [])
        self.found["P8"].append(came["requests"])
        self.found["P8 b"].append(run["shard_writes"])
        self.found["P8 c"].append(run["seconds"] / seconds)
        self.notes["unchanged seconds"].append(run["seconds"])

    def anti_join(self) -> None:
        """P9."""
        self.tell("the anti-join in SQL")
        found = task("antijoin:run", path=str(self.folder / "antijoin.sqlite3"), size=self.sizes.large)
        self.notes["anti-join seconds"].append(found["seconds"])
        self.found["P9"] = [found["seconds"] / ours for ours in self.notes["compare and apply"]]

    def page(self) -> None:
        """P12."""
        self.tell("the list of audiences")
        environment = clean_environment(self.folder / "pages", "", self.redis_url)
        task("home:prepare", environment)
        wanted = {"audiences": self.sizes.audiences, "runs": self.sizes.runs, "times": self.sizes.looks}
        found = task("pages:look", environment, **wanted)
        self.found["P12"].append(found["queries"])
        self.found["P12 b"].append(found["milliseconds"])
