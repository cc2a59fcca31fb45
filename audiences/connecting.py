"""Tests connections and says which cause it is, without sending anything anywhere."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from datetime import datetime

from django.db import transaction

from muster import audit
from muster.figures import number
from muster.http import AddressRefused, BadCredentials, RateLimited, VendorError
from muster.models import Person
from muster.redaction import excerpt

from . import activating, credentials, data_out, pipe_probe
from .customerio import CustomerIo, KeyUnknown, NoKey
from .models import Lifecycle, Pipe, Workspace
from .models.workspace import CheckState
from .pipe_probe import Finding

PATIENCE = 5.0
AT_ONCE = 8
NO_WRITE_KEY = Finding(CheckState.UNKNOWN, "No write key is entered yet. Paste the one of the RudderStack source.")


class WrongKey(Exception):
    """The vendor does not know the new key, so the one before was kept; the text says what to do."""


def replace_key(subject: Workspace | Pipe, secret: str, *, by: Person, at: datetime) -> Finding:
    """Test a new key and keep it unless the vendor does not know it. Raises WrongKey, credentials.KeyTaken.

    A key that works lets the lists be sent again that were stopped behind the old one.
    """
    trial = copy(subject)
    if isinstance(trial, Pipe):
        trial.write_key = secret
        finding = ask_pipe(trial)
    else:
        trial.api_key = secret
        finding, _ = ask_workspace(trial)
    if finding.wrong_key:
        raise WrongKey(f"Not saved. {finding.words}")
    with transaction.atomic():
        credentials.keep(subject, changed=["key"], secret=secret, by=by, at=at)
        _keep(subject, finding, by=by, at=at)
        if isinstance(subject, Pipe) and finding.state == CheckState.WORKING:
            retired = subject.activations.filter(lifecycle=Lifecycle.RETIRED)
            retired.update(stopped_words="")  # nobody is sent there now; should it go live again, this cause is over
            for stopped in subject.activations.exclude(stopped_words=""):
                activating.try_again(stopped, by=by, reason="The write key was replaced and works.", at=at)
    return finding


def try_workspace(workspace: Workspace, *, by: Person, at: datetime) -> Finding:
    """Ask Customer.io with the workspace's key, read its own Data Out, keep the finding, and return it."""
    finding, people = ask_workspace(workspace)
    if people is not None:
        workspace.people = people
        finding = Finding(finding.state, f"{finding.words} {_data_out_told(workspace, at)}".strip())
    _keep(workspace, finding, by=by, at=at, fields=["people"])
    return finding


def _data_out_told(workspace: Workspace, at: datetime) -> str:
    """Read Customer.io's own Data Out too, and return what to say when it cannot be read."""
    try:
        data_out.read(workspace, at=at)
    except VendorError as error:
        return f"Its own Data Out could not be read: {error.words.happened}"
    return ""


def ask_workspace(workspace: Workspace) -> tuple[Finding, int | None]:
    """Return how Customer.io answers the workspace's key, and how many people it says it has. Keeps nothing."""
    try:
        people = CustomerIo(workspace, patience=PATIENCE).people()
    except NoKey:
        return Finding(CheckState.UNKNOWN, "No App API key is entered yet."), None
    except KeyUnknown:
        return Finding(CheckState.REFUSED, wrong_key_or_region(workspace), wrong_key=True), None
    except (BadCredentials, AddressRefused) as error:
        return Finding(CheckState.REFUSED, told(error)), None
    except RateLimited:
        words = "Customer.io asks to send less at the moment (429), so the key was not judged. Test again in a minute."
        return Finding(CheckState.UNREADABLE, words), None
    except VendorError as error:
        return Finding(CheckState.UNREADABLE, told(error)), None
    return Finding(CheckState.WORKING, f"Customer.io answers; about {number(people)} people in the workspace."), people


def wrong_key_or_region(workspace: Workspace) -> str:
    """Return the two causes of a 401, which Customer.io does not tell apart."""
    here, other = workspace.get_region_display(), "European Union" if workspace.region == "us" else "United States"
    return (
        f"Customer.io does not know this key in the region {here} (401). Either the key is wrong or was revoked, or the "
        f"workspace is in the other region, {other}: the answer is the same for both. Look up the region in Customer.io's "
        "account settings first; if it is right, make a new App API key and paste it."
    )


def told(error: VendorError) -> str:
    """Return a vendor's refusal as what happened and what to do, without what nobody can act on."""
    return excerpt(f"{error.words.happened} {error.detail} {error.words.next_step}", limit=480)


def try_pipe(pipe: Pipe, *, by: Person, at: datetime) -> Finding:
    """Ask RudderStack whether it takes the pipe's write key, keep the finding, and return it."""
    finding = ask_pipe(pipe)
    _keep(pipe, finding, by=by, at=at)
    return finding


def try_pipes(pipes: Sequence[Pipe], *, by: Person, at: datetime) -> list[Finding]:
    """The same for several, some at a time."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        findings = list(threads.map(ask_pipe, pipes))
    for pipe, finding in zip(pipes, findings, strict=True):
        _keep(pipe, finding, by=by, at=at)
    return findings


def ask_pipe(pipe: Pipe) -> Finding:
    """Return how RudderStack answers the pipe's key. Keeps nothing."""
    return pipe_probe.probe(pipe.data_plane_url, pipe.write_key) if pipe.write_key else NO_WRITE_KEY


def _keep(subject: Workspace | Pipe, finding: Finding, *, by: Person, at: datetime, fields: Sequence[str] = ()) -> None:
    with transaction.atomic():
        subject.check_state, subject.check_words, subject.checked_at = finding.state, finding.words[:500], at
        subject.save(update_fields=["check_state", "check_words", "checked_at", *fields])
        audit.record(verb="tested", subject=subject, by=by, detail={"found": finding.state.label}, at=at)
