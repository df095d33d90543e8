from django.urls import path

from search import enrol_views, optout_views, views

app_name = "search"
urlpatterns = [
    path("enrol/", enrol_views.enrol, name="enrol"),
    path("enrol/withdraw/", enrol_views.withdraw_enrolment, name="withdraw_enrolment"),
    path("matches/", views.matches, name="matches"),
    path("matches/<uuid:pk>/", views.match, name="match"),
    path("matches/<uuid:pk>/decide/", views.decide, name="decide"),
    path("matches/<uuid:pk>/undo/", views.undo, name="undo"),
    path("matches/<uuid:pk>/preview/", views.preview, name="preview"),
    path("consents/", views.consents, name="consents"),
    path("opt-out/", optout_views.optout_request, name="optout"),
    path("opt-out/sent/", optout_views.optout_sent, name="optout_sent"),
    path("opt-out/confirm/<str:token>/", optout_views.optout_confirm, name="optout_confirm"),
    path("opt-out/withdraw/<str:token>/", optout_views.optout_withdraw, name="optout_withdraw"),
    path("console/enrolments/", enrol_views.enrolments, name="enrolments"),
    path("console/enrolments/<uuid:pk>/attest/", enrol_views.attest, name="attest"),
]
