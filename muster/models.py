"""The people of this installation, what they did, and the few facts about the installation itself."""

from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar, Never

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac

from .access import Permission, Role, can, roles_with
from .kept_query import KeptQuery
from .time_zones import time_zones


def validate_time_zone(name: str) -> None:
    """Raise ValidationError unless the name is one of the IANA time zones."""
    if name not in time_zones():
        raise ValidationError("There is no time zone of that name. Choose one like Europe/Berlin or America/New_York.")


class PersonQuerySet(models.QuerySet["Person"]):
    def active(self) -> "PersonQuerySet":
        return self.filter(is_active=True)

    def administrators(self) -> "PersonQuerySet":
        return self.active().filter(role=Role.ADMINISTRATOR)

    def approvers(self) -> "PersonQuerySet":
        """Return the active people who approve by role."""
        return self.active().filter(role__in=roles_with(Permission.APPROVE))

    def told_of_deputies(self) -> "PersonQuerySet":
        """Return people who know without another query whether they stand in for an approver."""
        named: Any = models.Exists(Person.objects.approvers().filter(deputy=models.OuterRef("pk")))
        return self.annotate(**{"stands_in_for_approver": named})


class PersonManager(BaseUserManager["Person"].from_queryset(PersonQuerySet)):  # type: ignore[misc]
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "Person":
        """Create a person; without a password they cannot sign in until they follow an invitation."""
        person: Person = self.model(email=email, **fields)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "Person":
        return self.create_user(email, password, **{**fields, "role": Role.ADMINISTRATOR})

    def get_by_natural_key(self, username: str | None) -> "Person":
        person: Person = self.get(email=(username or "").strip().lower())
        return person


class Person(AbstractBaseUser):
    class Theme(models.TextChoices):
        SYSTEM = "", "As the device is set"
        LIGHT = "light", "Light"
        DARK = "dark", "Dark"

    email = models.EmailField("work email", unique=True)
    full_name = models.CharField(max_length=120)
    role = models.CharField(max_length=20, choices=Role.choices, default=Role.MARKETER)
    time_zone = models.CharField(max_length=64, blank=True, default="", validators=[validate_time_zone])
    theme = models.CharField(max_length=5, choices=Theme.choices, blank=True, default=Theme.SYSTEM)
    deputy = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="deputy_of")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # Part of what a signed-in session is checked against: adding one ends all sessions of this person.
    sessions_ended = models.PositiveIntegerField(default=0, editable=False)

    objects: ClassVar[PersonManager] = PersonManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["full_name"]

    class Meta:
        verbose_name_plural = "people"
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="person_email_lower"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="person_role_known"),
            models.CheckConstraint(
                condition=models.Q(deputy__isnull=True) | ~models.Q(deputy=models.F("id")), name="person_not_own_deputy"
            ),
        ]

    def __str__(self) -> str:
        return self.full_name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.email = self.email.strip().lower()
        super().save(*args, **kwargs)

    def clean(self) -> None:
        self.email = self.email.strip().lower()

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        text = f"{self.password}:{self.sessions_ended}"
        return salted_hmac("muster.models.Person.session", text, secret=secret, algorithm="sha256").hexdigest()

    @property
    def initials(self) -> str:
        words = self.full_name.split() or ["?"]
        return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()

    @cached_property
    def stands_in_for_approver(self) -> bool:
        """Whether somebody active who approves by role named this person as deputy."""
        return bool(self.stood_in_for.exists())

    @property
    def stood_in_for(self) -> "models.QuerySet[Person]":
        """Return the active approvers by role who named this person as deputy."""
        found: models.QuerySet[Person] = type(self).objects.approvers()
        return found.filter(deputy=self)

    # Django's admin asks these three. Administrators see everything in it; other rows are read-only by their ModelAdmin.
    @property
    def is_staff(self) -> bool:
        return can(self, Permission.MANAGE_PEOPLE)

    def has_perm(self, perm: str, obj: object = None) -> bool:
        return self.is_staff

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_staff


class SignInAttempt(models.Model):
    """One try to sign in. Account and address are keyed hashes: what a stranger typed is not kept."""

    account = models.CharField(max_length=32)
    address = models.CharField(max_length=32)
    at = models.DateTimeField()
    worked = models.BooleanField(default=False)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["at"]), models.Index(fields=["account", "address", "at"])]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {'worked' if self.worked else 'did not work'}"


class Invitation(models.Model):
    """A one-time link with which a person sets a password. Only the hash of its token is kept."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="invitations")
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"invitation of {self.person_id}, until {self.expires_at:%Y-%m-%d %H:%M}"


class AppendOnly(Exception):
    """The event log takes new rows; it changes and forgets none."""


class EventQuerySet(models.QuerySet["Event"]):
    def update(self, **_fields: Any) -> Never:
        raise AppendOnly("events cannot be changed")

    def delete(self) -> Never:
        raise AppendOnly("events cannot be deleted")

    def bulk_update(self, objs: Any, fields: Any, batch_size: int | None = None) -> Never:
        raise AppendOnly("events cannot be changed")

    def forget_before(self, at: datetime) -> int:
        """Purge what is past its retention and return how many rows went: the only way out of the log."""
        return self.filter(at__lt=at)._raw_delete(self.db) or 0


class Event(models.Model):
    """Who did what to which object, and why. `kind`, `object_id` and `object_label` name the object."""

    at = models.DateTimeField()
    actor = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    actor_label = models.CharField(max_length=120)
    verb = models.CharField(max_length=80)
    kind = models.CharField(max_length=60, blank=True)
    object_id = models.CharField(max_length=64, blank=True)
    object_label = models.CharField(max_length=300, blank=True)
    reason = models.TextField(blank=True)
    detail = models.JSONField(default=dict, blank=True)
    audience_id = models.BigIntegerField(null=True, blank=True)
    run_id = models.BigIntegerField(null=True, blank=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["-at", "-id"], name="event_newest"),
            models.Index(fields=["audience_id", "-at"], name="event_of_audience"),
            models.Index(fields=["run_id", "-at"], name="event_of_run"),
            models.Index(fields=["kind", "object_id", "-at"], name="event_of_object"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor_label} {self.verb} {self.object_label}".strip()

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnly("events cannot be changed")
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *_args: Any, **_kwargs: Any) -> Never:
        raise AppendOnly("events cannot be deleted")


class KeyCheck(models.Model):
    """A value that only the right key yields, for each key that sealed something in this database."""

    key_id = models.CharField(max_length=64, primary_key=True)
    value = models.CharField(max_length=64)
    noted_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.key_id


class Installation(models.Model):
    """The one row about this installation."""

    name = models.CharField("workspace name", max_length=120, default="Muster")
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    setup_token_hash = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=models.Q(pk=1), name="one_installation")]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def current(cls) -> "Installation":
        """Return the row, made on first use."""
        return _installation.first(1) or cls.objects.get_or_create(pk=1)[0]


_installation = KeptQuery(lambda pk: Installation.objects.filter(pk=pk), int)


__all__ = [
    "AppendOnly",
    "Event",
    "Installation",
    "Invitation",
    "KeyCheck",
    "Person",
    "SignInAttempt",
    "validate_time_zone",
]
