"""Rows of this stretch, to look at in the back office. Shards are left out: they hold nothing that a person can read."""

from django.contrib import admin

from muster.admin import Shown

from .models import Batch, Beat, Pause, Pull, RejectedRow, Release, Run, Tombstone

admin.site.register([Batch, Beat, Pause, Pull, RejectedRow, Release, Run, Tombstone], Shown)
