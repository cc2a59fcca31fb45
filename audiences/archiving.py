"""Takes things out of use without deleting them, and says what depends on them first."""

from datetime import datetime

from django.db import transaction

from muster import audit
from muster.figures import number
from muster.models import Person

from .models import Activation, Audience, Definition, Destination, Lifecycle, Pipe, Trait, Workspace
from .terms import joined

Archivable = Audience | Destination | Pipe | Trait | Workspace


def depends_on(subject: Archivable) -> list[str]:
    """Return a sentence for each thing that stops or stays behind when the subject is archived."""
    match subject:
        case Audience():
            return [_left_behind(one) for one in _lists(audience=subject)]
        case Destination():
            return [
                f"{one.audience} is no longer sent there. {_left_behind(one)}" for one in _lists(destination=subject)
            ]
        case Pipe():
            return [f"{one} has no way to its destination until it gets another pipe." for one in _lists(pipe=subject)]
        case Workspace():
            names = list(subject.segments.filter(audiences__archived_at=None).values_list("audiences__name", flat=True))
            named = sorted({name for name in names if name})
            return [f"{joined(named)} can no longer be read or sent."] if named else []
    named = [one.name for one in named_by(subject)]
    if not named:
        return []
    return [f"{joined(named)} names it: from the next run on it is sent no more, and the next version cannot name it."]


def _lists(**where: Archivable) -> list[Activation]:
    made = Activation.objects.filter(**where).exclude(lifecycle__in=(Lifecycle.RETIRED, Lifecycle.DRAFT))
    return list(made.select_related("audience", "destination").order_by("audience__name", "destination__name"))


def _left_behind(one: Activation) -> str:
    where = one.destination.name
    if not one.members:
        return f"{where}: Muster put nobody on this list, so nobody stays behind."
    return (
        f"{where}: {number(one.members)} people stay on this list; Muster no longer adds or removes anybody. "
        "Delete the list there if nobody should be reached by it."
    )


def named_by(trait: Trait) -> list[Audience]:
    """Return the audiences in use whose current version or draft names the trait. One query."""
    versions = Definition.objects.filter(audience__archived_at=None, state__in=["draft", "current"])
    rows = (
        versions.exclude(traits=[])
        .select_related("audience")
        .only("traits", "audience__name")
        .order_by("audience__name")
    )
    naming = {one.audience_id: one.audience for one in rows if trait.name in {chosen["name"] for chosen in one.traits}}
    return list(naming.values())


def archive(subject: Archivable, *, by: Person, at: datetime, reason: str = "") -> bool:
    """Take the subject out of use and return whether it was in use until now. An audience's lists are retired with it."""
    with transaction.atomic():
        field = "retired_at" if isinstance(subject, Trait) else "archived_at"
        consequences = depends_on(subject)
        if not type(subject)._default_manager.filter(pk=subject.pk, **{field: None}).update(**{field: at}):
            return False
        setattr(subject, field, at)
        if isinstance(subject, Audience):
            subject.activations.update(lifecycle=Lifecycle.RETIRED)
        _note("retired" if isinstance(subject, Trait | Audience) else "archived", subject, by, at, reason, consequences)
    return True


def restore(subject: Archivable, *, by: Person, at: datetime) -> bool:
    """Put an archived connection or trait back into use and return whether it was out of use. Audiences stay archived."""
    if isinstance(subject, Audience):
        raise TypeError("an archived audience keeps its history; register it anew instead")
    with transaction.atomic():
        field = "retired_at" if isinstance(subject, Trait) else "archived_at"
        known = type(subject)._default_manager.filter(pk=subject.pk)
        if not known.exclude(**{field: None}).update(**{field: None}):
            return False
        setattr(subject, field, None)
        _note("restored", subject, by, at, "", [])
    return True


def _note(verb: str, subject: Archivable, by: Person, at: datetime, reason: str, consequences: list[str]) -> None:
    audit.record(
        verb=verb,
        subject=subject,
        by=by,
        reason=reason,
        detail={"consequences": consequences} if consequences else None,
        audience_id=subject.pk if isinstance(subject, Audience) else None,
        at=at,
    )
