"""Who may call which address, with which methods. test_access.py asserts every cell; an address without a row fails it.

This is written by hand on purpose: it says what should be, and does not ask the code.
"""

Who = frozenset[str]
Row = dict[str, Who]  # by method; another method is refused to everybody

ROLES = STRANGER, MARKETER, MANAGER, PAID_MEDIA, ADMINISTRATOR = (
    "stranger",
    "marketer",
    "manager",
    "paid_media",
    "administrator",
)
ANYBODY = frozenset(ROLES)
PEOPLE = ANYBODY - {STRANGER}
OPERATORS = frozenset({MARKETER, MANAGER})
MANAGERS = frozenset({MANAGER})
ADMINISTRATORS = frozenset({ADMINISTRATOR})
NOT_PAID_MEDIA = PEOPLE - {PAID_MEDIA}


def reads(who: Who) -> Row:
    return {"GET": who}


def acts(who: Who) -> Row:
    return {"POST": who}


def form(who: Who) -> Row:
    return {"GET": who, "POST": who}


MUSTER: dict[str, Row] = {
    "": reads(PEOPLE),
    "audiences/": reads(PEOPLE),
    "favicon.ico": reads(ANYBODY),
    "sign-in/": form(ANYBODY),
    "sign-out/": acts(ANYBODY),
    "setup/": form(ANYBODY),
    "invitation/<str:token>/": form(ANYBODY),
    "profile/": form(PEOPLE),
    "profile/password/": acts(PEOPLE),
    "people/": reads(ADMINISTRATORS),
    "people/invite/": form(ADMINISTRATORS),
    "people/<int:pk>/": form(ADMINISTRATORS),
    "people/<int:pk>/link/": acts(ADMINISTRATORS),
    "people/<int:pk>/disable/": acts(ADMINISTRATORS),
    "people/<int:pk>/enable/": acts(ADMINISTRATORS),
    "log/": reads(PEOPLE),
    # the back office's own pages for these are replaced by ours
    "back-office/login/": form(ANYBODY),
    "back-office/logout/": acts(ANYBODY),
    "back-office/password_change/": form(PEOPLE),
}
AUDIENCES: dict[str, Row] = {
    "audiences/all/": reads(PEOPLE),
    "audiences/register/": form(OPERATORS),
    "audiences/segments/<int:pk>/refresh/": acts(OPERATORS),
    "audiences/segments/<int:pk>/size/": acts(OPERATORS),
    "audiences/lists/<int:pk>/again/": acts(OPERATORS),
    "audiences/<slug:slug>/": reads(PEOPLE),
    "audiences/<slug:slug>/definition/": form(OPERATORS),
    "audiences/<slug:slug>/definition/acknowledge/": acts(MANAGERS),
    "audiences/<slug:slug>/definition/check/": acts(OPERATORS),
    "audiences/<slug:slug>/definition/discard/": acts(OPERATORS),
    "audiences/<slug:slug>/definition/new/": form(OPERATORS),
    "audiences/<slug:slug>/definition/v<int:number>/": reads(PEOPLE),
    "audiences/<slug:slug>/definition/v<int:number>/ask/": acts(OPERATORS),
    "audiences/<slug:slug>/definition/v<int:number>/withdraw/": acts(OPERATORS),
    "audiences/<slug:slug>/definition/v<int:number>/approve/": acts(MANAGERS),
    "audiences/<slug:slug>/definition/v<int:number>/decline/": acts(MANAGERS),
    "audiences/<slug:slug>/definition/v<int:number>/override/<int:pk>/": acts(MANAGERS),
    "audiences/<slug:slug>/pipe/<int:pk>/": form(OPERATORS),
}
CONNECTIONS: dict[str, Row] = {
    "connections/": reads(NOT_PAID_MEDIA),
    "connections/test/": acts(ADMINISTRATORS),
    **{
        f"connections/{kind}/{rest}": row
        for kind in ("workspaces", "pipes", "destinations")
        for rest, row in {
            "add/": form(ADMINISTRATORS),
            "<int:pk>/": form(ADMINISTRATORS),
            "<int:pk>/archive/": form(ADMINISTRATORS),
            "<int:pk>/restore/": acts(ADMINISTRATORS),
        }.items()
    },
    **{
        f"connections/{kind}/<int:pk>/{rest}": row
        for kind in ("workspaces", "pipes")
        for rest, row in {"key/": acts(ADMINISTRATORS), "test/": acts(ADMINISTRATORS)}.items()
    },
    "connections/workspaces/<int:pk>/signing/": {"GET": NOT_PAID_MEDIA, "POST": ADMINISTRATORS},
    "connections/workspaces/<int:pk>/signing/<int:key>/retire/": acts(ADMINISTRATORS),
    "roster/": {"GET": NOT_PAID_MEDIA, "POST": ADMINISTRATORS},
    "roster/domains/": acts(ADMINISTRATORS),
    "roster/domains/<int:pk>/drop/": acts(ADMINISTRATORS),
    "roster/<int:pk>/remove/": acts(ADMINISTRATORS),
    "connections/requests/<int:pk>/": reads(NOT_PAID_MEDIA),
    "connections/requests/<int:pk>/remind/": acts(OPERATORS),
    "connections/requests/<int:pk>/withdraw/": acts(OPERATORS),
    "connections/requests/<int:pk>/answer/": acts(ADMINISTRATORS),
    "cohorts/": reads(PEOPLE),
    "cohorts/<int:pk>/<slug:key>/": acts(MANAGERS),
    "suppression/policy/": reads(PEOPLE),
    "suppression/policy/<int:pk>/add/": form(MANAGERS),
    "suppression/policy/<int:pk>/suggested/": acts(MANAGERS),
    "suppression/policy/lines/<int:pk>/": form(MANAGERS),
    "suppression/policy/lines/<int:pk>/off/": acts(MANAGERS),
    "suppression/policy/lines/<int:pk>/again/": acts(MANAGERS),
    "traits/": reads(NOT_PAID_MEDIA),
    "traits/add/": acts(ADMINISTRATORS),
    "traits/<int:pk>/": form(ADMINISTRATORS),
    "traits/<int:pk>/allow/": acts(ADMINISTRATORS),
    "traits/<int:pk>/allow/<int:allowance>/withdraw/": acts(ADMINISTRATORS),
    "traits/<int:pk>/retire/": acts(ADMINISTRATORS),
    "traits/<int:pk>/restore/": acts(ADMINISTRATORS),
}
SYNCS: dict[str, Row] = {
    "health/": reads(PEOPLE),
    "healthz": reads(ANYBODY),
    "readyz": reads(ANYBODY),
    # who may is said by the signature: see test_view_of_webhook.py
    "webhooks/customerio/<int:workspace>/": acts(ANYBODY),
    "runs/": reads(PEOPLE),
    "runs/health/": reads(PEOPLE),
    "runs/strip/": reads(PEOPLE),
    "runs/attention/": reads(PEOPLE),
    "runs/banner/": reads(PEOPLE),
    "runs/<int:pk>/": reads(PEOPLE),
    "runs/<int:pk>/live/": reads(PEOPLE),
    "runs/<int:pk>/cancel/": form(OPERATORS),
    "runs/<int:pk>/release/": acts(MANAGERS),
    "runs/<int:pk>/ask/": acts(PEOPLE),
    "runs/<int:pk>/drop/": acts(OPERATORS),
    "lists/<int:activation>/start/": form(OPERATORS),
    "lists/<int:activation>/grow/": acts(MANAGERS),
    "lists/<int:activation>/schedule/": {"GET": PEOPLE, "POST": OPERATORS},
    "audiences/<slug:slug>/definition/v<int:number>/pilot/": reads(PEOPLE),
    "audiences/<slug:slug>/definition/v<int:number>/promote/": acts(MANAGERS),
    "audiences/<slug:slug>/definition/v<int:number>/switch/": reads(PEOPLE),
    "audiences/<slug:slug>/definition/v<int:number>/switch/plan/": acts(OPERATORS),
    "audiences/<slug:slug>/definition/v<int:number>/switch/dry-run/": acts(OPERATORS),
    "audiences/<slug:slug>/definition/v<int:number>/switch/back/": acts(MANAGERS),
    # administrators stop everything, opt-outs too, and end such a stop: see test_views_pauses.py
    "pauses/": {"GET": PEOPLE, "POST": MANAGERS | ADMINISTRATORS},
    "pauses/<int:pk>/end/": acts(MANAGERS | ADMINISTRATORS),
    "audiences/<slug:slug>/runs/": reads(PEOPLE),
    "audiences/<slug:slug>/pre-flight/": reads(PEOPLE),
    "audiences/<slug:slug>/pre-flight/start/": acts(OPERATORS),
    "audiences/<slug:slug>/changes/": reads(PEOPLE),
    "connections/destinations/<int:pk>/changes/": reads(PEOPLE),
    "readiness/": reads(PEOPLE),
    "audiences/<slug:slug>/readiness/": reads(PEOPLE),
    "audiences/<slug:slug>/checked/": acts(OPERATORS),
    "audiences/<slug:slug>/budget/": reads(PEOPLE),
    "audiences/<slug:slug>/tiers/": reads(PEOPLE),
    "audiences/<slug:slug>/retire/": {"GET": PEOPLE, "POST": OPERATORS},
    "audiences/<slug:slug>/retire/remove/": acts(OPERATORS),
    "audiences/<slug:slug>/retire/back/": acts(OPERATORS),
}
RECONCILIATION: dict[str, Row] = {
    "connections/reading/": reads(NOT_PAID_MEDIA),
    "connections/destinations/<int:pk>/reading/": {"GET": NOT_PAID_MEDIA, "POST": ADMINISTRATORS},
    "connections/destinations/<int:pk>/reading/test/": acts(ADMINISTRATORS),
    "connections/destinations/<int:pk>/reading/stop/": form(ADMINISTRATORS),
    "connections/destinations/<int:pk>/reading/resume/": acts(ADMINISTRATORS),
    "connections/destinations/<int:pk>/lists/": reads(PEOPLE),
    "connections/lists/<int:pk>/may-stay/": acts(OPERATORS | ADMINISTRATORS),
    "lists/<int:pk>/at-platform/": {"GET": PEOPLE, "POST": OPERATORS | ADMINISTRATORS},
    "lists/<int:pk>/at-platform/there/": reads(OPERATORS | ADMINISTRATORS),
    "lists/<int:pk>/at-platform/forget/": acts(OPERATORS | ADMINISTRATORS),
    # whoever answers for drift vouches for figures and for what ads use
    "lists/<int:pk>/enter/": {"GET": PEOPLE, "POST": OPERATORS},
    "lists/<int:pk>/attachment/": {"GET": PEOPLE, "POST": OPERATORS},
    # of operators only who knows the list: see test_views_answers.py
    "lists/<int:pk>/answer/": {"GET": PEOPLE, "POST": OPERATORS},
    "profile/messages/": form(PEOPLE),
    "profile/messages/<int:pk>/": reads(PEOPLE),
    "health/messages/": reads(PEOPLE),
    "figures/import/": form(OPERATORS),
    "figures/import/template.csv": reads(OPERATORS),
    "audiences/<slug:slug>/used/": reads(PEOPLE),
    "match/": reads(PEOPLE),
    "audiences/<slug:slug>/arrived/": reads(PEOPLE),
    "audiences/<slug:slug>/ladder/": reads(PEOPLE),
    "audiences/<slug:slug>/coverage/": reads(PEOPLE),
    "events/": reads(PEOPLE),
    "events/count/": reads(PEOPLE),
    "audiences/count/": reads(PEOPLE),
    "audiences/<slug:slug>/standing/": reads(PEOPLE),
    "events/register/": form(OPERATORS),
    "events/<slug:slug>/": reads(PEOPLE),
    "events/<slug:slug>/edit/": form(OPERATORS),
    # a second person where something is new: see test_views_feeds.py
    "events/<slug:slug>/live/": acts(OPERATORS),
    "events/<slug:slug>/pause/": acts(OPERATORS),
    "events/<slug:slug>/retire/": acts(OPERATORS),
    "events/<slug:slug>/go-on/": acts(OPERATORS),
    "events/<slug:slug>/retry/": acts(OPERATORS),
    "events/<slug:slug>/drop/": acts(OPERATORS),
    "events/<slug:slug>/ask/": acts(PEOPLE),
    "audiences/<slug:slug>/holdout/": reads(PEOPLE),
    "suppression/": reads(PEOPLE),
    "suppression/count/": reads(PEOPLE),
    "suppression/sizes.csv": reads(PEOPLE),
    "suppression/lines/<int:pk>/ask/": acts(PEOPLE),
    "suppression/lines/<int:pk>/note/": acts(PEOPLE),
    "reports/": reads(PEOPLE),
    "reports/<slug:week>/": reads(PEOPLE),
    "reports/<slug:week>.csv": reads(PEOPLE),
    "reports/<slug:week>/audiences/": reads(PEOPLE),
    "reports/<slug:week>/sign/": acts(MANAGERS),
    "reports/<slug:week>/chase/<int:pk>/": acts(MANAGERS),
}
TABLE: dict[str, Row] = {**MUSTER, **AUDIENCES, **CONNECTIONS, **SYNCS, **RECONCILIATION}
