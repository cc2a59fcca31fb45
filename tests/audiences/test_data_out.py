"""Customer.io's own Data Out to RudderStack: which webhooks are one, what is kept of it, and which pipe it also feeds."""

from typing import Any

import pytest
from django.utils import timezone

from audiences import data_out
from audiences.credentials import key_check
from audiences.customerio import Webhook
from audiences.data_out import DataOut
from audiences.models import Workspace
from muster.http import VendorError
from tests import factories
from tests.vendors import Vendors

KEY = "2abcDEF0123456789rudder"


def webhook(endpoint: str, **more: Any) -> Webhook:
    return Webhook(**{"name": "hook", "endpoint": endpoint, "events": ["email_sent"], "disabled": False, **more})


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        (f"https://data.example.com/v1/webhook?writeKey={KEY}", "https://data.example.com"),
        (f"https://data.example.com/v1/webhook?writekey={KEY}&x=1", "https://data.example.com"),
        (f"http://data.example.com:8080/anything?x=1&WRITEKEY={KEY}", "http://data.example.com:8080"),
        (f"https://{KEY}:@data.example.com/v1/webhook", "https://data.example.com"),
        (f"https://{KEY}@data.example.com/v1/webhook/", "https://data.example.com"),
        # None of ours
        ("https://data.example.com/v1/webhook", None),
        ("https://data.example.com/v1/webhook?writeKey=", None),
        (f"https://{KEY}@example.com/hooks/customerio", None),
        ("https://hooks.example.com/customerio?token=abc", None),
        ("", None),
        ("not a url", None),
        (f"https://[broken/v1/webhook?writeKey={KEY}", None),
        (f"https://data.example.com:port/v1/webhook?writeKey={KEY}", None),
    ],
)
def test_which_webhooks_lead_to_rudderstack(endpoint: str, url: str | None) -> None:
    found = DataOut.of(webhook(endpoint))

    assert (found and found.data_plane_url) == url
    if found:
        assert found.write_key_check == key_check(KEY)
        assert DataOut.from_stored(found.stored()) == found
        assert KEY not in str(found.stored())


@pytest.mark.django_db
def test_what_is_read_is_kept_without_its_key(vendors: Vendors) -> None:
    space = factories.workspace()
    hooks = [
        {
            "name": "for ann@example.com",
            "endpoint": f"{vendors.rudder}/v1/webhook?writeKey={KEY}",
            "events": ["b", "a"],
        },
        {"name": "Slack", "endpoint": "https://hooks.example.com/x"},
        {"name": "Old", "endpoint": f"{vendors.rudder}/v1/webhook?writeKey=old", "disabled": True},
    ]
    vendors.order(vendors.us, "/_sandbox/reporting_webhooks", {"reporting_webhooks": hooks})
    at = timezone.now()

    found = data_out.read(space, at=at)

    kept = Workspace.objects.get(pk=space.pk)
    assert data_out.known(kept) == found
    assert kept.data_out_read_at == at
    assert [(one.disabled, one.events) for one in found] == [(False, ("a", "b")), (True, ("email_sent",))]
    assert found[1].name == "Old"
    assert "ann@example.com" not in str(kept.data_out)
    assert KEY not in str(kept.data_out)


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["html", "500", "401"])
def test_what_could_not_be_read_changes_nothing(vendors: Vendors, kind: str) -> None:
    space = factories.workspace()
    hooks = [{"endpoint": f"{vendors.rudder}/v1/webhook?writeKey={KEY}"}]
    vendors.order(vendors.us, "/_sandbox/reporting_webhooks", {"reporting_webhooks": hooks})
    before = data_out.read(space, at=timezone.now())
    read_at = space.data_out_read_at
    vendors.fault(vendors.us, kind, {"path": "/reporting_webhooks"})

    with pytest.raises(VendorError):
        data_out.read(space, at=timezone.now())

    kept = Workspace.objects.get(pk=space.pk)
    assert (data_out.known(kept), kept.data_out_read_at) == (before, read_at)


@pytest.mark.django_db
def test_none_is_none(vendors: Vendors) -> None:
    assert data_out.read(factories.workspace(), at=timezone.now()) == []


@pytest.mark.django_db
def test_a_pipe_that_data_out_also_feeds_is_found() -> None:
    shared, free = (
        factories.pipe(KEY, write_key_check=key_check(KEY)),
        factories.pipe("o", write_key_check=key_check("o")),
    )
    keyless = factories.pipe(write_key_check="")
    on, off = (
        DataOut.of(webhook(f"https://d.example.com/v1/webhook?writeKey={KEY}", disabled=disabled))
        for disabled in (False, True)
    )
    assert on
    assert off
    spaces = [
        factories.workspace(data_out=[on.stored()]),
        factories.workspace(data_out=[off.stored()]),
        factories.workspace(),
    ]

    assert data_out.sending_into(shared, spaces) == [(spaces[0], on)]
    assert data_out.sending_into(free, spaces) == []
    assert data_out.sending_into(keyless, spaces) == []
