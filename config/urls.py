"""Every route of the portal and the console."""

from importlib.util import find_spec

from django.urls import include, path

urlpatterns = [
    path("account/", include("allauth.urls")),
    path("", include("search.urls")),
    path("", include("portal.urls")),
]
if find_spec("takedowns.urls"):
    urlpatterns.insert(2, path("", include("takedowns.urls")))

handler400 = "portal.errors.bad_request"
handler403 = "portal.errors.forbidden"
handler404 = "portal.errors.not_found"
handler500 = "portal.errors.server_error"
