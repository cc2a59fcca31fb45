"""Where Customer.io's webhooks arrive: no page, no session, no form; the signature says who may."""

import logging
from typing import Final

from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from muster.access import public
from muster.vault import VaultError
from syncs.receiving import Outcome, receive

ANSWERS: Final = {
    Outcome.STORED: (200, "Stored.\n"),
    Outcome.AGAIN: (200, "Known.\n"),
    Outcome.UNSIGNED: (401, "Not signed with a key that is valid here. Nothing was stored.\n"),
    Outcome.STALE: (401, "Signed too long ago, or by a clock that is ahead. Nothing was stored.\n"),
    Outcome.TOO_LONG: (413, "Too long: nothing was stored.\n"),
}
RETRY_SECONDS: Final = "5"

log = logging.getLogger(__name__)


@public
@csrf_exempt
@require_POST
def customerio(request: HttpRequest, workspace: int) -> HttpResponse:
    """Take one event: 200 once it is stored, 401 for what is not signed, 503 when it could not be stored."""
    try:
        outcome = receive(
            workspace,
            timestamp=request.headers.get("X-CIO-Timestamp", ""),
            signature=request.headers.get("X-CIO-Signature", ""),
            stream=request,
            at=timezone.now(),
        )
    except UnreadablePostError:
        return answer(400, "The body did not arrive. Nothing was stored.\n")
    except (DatabaseError, InterfaceError, VaultError) as error:
        log.warning("a webhook of workspace %d was not stored: %s", workspace, type(error).__name__)
        busy = answer(503, "Not stored: send it again.\n")
        busy.headers["Retry-After"] = RETRY_SECONDS
        return busy
    return answer(*ANSWERS[outcome])


def answer(status: int, words: str) -> HttpResponse:
    return HttpResponse(words, status=status, content_type="text/plain")
