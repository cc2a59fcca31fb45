"""Addresses of runs, pauses, and what other pages load of them."""

from django.urls import path

from .views import (
    actions,
    budgets,
    changes,
    fragments,
    health_page,
    listing,
    pauses,
    pilot,
    pre_flights,
    probes,
    readiness,
    run_page,
    schedules,
)

app_name = "syncs"
urlpatterns = [
    path("health/", health_page.health_page, name="health_page"),
    path("healthz", probes.healthz, name="healthz"),
    path("readyz", probes.readyz, name="readyz"),
    path("runs/", listing.runs, name="runs"),
    path("runs/health/", fragments.health, name="health"),
    path("runs/strip/", fragments.strip, name="strip"),
    path("runs/attention/", fragments.attention, name="attention"),
    path("runs/banner/", fragments.banner, name="banner"),
    path("runs/<int:pk>/", run_page.run, name="run"),
    path("runs/<int:pk>/live/", run_page.live, name="live"),
    path("runs/<int:pk>/cancel/", actions.cancel, name="cancel"),
    path("runs/<int:pk>/release/", actions.release, name="release"),
    path("runs/<int:pk>/ask/", actions.ask, name="ask"),
    path("runs/<int:pk>/drop/", actions.drop, name="drop"),
    path("lists/<int:activation>/start/", actions.start, name="start"),
    path("lists/<int:activation>/grow/", actions.grow, name="grow"),
    path("lists/<int:activation>/schedule/", schedules.schedule, name="schedule"),
    path("audiences/<slug:slug>/definition/v<int:number>/pilot/", pilot.pilot, name="pilot"),
    path("audiences/<slug:slug>/definition/v<int:number>/promote/", pilot.promote, name="promote"),
    path("pauses/", pauses.pauses, name="pauses"),
    path("pauses/<int:pk>/end/", pauses.unpause, name="unpause"),
    path("audiences/<slug:slug>/pre-flight/", pre_flights.of_audience, name="pre_flight"),
    path("audiences/<slug:slug>/pre-flight/start/", pre_flights.start, name="pre_flight_start"),
    path("audiences/<slug:slug>/changes/", changes.of_audience, name="changes"),
    path("connections/destinations/<int:pk>/changes/", changes.of_account, name="account_changes"),
    path("readiness/", readiness.overview, name="readiness"),
    path("audiences/<slug:slug>/readiness/", readiness.of_audience, name="readiness_of"),
    path("audiences/<slug:slug>/checked/", readiness.checked, name="checked"),
    path("audiences/<slug:slug>/runs/", fragments.of_audience, name="of_audience"),
    path("audiences/<slug:slug>/budget/", budgets.budget, name="budget"),
]
