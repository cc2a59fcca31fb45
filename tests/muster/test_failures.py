"""What a person meets when a page cannot be shown."""

import json
import logging
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path
from pytest_django import Settings

from muster.access import public
from muster.models import Person


@public
def boom(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("the ledger of jane@shop.example is odd")


@public
def no_database(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nothing FROM nowhere")
    return HttpResponse()


urlpatterns = [path("boom/", boom), path("no-database/", no_database), path("", include("muster.urls"))]
handler403, handler404, handler500 = (
    "muster.views.failures.not_allowed",
    "muster.views.failures.not_found",
    "muster.views.failures.broken",
)


@pytest.fixture
def breakable(settings: Settings) -> Client:
    settings.ROOT_URLCONF = __name__
    return Client(raise_request_exception=False)


@pytest.mark.django_db
def test_our_fault_has_a_reference_that_the_log_knows(breakable: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        response = breakable.get("/boom/")
    page = response.content.decode()
    assert response.status_code == 500
    reference = re.search(r"<code>(\w{4})-(\w{4})</code>", page)
    assert reference
    record = next(record for record in caplog.records if "".join(reference.groups()) in record.getMessage())
    assert record.exc_info
    assert "jane" not in page
    assert "RuntimeError" not in page
    for words in ("Our fault", "look before you ask again", "go on by themselves", "Content-Security-Policy"):
        assert words in page or words in response.headers


@pytest.mark.django_db(transaction=True)
def test_our_fault_is_said_without_a_database(breakable: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: Any, **_options: Any) -> Any:
        raise RuntimeError("no database at all")

    with monkeypatch.context() as patch:
        patch.setattr(connection, "cursor", refuse)
        response = breakable.get("/boom/")
    assert response.status_code == 500
    assert "Our fault" in response.content.decode()


@pytest.mark.django_db
def test_the_same_reference_stands_in_the_line_that_is_written(
    breakable: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    handler = next(one for one in logging.getLogger().handlers if type(one) is logging.StreamHandler)
    written: list[str] = []
    stream = type("Stream", (), {"write": staticmethod(written.append), "flush": staticmethod(lambda: None)})()
    kept = handler.setStream(stream)
    try:
        page = breakable.get("/boom/").content.decode()
    finally:
        handler.setStream(kept)
    reference = re.search(r"<code>(\w{4})-(\w{4})</code>", page)
    assert reference
    lines = [json.loads(line) for line in "".join(written).splitlines() if line.strip()]
    line = next(line for line in lines if "".join(reference.groups()) in line["message"])
    assert "RuntimeError" in line["traceback"]
    assert "jane@shop.example" not in json.dumps(lines)


@pytest.mark.django_db
def test_a_page_that_is_not_there(
    client: Client, marketer: Person, signed_in: Callable[[Person], Client], settings: Settings
) -> None:
    for somebody in (Client(), signed_in(marketer)):
        response = somebody.get("/nothing/here/")
        assert response.status_code == 404
        assert "No such page" in response.content.decode()
    assert "Event log" in response.content.decode()  # with the way on
    assert "door-form" in Client().get("/nothing/").content.decode()
    assert "Event log" not in Client().get("/nothing/").content.decode()


@pytest.mark.django_db
def test_what_is_no_form_is_refused_in_a_sentence(client: Client) -> None:
    many = "&".join(f"f{number}=1" for number in range(1_100))
    response = client.post("/sign-in/", many, content_type="application/x-www-form-urlencoded")
    assert response.status_code == 400
    assert "so nothing was done. Open the page again" in response.content.decode()


@pytest.mark.django_db
def test_a_method_that_is_not_taken_is_refused_in_a_sentence(
    marketer: Person, signed_in: Callable[[Person], Client]
) -> None:
    for somebody in (Client(), signed_in(marketer)):
        response = somebody.get("/sign-out/")
        assert response.status_code == 405
        assert response.headers["Allow"] == "POST"
        assert "so nothing was done. Go to the page" in response.content.decode()
        assert "Content-Security-Policy" in response.headers
    assert "Event log" in response.content.decode()  # with the way on
    response = Client().put("/sign-in/")
    assert response.status_code == 405
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST"}


@pytest.mark.django_db
def test_a_stranger_learns_nothing_of_the_methods_of_a_page_that_is_not_public() -> None:
    response = Client().delete("/people/")
    assert response.status_code == 302
    assert "Allow" not in response.headers
