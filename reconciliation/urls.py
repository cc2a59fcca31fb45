"""Addresses of what is read back: access, list ids, readings, where lists are used."""

from django.urls import URLPattern, path

from .views import panels

app_name = "reconciliation"
urlpatterns: list[URLPattern] = [
    path("match/", panels.trends, name="trends"),
    path("audiences/<slug:slug>/arrived/", panels.arrived, name="arrived"),
    path("audiences/<slug:slug>/coverage/", panels.coverage, name="coverage"),
]
