"""Readers of environment variables, by table: what each takes, and the sentence for what it does not."""

import base64
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from muster.environment import Environment, key_bytes, redis_parts

KEY = base64.b64encode(b"k" * 32).decode()


def reading(value: str | None) -> Environment:
    return Environment({} if value is None else {"NAME": value})


@pytest.mark.parametrize(
    ("value", "expected"), [(None, "x"), ("", "x"), ("  ", "x"), ("a", "a"), ("  a b ", "a b"), ("0", "0")]
)
def test_text(value: str | None, expected: str) -> None:
    assert reading(value).text("NAME", "x") == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        *[(yes, True) for yes in ("1", "true", "True", "YES", "on", " 1 ")],
        *[(no, False) for no in ("0", "false", "FALSE", "no", "Off")],
        (None, None),
        ("", None),
    ],
)
def test_flag(value: str | None, expected: bool | None) -> None:
    for default in (True, False):
        assert reading(value).flag("NAME", default=default) is (default if expected is None else expected)


@pytest.mark.parametrize("value", ["2", "-1", "y", "enabled", "tru", "1.0"])
def test_neither_yes_nor_no(value: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"NAME is '{value}'. Set it to 1 or 0"):
        reading(value).flag("NAME", default=True)


@pytest.mark.parametrize(
    ("value", "expected"), [(None, 5), ("", 5), ("1", 1), ("10", 10), ("2.5", 2.5), (" 3 ", 3), ("1e1", 10)]
)
def test_number(value: str | None, expected: float) -> None:
    assert reading(value).number("NAME", 5, low=1, high=10) == expected


@pytest.mark.parametrize("value", ["0.999", "10.001", "-1", "abc", "1,5", "nan", "inf", "-inf", "1 2", "0x5"])
def test_no_number_or_one_out_of_range(value: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^NAME is .+\. Set it to a number"):
        reading(value).number("NAME", 5, low=1, high=10)


@pytest.mark.parametrize(("value", "expected"), [(None, 5), ("7", 7), ("7.0", 7)])
def test_whole(value: str | None, expected: int) -> None:
    found = reading(value).whole("NAME", 5, low=1, high=10)

    assert found == expected
    assert isinstance(found, int)


@pytest.mark.parametrize("value", ["2.5", "abc", "11", "nan"])
def test_not_whole(value: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="NAME"):
        reading(value).whole("NAME", 5, low=1, high=10)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, []), ("", []), ("a", ["a"]), ("a, b ,,c,", ["a", "b", "c"]), (" , ", [])],
)
def test_names(value: str | None, expected: list[str]) -> None:
    assert reading(value).names("NAME") == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "https://default.example"),
        ("https://a.example", "https://a.example"),
        ("https://a.example/", "https://a.example"),
        ("http://127.0.0.1:8000/base/", "http://127.0.0.1:8000/base"),
    ],
)
def test_url(value: str | None, expected: str) -> None:
    assert reading(value).url("NAME", "https://default.example") == expected


@pytest.mark.parametrize(
    "value",
    [
        "a.example",
        "ftp://a.example",
        "https://",
        "https:///x",
        "//a.example",
        "http://[::1",
        "https://a:port",
        "https://a:99999",
    ],
)
def test_no_url(value: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="NAME is not a"):
        reading(value).url("NAME", "https://default.example")


@pytest.mark.parametrize(
    ("value", "ids"), [(f"a:{KEY}", ["a"]), (f"a:{KEY},b:{KEY}", ["a", "b"]), (f" a:{KEY} , b:{KEY},", ["a", "b"])]
)
def test_keys(value: str, ids: list[str]) -> None:
    assert reading(value).keys("NAME", "") == [(key_id, b"k" * 32) for key_id in ids]


SHORT = base64.b64encode(b"k" * 31).decode()
BROKEN_KEYS = [
    "",
    "a",
    KEY,
    f":{KEY}",
    "a:",
    "a:not base64!",
    f"a:{SHORT}",
    f"a:{KEY},a:{KEY}",
    f"a:{KEY},b",
    f"a:{KEY}{KEY}",
]


@pytest.mark.parametrize("value", BROKEN_KEYS)
def test_broken_keys_are_not_quoted(value: str) -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        reading(value).keys("NAME", "")

    assert "NAME" in str(caught.value)
    for secret in (KEY, SHORT, "not base64"):
        assert secret not in str(caught.value)


@pytest.mark.parametrize("value", ["", "short", KEY[:-4], KEY + KEY, "é" * 32, "!" * 44])
def test_a_broken_pepper_is_not_quoted(value: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="32 bytes") as caught:
        key_bytes("NAME", value)

    assert not value or value not in str(caught.value)


def test_a_pepper() -> None:
    assert reading(KEY).pepper("NAME", "") == b"k" * 32
    assert reading(None).pepper("NAME", KEY) == b"k" * 32


TCP = {"HOST": "h", "PORT": 6379, "DB": 0, "USERNAME": None, "PASSWORD": None, "SSL": False}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://h", TCP),
        ("redis://h:7000/3", {**TCP, "PORT": 7000, "DB": 3}),
        ("rediss://h/", {**TCP, "SSL": True}),
        ("redis://:p%40ss@h", {**TCP, "PASSWORD": "p@ss"}),
        ("redis://us%3Aer:pw@h", {**TCP, "USERNAME": "us:er", "PASSWORD": "pw"}),
        ("redis://[::1]:7000", {**TCP, "HOST": "::1", "PORT": 7000}),
        ("unix:///run/redis.sock", {"UNIX_SOCKET_PATH": "/run/redis.sock", "DB": 0}),
        ("unix:///run/a%20b.sock?db=2", {"UNIX_SOCKET_PATH": "/run/a b.sock", "DB": 2}),
    ],
)
def test_a_redis_url_in_parts(url: str, expected: dict[str, Any]) -> None:
    assert redis_parts(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        "h:6379",
        "http://h",
        "redis://",
        "redis:///0",
        "redis://h/zero",
        "redis://h/²",
        "redis://h:port",
        "redis://h:99999",
        "redis://[::1",
        "unix://",
        "unix:///a.sock?db=x",
        "unix://:pw@/a.sock",
    ],
)
def test_a_broken_redis_url(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="REDIS_URL"):
        redis_parts(url)


def test_urls_by_name() -> None:
    known = {"meta": "https://meta.example", "mixpanel_us": "https://mp.example"}

    assert reading(None).urls("NAME", known) == known
    assert reading("meta=http://127.0.0.1:9/platforms/meta/").urls("NAME", known) == {
        "meta": "http://127.0.0.1:9/platforms/meta",
        "mixpanel_us": "https://mp.example",
    }
    with pytest.raises(ImproperlyConfigured, match=r"NAME names 'mta'\. Names are: meta, mixpanel_us"):
        reading("mta=https://x.example").urls("NAME", known)
    with pytest.raises(ImproperlyConfigured, match="meta is not a web address"):
        reading("meta=ftp://x").urls("NAME", known)
