"""The recipe is JSON once its Liquid is filled, and says for each kind what is special about it."""

import json
import re

import pytest

from audiences.feed_terms import Property
from audiences.models import Feed
from audiences.recipe import recipe

URL = "https://muster.example/webhooks/customerio/3/"
PROPERTIES = (Property("coupon", "text"), Property("value", "number"), Property("arm", "text"))


def filled(body: str) -> dict[str, object]:
    """Return the body as Customer.io would send it, every Liquid filled with its own source."""
    return dict(json.loads(re.sub(r"\{\{(.*?)\}\}", lambda one: one[1].strip().replace("'", ""), body)))


@pytest.mark.parametrize("kind", Feed.Kind.values)
def test_the_body_is_json_with_what_the_feed_allows_and_nothing_else(kind: str) -> None:
    made = recipe("Coupon Shown", kind, PROPERTIES, URL)
    body = filled(made.body)
    assert (made.method, made.url, made.headers) == ("POST", URL, (("Content-Type", "application/json"),))
    assert (body["event"], body["kind"], body["schema"]) == ("Coupon Shown", kind, 1)
    assert body["cio_id"] == "customer.cio_id"
    assert sorted(body["properties"]) == ["arm", "coupon", "value"]  # type: ignore[call-overload]
    assert "email" not in made.body
    assert made.lines == made.body.count("\n") + 1
    assert any("Switch off Draft" in step for step in made.steps)
    assert any("Re-entry" in step or "exit" in step for step in made.steps)


def test_an_assignment_writes_the_arm_out_and_sets_the_attribute() -> None:
    made = recipe("Holdout Assigned", "assignment", PROPERTIES, URL, attribute="exp_coupon")
    assert filled(made.body)["properties"]["arm"] == "control"  # type: ignore[index]
    assert any("Create or update person" in step and "exp_coupon" in step for step in made.steps)
    assert not any("Create or update person" in step for step in recipe("Left", "exit", (), URL).steps)


def test_a_feed_without_properties_sends_none() -> None:
    assert filled(recipe("Left Cart Rescue", "exit", (), URL).body)["properties"] == {}
