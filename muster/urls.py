"""Every address of Muster: each app brings its own."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from muster.views import favicon, home, invitation, log, people, profile, setup, sign_in

people_pages = (
    [
        path("", people.list_people, name="list"),
        path("invite/", people.invite, name="invite"),
        path("<int:pk>/", people.edit, name="edit"),
        path("<int:pk>/link/", people.new_link, name="link"),
        path("<int:pk>/disable/", people.disable, name="disable"),
        path("<int:pk>/enable/", people.enable, name="enable"),
    ],
    "people",
)
urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.begin, name="home"),
    path("audiences/", home.your_audiences, name="your_audiences"),
    path("audiences/count/", home.count, name="your_audiences_count"),
    path("audiences/<slug:slug>/standing/", home.of_audience, name="standing_of"),
    path("", include("audiences.urls")),
    path("", include("syncs.urls")),
    path("", include("reconciliation.urls")),
    path("favicon.ico", favicon),
    path("sign-in/", sign_in.sign_in, name="sign-in"),
    path("sign-out/", sign_in.sign_out, name="sign-out"),
    path("setup/", setup.setup, name="setup"),
    path("invitation/<str:token>/", invitation.invitation, name="invitation"),
    path("profile/", profile.profile, name="profile"),
    path("profile/password/", profile.change_password, name="password"),
    path("people/", include(people_pages)),
    path("log/", log.log, name="log"),
    # The admin's own pages for these know neither throttle nor event log.
    path("back-office/login/", sign_in.sign_in),
    path("back-office/logout/", sign_in.sign_out),
    path("back-office/password_change/", profile.profile),
    path("back-office/", admin.site.urls),
]
handler400 = "muster.views.failures.not_understood"
handler403 = "muster.views.failures.not_allowed"
handler404 = "muster.views.failures.not_found"
handler500 = "muster.views.failures.broken"
