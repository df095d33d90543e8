from django.urls import path

from search import age_views, enrol_views, live_views, optout_live_views, optout_staff_views, optout_views, views

app_name = "search"
urlpatterns = [
    path("enrol/", enrol_views.enrol, name="enrol"),
    path("enrol/age/", age_views.age, name="age"),
    path("enrol/live/", live_views.live_check, name="live"),
    path("enrol/live/begin/", live_views.live_begin, name="live_begin"),
    path("enrol/live/frame/", live_views.live_frame, name="live_frame"),
    path("enrol/without-a-camera/", enrol_views.assisted, name="assisted"),
    path("enrol/photos/", enrol_views.photos, name="photos"),
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
    path("opt-out/yours/<str:token>/", optout_views.optout_yours, name="optout_yours"),
    path("opt-out/yours/<str:token>/check/", optout_live_views.optout_check, name="optout_check"),
    path("opt-out/yours/<str:token>/live/begin/", optout_live_views.optout_live_begin, name="optout_live_begin"),
    path("opt-out/yours/<str:token>/live/frame/", optout_live_views.optout_live_frame, name="optout_live_frame"),
    path("opt-out/yours/<str:token>/test/camera/", optout_live_views.optout_test_live, name="optout_test_live"),
    path("opt-out/yours/<str:token>/no-camera/", optout_views.optout_assisted, name="optout_assisted"),
    path("opt-out/yours/<str:token>/test/", optout_views.optout_test, name="optout_test"),
    path("opt-out/withdraw/<str:token>/", optout_views.optout_withdraw, name="optout_withdraw"),
    path("console/opt-outs/", optout_staff_views.optouts, name="optouts"),
    path("console/opt-outs/<uuid:pk>/", optout_staff_views.optout_decide, name="optout_decide"),
    path("console/ages/", age_views.age_stops, name="age_stops"),
    path("console/ages/<uuid:pk>/", age_views.age_stop, name="age_stop"),
    path("console/enrolments/", enrol_views.enrolments, name="enrolments"),
    path("console/enrolments/<uuid:pk>/attest/", enrol_views.attest, name="attest"),
]
