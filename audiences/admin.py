"""Rows of this stretch, to look at in the back office."""

from django.contrib import admin

from muster.admin import Shown

from .models import (
    Activation,
    ApprovalRequest,
    Audience,
    Definition,
    Destination,
    Pipe,
    Segment,
    Trait,
    TraitAllowance,
    Workspace,
)

admin.site.register(
    [Activation, ApprovalRequest, Audience, Definition, Destination, Pipe, Segment, Trait, TraitAllowance, Workspace],
    Shown,
)
