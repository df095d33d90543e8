"""The routes of cases: the subscriber's pages, and the staff console."""

from django.urls import path

from takedowns import console, views, yourself

app_name = "takedowns"
urlpatterns = [
    path("cases/", views.cases, name="cases"),
    path("cases/permission/take-back/", views.revoke, name="revoke"),
    path("cases/open/<uuid:pk>/", views.open_case, name="open"),
    path("cases/yourself/<uuid:pk>/", yourself.guide, name="yourself"),
    path("cases/<uuid:pk>/", views.case, name="case"),
    path("cases/<uuid:pk>/again/", views.again, name="again"),
    path("cases/<uuid:pk>/end/", views.end, name="end"),
    path("console/", console.queue, name="queue"),
    path("console/cases/<uuid:pk>/", console.case, name="console_case"),
    path("console/cases/<uuid:pk>/picture/", console.reveal, name="reveal"),
    path("console/cases/<uuid:pk>/assign/", console.assign, name="assign"),
    path("console/cases/<uuid:pk>/note/", console.note, name="note"),
    path("console/cases/<uuid:pk>/verify/", console.verify_now, name="verify_now"),
    path("console/cases/<uuid:pk>/contacts/", console.look_again, name="look_again"),
    path("console/cases/<uuid:pk>/close/", console.close, name="close"),
    path("console/notices/<uuid:pk>/approve/", console.approve, name="approve"),
    path("console/notices/<uuid:pk>/send/", console.send, name="send"),
    path("console/notices/<uuid:pk>/withdraw/", console.withdraw_notice, name="withdraw_notice"),
    path("console/notices/<uuid:pk>/edit/", console.edit_notice, name="edit_notice"),
    path("console/notices/<uuid:pk>/settle/", console.settle_notice, name="settle_notice"),
    path("console/work/<uuid:pk>/done/", console.work_done, name="work_done"),
]
