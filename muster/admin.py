"""The back office: Django's admin, for administrators. It shows rows; what may be changed here passes the same rules."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest
from django.utils import timezone

from . import audit, people
from .access import Role
from .models import Event, Installation, Invitation, KeyCheck, Person, SignInAttempt
from .vault import EncryptedTextField

if TYPE_CHECKING:
    AnyAdmin = admin.ModelAdmin[Any]
    PersonForm = forms.ModelForm[Person]
else:  # these take no type at run time
    AnyAdmin, PersonForm = admin.ModelAdmin, forms.ModelForm

admin.site.site_header = admin.site.site_title = "Muster, back office"
admin.site.index_title = "Rows as they are"
admin.site.site_url = "/"


class Shown(AnyAdmin):
    """Rows to look at. Sealed and binary columns are neither read nor shown."""

    list_per_page = 50
    show_full_result_count = False
    actions = None

    def hidden(self) -> list[str]:
        return [
            field.name
            for field in self.opts.concrete_fields
            if isinstance(field, EncryptedTextField | models.BinaryField)
        ]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return super().get_queryset(request).defer(*self.hidden())

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return self.hidden()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class PersonRow(PersonForm):
    """The same rules as on the People page: oneself and the last administrator stay."""

    acting: Person
    reason = forms.CharField(required=False, max_length=300, help_text="Shown in the event log, to everybody.")

    class Meta:
        model = Person
        fields = ("full_name", "role", "is_active", "time_zone")

    def clean(self) -> dict[str, Any]:
        said, before = self.cleaned_data, Person.objects.get(pk=self.instance.pk)
        loses_role = said.get("role") != before.role
        if before.is_active and (loses_role or not said.get("is_active")):
            try:
                people.check_can_go(before, by=self.acting)
            except people.Refused as refusal:
                raise ValidationError(str(refusal)) from None
        return said


@admin.register(Person)
class PersonAdmin(AnyAdmin):
    form = PersonRow
    list_display = ("full_name", "role", "is_active", "last_login")
    list_filter = ("role", "is_active")
    search_fields = ("full_name", "email")
    readonly_fields = ("email", "created_at", "last_login", "deputy")
    fields = ("email", "full_name", "role", "is_active", "time_zone", "deputy", "created_at", "last_login", "reason")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # people come by invitation

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # what they did stays theirs

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"acting": request.user})

    def save_model(self, request: HttpRequest, obj: Person, form: Any, change: bool) -> None:
        said, at = form.cleaned_data, timezone.now()
        act = {"by": request.user, "at": at, "reason": said["reason"]}
        if "role" in form.changed_data:
            people.change_role(obj, Role(said["role"]), **act)
        if "is_active" in form.changed_data:
            (people.enable if said["is_active"] else people.disable)(obj, **act)
        others = {name: said[name] for name in ("full_name", "time_zone") if name in form.changed_data}
        if others:
            Person.objects.filter(pk=obj.pk).update(**others)
            audit.record(verb="changed", subject=obj, detail={"changed": sorted(others)}, **act)


@admin.register(Installation)
class InstallationAdmin(AnyAdmin):
    fields = ("name", "time_zone")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Installation, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        audit.record(verb="changed", subject=obj, by=request.user, detail={"changed": form.changed_data})  # type: ignore[arg-type]


@admin.register(Event)
class EventAdmin(Shown):
    list_display = ("at", "actor_label", "verb", "kind", "object_label", "reason")
    list_filter = ("kind",)
    date_hierarchy = None


@admin.register(Invitation)
class InvitationAdmin(Shown):
    list_display = ("person", "invited_by", "created_at", "expires_at", "used_at")
    fields = list_display


@admin.register(SignInAttempt)
class SignInAttemptAdmin(Shown):
    list_display = ("at", "worked")
    fields = list_display


admin.site.register(KeyCheck, Shown)
admin.site.unregister(Group)  # roles are Muster's own
