"""Renews the access to Google by google-auth, whose request goes through the door as every other one does."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from google.auth import exceptions, transport
from google.oauth2.credentials import Credentials

from muster.http import BadCredentials, Door, Refusal, Unreadable, VendorError

from .answers import answered
from .google_refusals import SENDING_GOES_ON, VENDOR, grant_error

PATH: Final = "/token"


class NoGrant(BadCredentials):
    happened = "No access to {vendor} has been entered."
    effect = SENDING_GOES_ON
    next_step = "Ask an administrator to enter customer id, OAuth client and refresh token in Connections."


@dataclass(frozen=True)
class Told:
    """An answer as google-auth wants it."""

    status: int
    headers: Mapping[str, str]
    data: bytes


class ThroughTheDoor(transport.Request):
    """Carries google-auth's requests. What the door raises passes google-auth untouched, so it retries nothing itself."""

    def __init__(self, door: Door) -> None:
        self.door = door

    def __call__(
        self,
        url: str,
        method: str = "POST",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        **_more: Any,
    ) -> Told:
        path = urlsplit(url).path.removeprefix(urlsplit(self.door.base_url).path)
        answer = self.door.post(path, data=body, headers=headers)
        answered(answer.json(), VENDOR)  # google-auth trips over an answer that is no object
        return Told(answer.status, answer.headers, answer.body)


class Access:
    """One grant. Its access token is kept until it is refused or expires. Raises VendorError."""

    def __init__(self, client_id: str, client_secret: str, refresh_token: str) -> None:
        if not (client_id and client_secret and refresh_token):
            raise NoGrant(VENDOR)
        self.secrets = [client_secret, refresh_token]
        host = settings.PLATFORM_HOSTS["google_token"]
        self._door = Door(host, vendor=VENDOR, secrets=self.secrets, judge=self._judged)
        self._grant = Credentials(  # type: ignore[no-untyped-call]  # google-auth is typed in part
            None,
            refresh_token=refresh_token,
            token_uri=f"{host.rstrip('/')}{PATH}",
            client_id=client_id,
            client_secret=client_secret,
        )

    def _judged(self, refusal: Refusal) -> VendorError | None:
        return grant_error(refusal.status, refusal.body, self.secrets)

    def token(self, *, renewed: bool = False) -> str:
        """Return an access token that has not expired; with `renewed` a new one. Raises VendorError."""
        if renewed or not self._grant.valid:
            try:
                self._grant.refresh(ThroughTheDoor(self._door))  # type: ignore[no-untyped-call]
            except exceptions.GoogleAuthError:
                raise Unreadable(VENDOR, "Google's answer to renewing the access holds no token.") from None
        return str(self._grant.token)
