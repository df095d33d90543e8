"""Every route of the portal and the console."""

from django.urls import include, path

urlpatterns = [
    path("account/", include("allauth.urls")),
]
