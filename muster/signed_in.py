"""Who asks: the session of a request and its person, as Django reads them, each with SQL that is built once."""

from django.contrib.auth.backends import ModelBackend
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from .kept_query import KeptQuery
from .models import Person

_session = KeptQuery(lambda key: Session.objects.filter(pk=key), str)
_person = KeptQuery(lambda pk: Person.objects.told_of_deputies().filter(pk=pk), int)


class SessionStore(db.SessionStore):
    """Sessions in the database."""

    def _get_session_from_db(self) -> Session | None:
        found = _session.first(self.session_key or "")
        if found and found.expire_date > timezone.now():
            return found
        self._session_key = None
        return None


class Accounts(ModelBackend):
    """People sign in with a password."""

    def get_user(self, user_id: int) -> Person | None:
        """Return the person of a session, unless they may no longer sign in."""
        found = _person.first(user_id)
        return found if found and self.user_can_authenticate(found) else None
