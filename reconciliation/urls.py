"""Addresses of what is read back: access, list ids, readings, where lists are used."""

from django.urls import URLPattern

app_name = "reconciliation"
urlpatterns: list[URLPattern] = []
