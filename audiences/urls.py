"""Addresses of pages about audiences, connections and traits."""

from django.urls import URLPattern, URLResolver, include, path

from .views import (
    acknowledgement,
    approval,
    audiences,
    cohorts,
    connections,
    draft,
    pipe_requests,
    policy,
    registration,
    roster,
    signing_keys,
    traits,
)

app_name = "audiences"


def _connection(kind: str) -> list[URLPattern]:
    """Return the addresses of one kind of connection, named like `pipe-edit`."""
    said = {"kind": kind}
    return [
        path("add/", connections.add, said, name=f"{kind}-add"),
        path("<int:pk>/", connections.edit, said, name=f"{kind}-edit"),
        path("<int:pk>/archive/", connections.archive, said, name=f"{kind}-archive"),
        path("<int:pk>/restore/", connections.restore, said, name=f"{kind}-restore"),
    ]


def _tested(kind: str) -> list[URLPattern]:
    said = {"kind": kind}
    return [
        path("<int:pk>/key/", connections.replace_key, said, name=f"{kind}-key"),
        path("<int:pk>/test/", connections.test, said, name=f"{kind}-test"),
    ]


_audience: list[URLPattern | URLResolver] = [
    path("", audiences.detail, name="detail"),
    path("definition/", draft.definition, name="definition"),
    path("definition/acknowledge/", acknowledgement.acknowledge, name="acknowledge"),
    path("definition/check/", draft.check, name="check"),
    path("definition/discard/", draft.discard, name="discard"),
    path("definition/new/", draft.revise, name="revise"),
    path("definition/v<int:number>/", audiences.version, name="version"),
    path("definition/v<int:number>/ask/", approval.ask, name="ask-approval"),
    path("definition/v<int:number>/withdraw/", approval.withdraw, name="withdraw"),
    path("definition/v<int:number>/approve/", approval.approve, name="approve"),
    path("definition/v<int:number>/decline/", approval.decline, name="decline"),
    path("definition/v<int:number>/override/<int:pk>/", policy.override, name="gate-override"),
    path("pipe/<int:pk>/", pipe_requests.ask, name="pipe-ask"),
]
urlpatterns: list[URLPattern | URLResolver] = [
    path("audiences/all/", audiences.list_audiences, name="list"),
    path("audiences/register/", registration.begin, name="register"),
    path("audiences/segments/<int:pk>/refresh/", registration.refresh, name="refresh"),
    path("audiences/segments/<int:pk>/size/", registration.measure, name="measure"),
    path("audiences/lists/<int:pk>/again/", audiences.try_again, name="try-again"),
    path("audiences/<slug:slug>/", include(_audience)),
    path("connections/", connections.list_connections, name="connections"),
    path("connections/test/", connections.test_all, name="test-all"),
    path("connections/workspaces/", include(_connection("workspace") + _tested("workspace"))),
    path("connections/workspaces/<int:pk>/signing/", signing_keys.keys, name="signing-keys"),
    path("connections/workspaces/<int:pk>/signing/<int:key>/retire/", signing_keys.retire, name="signing-key-retire"),
    path("connections/pipes/", include(_connection("pipe") + _tested("pipe"))),
    path("connections/destinations/", include(_connection("destination"))),
    path("roster/", roster.roster, name="roster"),
    path("roster/domains/", roster.allow_domain, name="roster-domain"),
    path("roster/domains/<int:pk>/drop/", roster.drop_domain, name="roster-drop"),
    path("roster/<int:pk>/remove/", roster.remove, name="roster-remove"),
    path("connections/requests/<int:pk>/", pipe_requests.show, name="pipe-request"),
    path("connections/requests/<int:pk>/remind/", pipe_requests.remind, name="pipe-remind"),
    path("connections/requests/<int:pk>/withdraw/", pipe_requests.withdraw, name="pipe-withdraw"),
    path("connections/requests/<int:pk>/answer/", pipe_requests.answer, name="pipe-answer"),
    path("cohorts/", cohorts.cohorts, name="cohorts"),
    path("cohorts/<int:pk>/<slug:key>/", cohorts.choose, name="cohort-choose"),
    path("suppression/policy/", policy.policy, name="policy"),
    path("suppression/policy/<int:pk>/add/", policy.add, name="policy-add"),
    path("suppression/policy/<int:pk>/suggested/", policy.suggested, name="policy-suggested"),
    path("suppression/policy/lines/<int:pk>/", policy.line, name="policy-line"),
    path("suppression/policy/lines/<int:pk>/off/", policy.take_off, name="policy-off"),
    path("suppression/policy/lines/<int:pk>/again/", policy.again, name="policy-again"),
    path("traits/", traits.list_traits, name="traits"),
    path("traits/add/", traits.add, name="trait-add"),
    path("traits/<int:pk>/", traits.edit, name="trait"),
    path("traits/<int:pk>/allow/", traits.allow_for, name="trait-allow"),
    path("traits/<int:pk>/allow/<int:allowance>/withdraw/", traits.withdraw, name="trait-withdraw"),
    path("traits/<int:pk>/retire/", traits.retire, name="trait-retire"),
    path("traits/<int:pk>/restore/", traits.restore, name="trait-restore"),
]
