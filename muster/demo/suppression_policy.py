"""What Northwind requires each ad account to leave out: written once the first lists are live, as its manager would."""

from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from audiences.cohorts import BUYERS, REFUNDED, SUPPORT, UNSUBSCRIBED
from audiences.models import Destination, RequiredSuppression
from audiences.requiring import require_suggested, suggested
from muster.models import Person

from .northwind import DESTINATIONS, GOOGLE, META
from .sign_ins import HELEN, email_of

# Google does not advertise to customers with refunds yet; nobody has registered who is sensitive, nor who unsubscribed.
REQUIRED: Final = {META: (BUYERS, REFUNDED, UNSUBSCRIBED, SUPPORT), GOOGLE: (BUYERS, UNSUBSCRIBED, REFUNDED)}
BEFORE_SPENDING: Final = {(GOOGLE, REFUNDED): timedelta(days=10)}


def write(at: datetime) -> None:
    """Put on the policy what is suggested and Northwind wants. What is there already stays."""
    by = Person.objects.get(email=email_of(HELEN))
    for plan in DESTINATIONS:
        place = Destination.objects.filter(name=plan.name).first()
        if place is None or plan.key not in REQUIRED:
            continue
        offered = {one.key for one in suggested(place)}
        wanted = [key for key in REQUIRED[plan.key] if key in offered]
        for line in require_suggested(place, wanted, by=by, at=at):
            _spends_later(line, plan.key)


def _spends_later(line: RequiredSuppression, key: str) -> None:
    if (key, line.cohort) in BEFORE_SPENDING:
        line.first_spend = timezone.localdate(timezone.now() + BEFORE_SPENDING[key, line.cohort])
        line.save(update_fields=["first_spend"])
