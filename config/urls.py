"""Every route of the portal and the console."""

from django.urls import include, path

urlpatterns = [
    # Before allauth's, as it stands in front of some of them.
    path("", include("accounts.security.urls")),
    path("account/", include("allauth.urls")),
    path("", include("accounts.billing.urls")),
    path("", include("accounts.rights.urls")),
    path("", include("accounts.tickets.urls")),
    path("", include("accounts.policies.urls")),
    path("", include("crawler.urls")),
    path("", include("search.urls")),
    path("", include("alerts.urls")),
    path("", include("takedowns.urls")),
    path("", include("portal.urls")),
]

handler400 = "portal.errors.bad_request"
handler403 = "portal.errors.forbidden"
handler404 = "portal.errors.not_found"
handler500 = "portal.errors.server_error"
