"""The trait registry: everybody who registers reads it, administrators keep it."""

from django.contrib import messages
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audiences import archiving, trait_registry
from audiences.forms.traits import AllowForm, TraitForm
from audiences.models import Trait, TraitAllowance
from muster.access import Permission, allow, who_can
from muster.models import Person

from .loading import me, posted


@allow(Permission.READ_SETUP)
@require_safe
def list_traits(request: HttpRequest) -> HttpResponse:
    """Every trait; retired ones folded away below."""
    return _page(request, TraitForm())


def _page(request: HttpRequest, form: TraitForm) -> HttpResponse:
    allowed = TraitAllowance.objects.select_related("audience", "by").order_by("audience__name")
    traits = list(
        Trait.objects.select_related("added_by").prefetch_related(Prefetch("allowances", allowed)).order_by("name")
    )
    context = {
        "form": form,
        "traits": [trait for trait in traits if not trait.retired_at],
        "retired": [trait for trait in traits if trait.retired_at],
        "ask": who_can(Permission.MANAGE_TRAITS),
    }
    return render(request, "audiences/traits.html", context)


@allow(Permission.MANAGE_TRAITS)
@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """Put a trait into the registry."""
    form = TraitForm(request.POST)
    if not form.is_valid() or not _kept(form, me(request)):
        return _page(request, form)
    messages.success(request, f"{form.instance} is in the registry. Audiences may ask for it, each with a reason.")
    return redirect("audiences:traits")


@allow(Permission.MANAGE_TRAITS)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a trait, and for which audiences a sensitive one may be used."""
    trait = get_object_or_404(Trait, pk=pk)
    form = TraitForm(posted(request), instance=trait)
    if request.method == "POST" and form.is_valid() and _kept(form, me(request)):
        messages.success(request, f"{trait} is saved.")
        return redirect("audiences:traits")
    return _trait_page(request, trait, form, AllowForm())


def _kept(form: TraitForm, by: Person) -> bool:
    """Save what a valid form says and return whether it was; the reason why not is on the form."""
    try:
        trait_registry.keep(form.save(commit=False), changed=form.changed_data, by=by, at=timezone.now())
    except trait_registry.NameTaken as refusal:
        form.add_error("name", str(refusal))
        return False
    return True


def _trait_page(request: HttpRequest, trait: Trait, form: TraitForm, allow_form: AllowForm) -> HttpResponse:
    allowances = trait.allowances.select_related("audience", "by").order_by("audience__name")
    context = {
        "trait": trait,
        "name": form.initial.get("name", ""),
        "form": form,
        "allow_form": allow_form,
        "allowances": allowances,
    }
    return render(request, "audiences/trait.html", context | {"consequences": archiving.depends_on(trait)})


@allow(Permission.MANAGE_TRAITS)
@require_POST
def allow_for(request: HttpRequest, pk: int) -> HttpResponse:
    """Let an audience use a sensitive trait."""
    trait = get_object_or_404(Trait, pk=pk)
    form = AllowForm(request.POST)
    if not form.is_valid():
        return _trait_page(request, trait, TraitForm(instance=trait), form)
    audience = form.cleaned_data["audience"]
    trait_registry.allow(trait, audience, reason=form.cleaned_data["reason"], by=me(request), at=timezone.now())
    messages.success(request, f"{audience} may use {trait}.")
    return redirect("audiences:trait", pk)


@allow(Permission.MANAGE_TRAITS)
@require_POST
def withdraw(request: HttpRequest, pk: int, allowance: int) -> HttpResponse:
    """Take back that an audience may use a sensitive trait."""
    given = get_object_or_404(TraitAllowance.objects.select_related("trait", "audience"), pk=allowance)
    # Not a part of the look-up: the database takes no number of twenty digits there.
    if given.trait_id != pk:
        raise Http404("no such allowance of this trait")
    trait_registry.withdraw(given, by=me(request), at=timezone.now())
    messages.success(request, f"{given.audience} may no longer choose {given.trait}; a locked version keeps it.")
    return redirect("audiences:trait", pk)


@allow(Permission.MANAGE_TRAITS)
@require_POST
def retire(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a trait out of use; it stays readable in versions that name it."""
    trait = get_object_or_404(Trait, pk=pk)
    if archiving.archive(trait, by=me(request), at=timezone.now()):
        messages.success(request, f"{trait} is retired: no new version can name it.")
    return redirect("audiences:traits")


@allow(Permission.MANAGE_TRAITS)
@require_POST
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a retired trait back into use."""
    trait = get_object_or_404(Trait, pk=pk)
    if archiving.restore(trait, by=me(request), at=timezone.now()):
        messages.success(request, f"{trait} is back in the registry.")
    return redirect("audiences:traits")
