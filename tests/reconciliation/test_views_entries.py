"""Figures entered by hand and from a CSV: who, when, what; a correction is a newer row, and a preview stores nothing."""

import csv
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from audiences.models import Activation
from muster.models import Event, Person
from reconciliation.models import ListAt, Reading
from tests import factories

pytestmark = pytest.mark.django_db
Sign = Callable[[Person], Client]
HEAD = "list,as of,size low,size high,match rate\n"


@pytest.fixture
def cart() -> Activation:
    return factories.activation(factories.audience(name="Cart"), factories.destination(name="Meta, NW US"))


def entered(client: Client, one: Activation, **fields: Any) -> str:
    given = {"as_of": "2026-11-23 09:20", **fields}
    return client.post(f"/lists/{one.pk}/enter/", given, follow=True).content.decode()


def test_a_figure_is_kept_with_who_and_when(cart: Activation, marketer: Person, signed_in: Sign) -> None:
    ListAt.objects.create(activation=cart, external_id="120", set_at=timezone.now())

    page = entered(signed_in(marketer), cart, low="8,700", high="9,300", rate="55.4%", note="Ads Manager")

    size, rate = Reading.objects.order_by("quantity")[1], Reading.objects.order_by("quantity")[0]
    assert (size.quantity, size.low, size.high, size.unit, size.basis, size.source) == (
        *("members", 8700, 9300, "people", "manual", "manual"),
    )
    assert (rate.quantity, rate.low, rate.high, rate.unit) == ("match_rate", 554, 554, "permille")
    assert {size.by, rate.by} == {marketer}
    assert size.external_id == "120"
    assert size.as_of.isoformat() == "2026-11-23T09:20:00+00:00"
    assert "Your figures are stored." in page
    for words in ("8,700–9,300", "55.4%", "Mara Keller", "Ads Manager"):
        assert words in page
    assert Event.objects.filter(verb="entered figures of", audience_id=cart.audience_id, actor=marketer).exists()


def test_not_reported_is_stored_as_that(cart: Activation, marketer: Person, signed_in: Sign) -> None:
    page = entered(signed_in(marketer), cart, not_reported="on")

    row = Reading.objects.get()
    assert (row.low, row.high, row.code) == (None, None, "not_reported")
    assert "not reported" in page


def test_a_correction_is_a_newer_row(
    cart: Activation, marketer: Person, other_marketer: Person, signed_in: Sign
) -> None:
    entered(signed_in(marketer), cart, low="800")
    page = entered(signed_in(other_marketer), cart, low="8,000")

    assert list(Reading.objects.order_by("fetched_at").values_list("low", flat=True)) == [800, 8000]
    assert "It corrects the entry before, which stays below." in page
    assert page.count("Corrected by a newer entry; counts no more") == 1
    table = page.partition("Entered figures")[2]
    assert table.index("Oskar Lind") < table.index("Mara Keller")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "Enter what is shown, or say that the platform reports no size."),
        ({"high": "5"}, "Enter the lower end too. If one number is shown, enter it here alone."),
        ({"low": "6", "high": "5"}, "The upper end is below the lower one. Check both figures."),
        ({"low": "6", "not_reported": "on"}, "Enter a size, or say that none is reported; not both."),
        ({"low": "many"}, "Type a whole number, like 38,000."),
        ({"low": "5", "rate": "many"}, "Type a percentage from 0 to 100, like 55 or 5.5."),
        ({"low": "5", "as_of": ""}, "Say as of when, like 23 Nov 2026, 09:20."),
        ({"low": "5", "as_of": "soon"}, "Write day and time like 23 Nov 2026, 09:20 or 2026-11-23 09:20."),
        ({"low": "5", "as_of": "2099-01-01"}, "This is in the future. Say when the platform showed it."),
        ({"low": "5", "as_of": "2001-01-01"}, "This is more than two years ago, which no chart shows. Check the year."),
    ],
)
def test_what_cannot_be_is_refused(
    fields: dict[str, str], sentence: str, cart: Activation, marketer: Person, signed_in: Sign
) -> None:
    assert sentence in entered(signed_in(marketer), cart, **fields)
    assert not Reading.objects.exists()


def test_who_may_not_enter_sees_whom_to_ask(
    cart: Activation, marketer: Person, paid_media: Person, signed_in: Sign
) -> None:
    client = signed_in(paid_media)

    assert "Ask Mara Keller" in client.get(f"/lists/{cart.pk}/enter/").content.decode()
    assert client.post(f"/lists/{cart.pk}/enter/", {"low": "5"}).status_code == 403


def imported(client: Client, text: str, **fields: Any) -> str:
    return client.post("/figures/import/", {"text": text, **fields}, follow=True).content.decode()


def test_nothing_is_stored_before_it_is_confirmed(cart: Activation, marketer: Person, signed_in: Sign) -> None:
    text = (
        f'{HEAD}"Cart at Meta, NW US",2026-11-23 09:20,8700,9300,55\n"Cart at Meta, NW US",2026-11-24,not reported,,\n'
    )
    client = signed_in(marketer)

    page = imported(client, text)

    assert "Nothing is stored yet." in page
    assert "Store 2 rows" in page
    assert not Reading.objects.exists()
    page = imported(client, text, confirm="yes")
    assert "3 figures of 1 list stored." in page
    assert Reading.objects.filter(source="csv", by=marketer, basis="manual").count() == 3
    assert "Entered already by Mara Keller, with the same figures: left out." in imported(client, text)
    assert "Everything in it was entered before." in imported(client, text, confirm="yes")
    assert Reading.objects.count() == 3
    page = imported(client, text.replace("8700", "8600"))
    assert "Corrects what Mara Keller entered: 8,700–9,300 people, 55% matched." in page
    assert "Store 1 row<" in page


def test_one_wrong_row_keeps_all_of_them_out(cart: Activation, marketer: Person, signed_in: Sign) -> None:
    text = f"{HEAD}{cart.audience} at x,2026-11-23,5,,\n999,soon,,,\n" + '"Cart at Meta, NW US",2026-11-23,5,,\n' * 2

    page = imported(signed_in(marketer), text, confirm="yes")

    assert "4 of 4 rows cannot be stored. Nothing is stored until all can." in page
    assert "No list has this name or id." in page
    assert page.count("The same list stands here twice with the same as-of. Keep the row that is right.") == 2
    assert not Reading.objects.exists()


def test_a_list_is_found_by_what_it_is_called_anywhere(cart: Activation, marketer: Person, signed_in: Sign) -> None:
    ListAt.objects.create(activation=cart, external_id="120", name_seen="CRM carts", set_at=timezone.now())
    Activation.objects.filter(pk=cart.pk).update(list_name="carts there")
    client = signed_in(marketer)

    for name in ("120", "crm  carts", "CARTS THERE"):
        assert "Store 1 row<" in imported(client, f"{HEAD}{name},2026-11-23,5,,\n")
    other = factories.activation(factories.audience(name="Other"), factories.destination(name="Google"))
    Activation.objects.filter(pk=other.pk).update(list_name="carts there")
    page = imported(client, f"{HEAD}carts there,2026-11-23,5,,\n")
    assert "Several lists have this name or id: Cart at Meta, NW US, Other at Google." in page


def test_a_file_is_read_once_and_shown_to_be_corrected(cart: Activation, marketer: Person, signed_in: Sign) -> None:
    client = signed_in(marketer)

    def sent(data: bytes) -> str:
        return client.post("/figures/import/", {"file": SimpleUploadedFile("a.csv", data)}).content.decode()

    assert "Nothing is stored yet." in sent(f'{HEAD}"Cart at Meta, NW US",2026-11-23,5,,'.encode())
    assert "save it as &quot;CSV UTF-8&quot;" in sent("Müller".encode("latin-1"))
    assert "The file is larger than 256 KB. Split it into several." in sent(b"x" * 300_000)
    assert "The submitted file is empty." in sent(b"")
    assert "Choose a file or paste its text. Nothing was read." in imported(client, " ")
    assert "The first row names no column" in imported(client, "a,b\nc,d")


def test_the_template_names_the_lists_and_runs_nothing(cart: Activation, marketer: Person, signed_in: Sign) -> None:
    factories.activation(factories.audience(name="=1+1"), factories.destination(name="Google"))
    factories.activation(factories.audience(name="Old", archived_at=timezone.now() - timedelta(days=1)))
    client = signed_in(marketer)

    response = client.get("/figures/import/template.csv")

    assert "attachment" in response["Content-Disposition"]
    lines = list(csv.reader(StringIO(response.content.decode())))
    assert [line[0] for line in lines] == ["list", "'=1+1 at Google", "Cart at Meta, NW US"]
    filled = response.content.decode().replace(",,,,", ",2026-11-23,5,,")
    assert "Store 2 rows" in imported(client, filled)
