"""Addresses of what is read back: access, list ids, readings, where lists are used."""

from django.urls import URLPattern, path

from .views import access, answers, attachments, entries, lists, messages, panels, reports, suppression

app_name = "reconciliation"
urlpatterns: list[URLPattern] = [
    path("connections/reading/", access.rows, name="reading"),
    path("connections/destinations/<int:pk>/reading/", access.access, name="access"),
    path("connections/destinations/<int:pk>/reading/test/", access.test, name="access_test"),
    path("connections/destinations/<int:pk>/reading/stop/", access.stop, name="access_stop"),
    path("connections/destinations/<int:pk>/reading/resume/", access.resume, name="access_resume"),
    path("connections/destinations/<int:pk>/lists/", attachments.unknown, name="unknown_lists"),
    path("connections/lists/<int:pk>/may-stay/", attachments.may_stay, name="may_stay"),
    path("lists/<int:pk>/at-platform/", lists.list_at, name="list_at"),
    path("lists/<int:pk>/at-platform/there/", lists.there, name="there"),
    path("lists/<int:pk>/at-platform/forget/", lists.forget, name="forget"),
    path("lists/<int:pk>/enter/", entries.enter_figures, name="enter"),
    path("lists/<int:pk>/attachment/", attachments.sign, name="sign"),
    path("lists/<int:pk>/answer/", answers.answer, name="answer"),
    path("profile/messages/", messages.wishes, name="wishes"),
    path("profile/messages/<int:pk>/", messages.message, name="message"),
    path("health/messages/", messages.undelivered, name="undelivered"),
    path("figures/import/", entries.import_figures, name="import"),
    path("figures/import/template.csv", entries.template, name="import_template"),
    path("audiences/<slug:slug>/used/", attachments.of_audience, name="where_used"),
    path("match/", panels.trends, name="trends"),
    path("audiences/<slug:slug>/arrived/", panels.arrived, name="arrived"),
    path("audiences/<slug:slug>/ladder/", panels.ladder, name="ladder"),
    path("audiences/<slug:slug>/holdout/", panels.holdout, name="holdout"),
    path("audiences/<slug:slug>/coverage/", panels.coverage, name="coverage"),
    path("suppression/", suppression.suppression, name="suppression"),
    path("suppression/count/", suppression.count, name="suppression_count"),
    path("suppression/sizes.csv", suppression.sizes, name="suppression_csv"),
    path("suppression/lines/<int:pk>/ask/", suppression.ask, name="suppression_ask"),
    path("suppression/lines/<int:pk>/note/", suppression.note, name="suppression_note"),
    path("reports/", reports.reports, name="reports"),
    path("reports/<slug:week>/", reports.report, name="report"),
    path("reports/<slug:week>.csv", reports.report_csv, name="report_csv"),
    path("reports/<slug:week>/audiences/", reports.audiences, name="report_audiences"),
    path("reports/<slug:week>/sign/", reports.sign, name="report_sign"),
]
