"""Who may call which address, with which methods. test_access.py asserts every cell; an address without a row fails it.

This is written by hand on purpose: it says what should be, and does not ask the code.
"""

from typing import NamedTuple


class Row(NamedTuple):
    may: frozenset[str]
    methods: frozenset[str]


STRANGER, MARKETER, MANAGER, PAID_MEDIA, ADMINISTRATOR = (
    "stranger",
    "marketer",
    "manager",
    "paid_media",
    "administrator",
)
ROLES = (STRANGER, MARKETER, MANAGER, PAID_MEDIA, ADMINISTRATOR)

ANYBODY = frozenset(ROLES)
PEOPLE = ANYBODY - {STRANGER}
OPERATORS = frozenset({MARKETER, MANAGER})
ADMINISTRATORS = frozenset({ADMINISTRATOR})

READ = frozenset({"GET"})
ACT = frozenset({"POST"})
FORM = READ | ACT

TABLE: dict[str, Row] = {
    # muster
    "home/": Row(PEOPLE, READ),
    "sign-in/": Row(ANYBODY, FORM),
    "sign-out/": Row(ANYBODY, ACT),
    "setup/": Row(ANYBODY, FORM),
    "invitation/<str:token>/": Row(ANYBODY, FORM),
    "profile/": Row(PEOPLE, FORM),
    "profile/password/": Row(PEOPLE, ACT),
    "people/": Row(ADMINISTRATORS, READ),
    "people/invite/": Row(ADMINISTRATORS, FORM),
    "people/<int:pk>/": Row(ADMINISTRATORS, FORM),
    "people/<int:pk>/link/": Row(ADMINISTRATORS, ACT),
    "people/<int:pk>/disable/": Row(ADMINISTRATORS, ACT),
    "people/<int:pk>/enable/": Row(ADMINISTRATORS, ACT),
    "log/": Row(PEOPLE, READ),
    # the back office's own pages for these are replaced by ours
    "back-office/login/": Row(ANYBODY, FORM),
    "back-office/logout/": Row(ANYBODY, ACT),
    "back-office/password_change/": Row(PEOPLE, FORM),
}
