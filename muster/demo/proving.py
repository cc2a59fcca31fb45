"""Plays the pilots of the demo: each version is proved on the team, then the manager signs and puts it into use."""

import logging

from audiences import promoting
from audiences.models import Activation
from audiences.registering import Incomplete, NotPossible
from muster.models import Person
from syncs import evidence
from syncs.models import Run

from .playing import Player, begun
from .rounds import unproved
from .sign_ins import HELEN, email_of

RECEIVED, REMOVED = "Does the team arrive?", "And are they removed again?"

log = logging.getLogger(__name__)


def prove(player: Player) -> bool:
    """Let the team arrive and leave again at every list, then put the versions into use. Return whether it came in time."""
    versions = unproved()
    pilots = Activation.objects.filter(kind=Activation.Kind.PILOT, audience__in=[one.audience_id for one in versions])
    for why, kind in ((RECEIVED, Run.Kind.SYNC), (REMOVED, Run.Kind.CLEAR)):
        listed = pilots.select_related("audience__owner", "destination", "pipe").order_by("pk")
        runs = [begun(pilot, why, player, kind=kind) for pilot in listed]
        if not player.ended([run for run in runs if run]):
            return False
    helen = Person.objects.get(email=email_of(HELEN))
    for version in versions:
        try:
            promoting.promote(version, evidence.proof_of(version), by=helen, at=player.now())
        except (NotPossible, Incomplete) as refusal:
            log.warning("%s is not put into use: %s", version, refusal)
    return True
