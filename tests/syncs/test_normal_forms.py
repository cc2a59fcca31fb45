"""Which normal forms a reading holds: what some destination takes, so that lists of several platforms share it."""

from typing import Any

import pytest
from django.utils import timezone

from audiences.models import Activation, Lifecycle, Segment
from muster.columns import Columns
from syncs import pull, staging
from syncs.models import Pull
from syncs.normal_forms import forms_in_use
from syncs.people import DIGESTS
from tests import factories
from tests.vendors import Vendors

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engine]

BOTH: dict[str, Any] = {"email": True, "phone": True, "country": "US", "flags": [], "traits": []}
ABOUT_NOW: dict[str, Any] = {"began_after": None, "fingerprint": None}


def somebody(vendors: Vendors) -> Segment:
    number = vendors.segment(members=vendors.upsert({"id": "one", "email": "one@shop.example"}))
    return factories.segment_row(number=number)


def asked(segment: Segment, forms: set[str]) -> Pull:
    return pull.find_or_create(segment, {**BOTH, "forms": sorted(forms)}, at=timezone.now(), **ABOUT_NOW)


def read(segment: Segment, forms: set[str]) -> Pull:
    return pull.advance(asked(segment, forms).pk, holder="test", stop=lambda: False)


def everybody(found: Pull) -> Columns:
    return staging.Staged(found).columns(0, 1)


FORMS_OF_META, FORMS_OF_GOOGLE = {"email", "phone_digits"}, {"email_google", "phone_e164"}


def test_a_reading_holds_the_forms_that_some_destination_takes_and_no_others(vendors: Vendors) -> None:
    factories.destination(platform="meta")
    factories.destination(platform="google_ads", archived_at=timezone.now())
    segment = somebody(vendors)

    found = read(segment, FORMS_OF_META)

    assert set(DIGESTS) & everybody(found).keys() == set(found.columns["forms"]) == FORMS_OF_META
    assert found.counts["email"] == 1


def test_lists_of_other_platforms_share_a_reading(vendors: Vendors) -> None:
    for platform in ("meta", "google_ads", "warehouse"):
        factories.destination(platform=platform)
    segment = somebody(vendors)
    found = read(segment, FORMS_OF_META)

    for_google = asked(segment, FORMS_OF_GOOGLE)

    assert for_google.pk == found.pk


def test_a_platform_that_came_later_is_read_for_anew(vendors: Vendors) -> None:
    factories.destination(platform="meta")
    segment = somebody(vendors)
    found = read(segment, FORMS_OF_META)
    factories.destination(platform="google_ads")

    for_google = asked(segment, FORMS_OF_GOOGLE)
    for_meta = asked(segment, FORMS_OF_META)

    assert (for_google.pk != found.pk, for_meta.pk) == (True, found.pk)
    assert set(for_google.columns["forms"]) == FORMS_OF_META | FORMS_OF_GOOGLE


def test_a_retired_platform_counts_while_it_still_has_a_list() -> None:
    gone = factories.destination(platform="google_ads", archived_at=timezone.now())
    used = factories.activation(place=gone)
    assert forms_in_use() == FORMS_OF_GOOGLE

    Activation.objects.filter(pk=used.pk).update(lifecycle=Lifecycle.RETIRED)
    assert forms_in_use() == set()
