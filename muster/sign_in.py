"""Signing in with a password: throttled, and the same in words and time whether or not the account exists."""

import hmac
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from django.contrib.auth import authenticate
from django.db import models, transaction
from django.http import HttpRequest

from . import audit
from .models import Installation, Person, SignInAttempt
from .vault import pepper

Tries = models.QuerySet[SignInAttempt]

WINDOW = timedelta(minutes=15)
TRIES = 5  # for one account from one address
TRIES_OF_ALL = 200  # by everybody from where the account has not signed in before
KEPT = timedelta(days=30)
IPV6_NETWORK = 64  # one household or office has this many bits to itself


class Locked(Exception):
    """No try is taken until `until`; `everywhere` when too many tries failed over all accounts together."""

    def __init__(self, until: datetime, *, everywhere: bool) -> None:
        super().__init__(f"locked until {until}")
        self.until, self.everywhere = until, everywhere


def sign_in(request: HttpRequest, email: str, password: str, *, at: datetime) -> Person | None:
    """Return the person whom email and password fit, else None. Raises Locked, and then no password is looked at.

    The try is counted before the password is looked at, so that parallel guesses do not get more than TRIES.
    """
    attempt = _take_a_try(_account(email), _address(request), at)
    person = authenticate(request, username=email.strip().lower(), password=password)
    if not isinstance(person, Person):
        _note_lock(email, attempt, at)
        return None
    SignInAttempt.objects.filter(pk=attempt.pk).update(worked=True)
    audit.record(verb="signed in", by=person, at=at)
    return person


def _take_a_try(account: str, address: str, at: datetime) -> SignInAttempt:
    with transaction.atomic():
        Installation.objects.select_for_update().filter(pk=1).first()  # one at a time, so that counting is exact
        SignInAttempt.objects.filter(at__lt=at - KEPT).delete()
        mine = SignInAttempt.objects.filter(account=account, address=address)
        _refuse_beyond(TRIES, _failures_since_it_worked(mine, at), everywhere=False)
        if not mine.filter(worked=True).exists():
            everybody = SignInAttempt.objects.filter(at__gt=at - WINDOW, worked=False)
            _refuse_beyond(TRIES_OF_ALL, everybody, everywhere=True)
        return SignInAttempt.objects.create(account=account, address=address, at=at)


def _failures_since_it_worked(mine: Tries, at: datetime) -> Tries:
    worked = mine.filter(worked=True).order_by("-at", "-pk").first()
    failures = mine.filter(at__gt=at - WINDOW, worked=False)
    return failures.filter(at__gte=worked.at, pk__gt=worked.pk) if worked else failures


def _refuse_beyond(tries: int, failures: Tries, *, everywhere: bool) -> None:
    decisive = failures.order_by("-at", "-pk").values_list("at", flat=True)[tries - 1 : tries]
    if found := list(decisive):
        raise Locked(found[0] + WINDOW, everywhere=everywhere)


def _note_lock(email: str, attempt: SignInAttempt, at: datetime) -> None:
    # Looked up for unknown accounts too: the answer takes as long.
    person = Person.objects.filter(email=email.strip().lower()).first()
    mine = SignInAttempt.objects.filter(account=attempt.account, address=attempt.address)
    if _failures_since_it_worked(mine, at).count() == TRIES:
        audit.record(verb="locked the sign-in for 15 minutes: five tries did not work", subject=person, at=at)


def _account(email: str) -> str:
    return _keyed("account", email.strip().lower())


def _address(request: HttpRequest) -> str:
    """Return the keyed hash of where the request comes from; of IPv6 the network, since a host has addresses without end."""
    text = request.META.get("REMOTE_ADDR", "")
    try:
        address = ip_address(text)
    except ValueError:
        return _keyed("address", text)
    network = ip_network((address, IPV6_NETWORK if address.version == 6 else 32), strict=False)
    return _keyed("address", str(network))


def _keyed(what: str, text: str) -> str:
    return hmac.digest(pepper("sign-in"), f"{what}\0{text}".encode(), "sha256").hex()[:32]
