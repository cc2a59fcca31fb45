"""Who may do what: roles and permissions as data, one decorator for views, and a middleware that denies the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum, auto
from functools import wraps
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import resolve, reverse

from muster.kept_query import KeptQuery

if TYPE_CHECKING:
    from muster.models import Person

View = TypeVar("View", bound=Callable[..., Any])


class Role(models.TextChoices):
    MARKETER = "marketer", "Retention marketer"
    PAID_MEDIA = "paid_media", "Paid-media buyer"
    MANAGER = "manager", "Manager"
    ADMINISTRATOR = "administrator", "Administrator"


class Permission(StrEnum):
    READ = auto()
    READ_LOG = auto()
    READ_SETUP = auto()
    REGISTER = auto()
    DRY_RUN = auto()
    SYNC = auto()
    CANCEL = auto()
    ANSWER = auto()
    ASK = auto()
    PAUSE = auto()
    RELEASE = auto()
    APPROVE = auto()
    SIGN = auto()
    WRITE_POLICY = auto()
    MANAGE_CONNECTIONS = auto()
    MANAGE_PEOPLE = auto()
    MANAGE_TRAITS = auto()
    STOP_EVERYTHING = auto()


_EVERYBODY = frozenset({Permission.READ, Permission.READ_LOG, Permission.ASK})
_MARKETER = _EVERYBODY | {
    Permission.READ_SETUP,
    Permission.REGISTER,
    Permission.DRY_RUN,
    Permission.SYNC,
    Permission.CANCEL,
    Permission.ANSWER,
}
_APPROVER = frozenset({Permission.APPROVE, Permission.RELEASE})
ROLES: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.MARKETER: _MARKETER,
        Role.PAID_MEDIA: _EVERYBODY,
        Role.MANAGER: _MARKETER | _APPROVER | {Permission.PAUSE, Permission.SIGN, Permission.WRITE_POLICY},
        Role.ADMINISTRATOR: _EVERYBODY
        | {
            Permission.READ_SETUP,
            Permission.MANAGE_CONNECTIONS,
            Permission.MANAGE_PEOPLE,
            Permission.MANAGE_TRAITS,
            Permission.STOP_EVERYTHING,
        },
    }
)
# Administrators hold the keys and paid media only ask: neither approves, not even as somebody's deputy.
DEPUTY_ROLES = frozenset({Role.MARKETER, Role.MANAGER})


def roles_with(permission: Permission) -> list[Role]:
    """Return the roles that hold a permission by themselves."""
    return [role for role, held in ROLES.items() if permission in held]


def can(person: object, permission: Permission) -> bool:
    """Whether somebody may do something: by role, or to approve and release also as the deputy of an approver."""
    if not getattr(person, "is_authenticated", False) or not getattr(person, "is_active", False):
        return False
    somebody = cast("Person", person)
    if permission in ROLES.get(Role(somebody.role), frozenset()):
        return True
    return permission in _APPROVER and somebody.role in DEPUTY_ROLES and somebody.stands_in_for_approver


_people = KeptQuery(lambda: get_user_model().objects.filter(is_active=True).order_by("full_name", "pk"))


def who_can(permission: Permission) -> list[Person]:
    """Return the active people who hold a permission, deputies included, by name: whom to ask."""
    people: list[Any] = _people.rows()
    approvers = roles_with(Permission.APPROVE)
    deputies = {person.deputy_id for person in people if person.role in approvers}
    for person in people:
        person.stands_in_for_approver = person.pk in deputies  # else each would be asked for
    return [person for person in people if can(person, permission)]


class May:
    """What a person may do, for templates: `{% if may.sync %}`."""

    def __init__(self, person: object) -> None:
        self.person = person

    def __getitem__(self, name: str) -> bool:
        return can(self.person, Permission(name))


def permissions(request: HttpRequest) -> dict[str, object]:
    """Context processor: `may`."""
    return {"may": May(getattr(request, "user", None))}


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """Return the redirect to the sign-in page, for htmx one that moves the whole page, and back to the page afterwards."""
    from_htmx = request.headers.get("HX-Request") == "true"
    back = request.get_full_path() if request.method in {"GET", "HEAD"} else "/"
    if from_htmx:
        back = path_of(request.headers.get("HX-Current-URL", "/"))
    target = f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': back})}"
    return HttpResponse(headers={"HX-Redirect": target}) if from_htmx else HttpResponseRedirect(target)


def path_of(url: str) -> str:
    """Return a URL's path, "/" of what is no URL: whoever asks may put anything into a header."""
    try:
        return urlsplit(url).path
    except ValueError:
        return "/"


class NotAllowed(PermissionDenied):
    """This person may not do this. With a permission, the page says whom to ask."""

    def __init__(self, reason: str, permission: Permission | None = None) -> None:
        super().__init__(reason)
        self.permission = permission


def refuse(request: HttpRequest, reason: str, permission: Permission | None = None) -> HttpResponse:
    """Return the way to the sign-in page for strangers; raise NotAllowed for everybody else."""
    if not request.user.is_authenticated:
        return to_sign_in(request)
    raise NotAllowed(reason, permission)


def allow(permission: Permission, *or_else: Permission) -> Callable[[View], View]:
    """Declare the permission that a function view needs, or others that do as well: the rest get 403, strangers sign in."""

    def declare(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not any(can(request.user, one) for one in (permission, *or_else)):
                return refuse(request, f"needs {permission}", permission)
            answer: HttpResponse = view(request, *args, **kwargs)
            return answer

        guarded.permission = permission  # type: ignore[attr-defined]
        guarded.any_of = (permission, *or_else)  # type: ignore[attr-defined]
        return cast(View, guarded)

    return declare


def public(view: View) -> View:
    """Declare that a view is for everybody, strangers included."""
    view.public = True  # type: ignore[attr-defined]
    return view


def is_declared(view: Callable[..., Any]) -> bool:
    """Whether a view says whom it is for."""
    return isinstance(getattr(view, "permission", None), Permission) or getattr(view, "public", False) is True


def may_open(person: object, url_name: str) -> bool:
    """Whether a person may call the view of an address without parameters."""
    view = resolve(reverse(url_name)).func
    return any(can(person, one) for one in view.any_of)  # type: ignore[attr-defined]


class DenyByDefault:
    """Refuses every view that does not declare whom it is for. Django's admin pages are for administrators."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: tuple[Any, ...], _kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        if is_declared(view) or (settings.STATIC_URL and request.path.startswith(str(settings.STATIC_URL))):
            return None
        match = request.resolver_match
        if match is not None and "admin" in match.app_names and can(request.user, Permission.MANAGE_PEOPLE):
            return None
        return refuse(request, "this page does not say whom it is for")
