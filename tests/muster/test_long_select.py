"""A long select is drawn as Django would draw it, quickly."""

import pytest
from django.forms import Select

from muster.long_select import LongSelect

CHOICES = [("", "As this workspace"), ("UTC", "UTC"), ("Asia/Kolkata", "Asia/Kolkata"), ('a"<b', "A & <b>")]


def plain(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("value", [None, "", "UTC", 'a"<b', "nowhere", ["UTC"]])
def test_it_reads_like_a_select_of_django(value: object) -> None:
    attrs = {"id": "zone", "aria-describedby": "zone-help", "required": True}
    drawn = [kind({"class": "select"}, CHOICES).render("zone", value, attrs) for kind in (LongSelect, Select)]
    (mine, my_options), (django, its_options) = (text.strip().split(">", 1) for text in drawn)
    assert set(mine.split()) == set(django.split())
    # Django takes no value for the empty one.
    assert plain(my_options).replace('value=""selected', 'value=""') == plain(its_options).replace(
        'value=""selected', 'value=""'
    )
