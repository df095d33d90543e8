from django.urls import path

from accounts.security import console_views, views

app_name = "security"
urlpatterns = [
    path("account/security/", views.index, name="index"),
    path("account/details/", views.details, name="details"),
    path("account/discreet/", views.discreet, name="discreet"),
    path("account/second-factor/", views.second_factor, name="second_factor"),
    path("account/locked/", views.locked, name="locked"),
    path("account/sessions/end/", views.end_session, name="end_session"),
    # In front of allauth's own.
    path("account/email/", views.email, name="email"),
    path("account/2fa/", views.factors, name="factors"),
    path("console/locks/", console_views.locked_accounts, name="locks"),
    path("console/locks/lift/", console_views.lift, name="lift"),
]
