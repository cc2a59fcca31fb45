"""Sets the demo up: people, connections, traits and audiences, each made as a person would make it. Can run again."""

import secrets
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from audiences import (
    approving,
    connecting,
    core_cohorts,
    credentials,
    data_out,
    registering,
    roster,
    segments,
    trait_registry,
)
from audiences.beginning import begin
from audiences.models import Audience, Definition, Destination, Pipe, Segment, Trait, Workspace
from audiences.platforms import PLATFORMS
from audiences.use_cases import CASES, USE_CASES
from muster import audit
from muster.models import Installation, Person

from . import feeds, reading_back
from .audience_plans import AUDIENCES, AudiencePlan
from .northwind import COHORTS, COMPANY, DESTINATIONS, TEAM, TRAITS, DestinationPlan
from .orders import StandIns
from .platform_orders import Platforms, config_of
from .presence import marker, pipe_name, pipe_names
from .sign_ins import CAST, DOMAIN, HELEN, YUSUF, Cast, password

DATA_OUT_KEY = "customerio-data-out"
ASKING = "As we discussed on Monday"


class NotADemo(Exception):
    """This installation is not the demo, so nothing is made up in it."""


def check_is_demo() -> None:
    """Raise NotADemo unless this is the demo, with the stand-ins in the vendors' places."""
    if not settings.DEMO or not settings.SANDBOX_RUDDER:
        raise NotADemo(
            "MUSTER_DEMO is off, or the stand-ins do not run. Nothing was made up; `manage.py up` starts the demo."
        )


def seed(*, at: datetime) -> None:
    """Make what is missing. Raises NotADemo, and VendorError when a stand-in does not answer."""
    check_is_demo()
    Seeding(StandIns(), at).all()


class Seeding:
    """One go at it."""

    def __init__(self, stand_ins: StandIns, at: datetime) -> None:
        self.stand_ins, self.at = stand_ins, at
        self.people: dict[str, Person] = {}

    def all(self) -> None:
        """Make everything, in the order in which a company would."""
        self.cast()
        workspace = self.workspace()
        places = {plan.key: self.destination(plan) for plan in DESTINATIONS}
        for plan in TRAITS:
            self.trait(Trait(name=plan.name, type=plan.type, description=plan.description, sensitive=plan.sensitive))
        known = segments.refresh(workspace, at=self.at)
        for segment in known.values():
            segments.measure(segment, at=self.at)
        self.roster()
        named = set(workspace.core_cohorts.values_list("key", flat=True))
        for key, number in COHORTS.items():
            if key in named:
                continue
            core_cohorts.choose(workspace, key, known[number], by=self.people[HELEN], at=self.at)
        for audience_plan in AUDIENCES:
            pipes = {key: self.pipe(audience_plan, key, places[key]) for key in audience_plan.lists}
            self.audience(audience_plan, known[audience_plan.segment], places, pipes)
        coupons_key = feeds.register(self.people, places, self.stand_ins, self.at)
        self.stand_ins.make_data_out(DATA_OUT_KEY, coupons_key)
        connecting.try_workspace(workspace, by=self.people[YUSUF], at=self.at)
        connecting.try_pipes(list(Pipe.objects.filter(name__in=pipe_names())), by=self.people[YUSUF], at=self.at)
        data_out.read(workspace, at=self.at)
        reading_back.give_access(self.at)
        marker().touch()

    def cast(self) -> None:
        """Let the people in, with the demo's password."""
        Installation.current()
        Installation.objects.filter(pk=1).update(name=COMPANY, time_zone="America/New_York")
        for one in CAST:
            self.people[one.full_name] = self.person(one)

    def person(self, one: Cast) -> Person:
        known: Person | None = Person.objects.filter(email=one.email).first()
        deputy = self.people.get(one.deputy)
        if known is None:
            with transaction.atomic():
                known = Person.objects.create_user(
                    one.email,
                    password(),
                    full_name=one.full_name,
                    role=one.role,
                    time_zone=one.time_zone,
                    deputy=deputy,
                )
                detail = {"role": one.role.label}
                audit.record(verb="let in for the demo", subject=known, detail=detail, at=self.at)
        elif not known.check_password(password()):
            known.set_password(password())
            known.save(update_fields=["password"])
        return known

    def workspace(self) -> Workspace:
        """Connect Customer.io. People and segments are made there once."""
        made = Workspace.objects.filter(name=COMPANY).first()
        if made is None:
            made = Workspace(name=COMPANY, region="us", do_not_share="do_not_share")
            self.connect(made, secrets.token_hex(20))
        if not marker().exists():
            self.stand_ins.make_workspace(made.api_key)
            Platforms().make()
        return made

    def destination(self, plan: DestinationPlan) -> Destination:
        made = Destination.objects.filter(name=plan.name).first()
        if made is None:
            payload = PLATFORMS[plan.platform].payloads[0]
            made = Destination(name=plan.name, platform=plan.platform, account=plan.account, payload=payload)
            made.lag_minutes = plan.lag_minutes
            self.connect(made)
        return made

    def pipe(self, plan: AudiencePlan, key: str, place: Destination) -> Pipe:
        """Make a source at RudderStack's stand-in and connect it, or follow the stand-in to another port."""
        name = pipe_name(plan, key)
        made = Pipe.objects.filter(name=name).first() or Pipe(name=name)
        write_key = made.write_key or secrets.token_hex(14)
        config = config_of(plan.name, key, plan.lists[key])
        self.stand_ins.make_source(name, write_key, place.spec.rudderstack_type, config)
        if made.data_plane_url != self.stand_ins.rudder_url:
            made.data_plane_url = self.stand_ins.rudder_url
            self.connect(made, write_key)
        return made

    def connect(self, subject: Workspace | Destination | Pipe, secret: str = "") -> None:
        credentials.keep(subject, changed=["data_plane_url"], by=self.people[YUSUF], at=self.at, secret=secret)

    def trait(self, wanted: Trait) -> None:
        if not Trait.objects.filter(name=wanted.name).exists():
            trait_registry.keep(wanted, changed=["name"], by=self.people[YUSUF], at=self.at)

    def audience(
        self, plan: AudiencePlan, segment: Segment, places: dict[str, Destination], pipes: dict[str, Pipe]
    ) -> None:
        """Register an audience, fill its definition in, and have it approved; its pilot comes with the history."""
        owner = self.people[plan.owner]
        made = Audience.objects.filter(name=plan.name).first()
        if made is None:
            made = self.begun(plan, segment, owner)
        draft = made.definitions.filter(state=Definition.State.DRAFT).first()
        if draft is None or draft.revision > 1:
            return
        draft.audience.drift_checker = self.people[plan.checker]
        for field, value in self.clauses(plan, places, pipes).items():
            setattr(draft, field, value)
        registering.save_draft(draft, revision=draft.revision, by=owner, at=self.at)
        if plan.locked:
            helen = self.people[HELEN]
            asked = approving.ask(draft, of=helen, by=owner, at=self.at, words=ASKING)
            approving.approve(asked, by=helen, at=self.at)

    def begun(self, plan: AudiencePlan, segment: Segment, owner: Person) -> Audience:
        """Register an audience, by its use case where it has one."""
        if not plan.case:
            return registering.register(
                segment=segment, name=plan.name, purpose=plan.purpose, owner=owner, by=owner, at=self.at
            )
        use_case = next(one for one in USE_CASES.values() if CASES[plan.case] in one.cases)
        chosen = {plan.case: (segment, plan.name)}
        return begin(use_case, chosen, owner=owner, threshold=plan.threshold, by=owner, at=self.at)[0]

    def roster(self) -> None:
        """Put the team on the roster, so that pilots reach somebody."""
        yusuf = self.people[YUSUF]
        roster.allow_domain(DOMAIN, by=yusuf, at=self.at)
        for plan in TEAM:
            addresses = [f"{name}@{DOMAIN}" for name in plan.names]
            roster.add(addresses, team=plan.team, by=yusuf, at=self.at)

    @staticmethod
    def clauses(plan: AudiencePlan, places: dict[str, Destination], pipes: dict[str, Pipe]) -> dict[str, Any]:
        """Return the definition's fields, with rows for the plan's names."""
        routes = {
            str(places[key].pk): {"pipe": pipes[key].pk, "list_name": list_name}
            for key, list_name in plan.lists.items()
        }
        excludes = [{"segment": number, "reason": why} for number, why in plan.excludes.items()]
        return {
            **plan.clauses,
            "destinations": [places[key].pk for key in plan.lists],
            "routes": routes,
            **({"exclusions": excludes} if excludes else {}),
        }
