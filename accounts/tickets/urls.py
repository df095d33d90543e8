from django.urls import path

from accounts.tickets import console, incident_views, legal_views, views

app_name = "tickets"
urlpatterns = [
    path("ask/", views.ask, name="ask"),
    path("ask/sent/", views.sent, name="sent"),
    path("misuse/", views.misuse, name="misuse"),
    path("requests/", views.mine, name="mine"),
    path("requests/<uuid:pk>/", views.one, name="one"),
    path("requests/<uuid:pk>/add/", views.add, name="add"),
    path("console/requests/", console.queue, name="queue"),
    path("console/requests/new/", console.write_down, name="write_down"),
    path("console/requests/<uuid:pk>/", console.ticket, name="ticket"),
    path("console/requests/<uuid:pk>/reply/", console.reply, name="reply"),
    path("console/requests/<uuid:pk>/note/", console.note, name="note"),
    path("console/requests/<uuid:pk>/kind/", console.classify, name="classify"),
    path("console/requests/<uuid:pk>/extend/", console.extend, name="extend"),
    path("console/requests/<uuid:pk>/close/", console.close, name="close"),
    path("console/requests/<uuid:pk>/reopen/", console.reopen, name="reopen"),
    path("console/requests/<uuid:pk>/assign/", console.assign, name="assign"),
    path("console/incidents/", incident_views.register, name="incidents"),
    path("console/incidents/new/", incident_views.new, name="incident_new"),
    path("console/incidents/<uuid:pk>/", incident_views.incident, name="incident"),
    path("console/incidents/<uuid:pk>/entry/", incident_views.entry, name="incident_entry"),
    path("console/incidents/<uuid:pk>/authority/", incident_views.authority, name="incident_authority"),
    path("console/incidents/<uuid:pk>/no-notice/", incident_views.no_notice, name="incident_no_notice"),
    path("console/incidents/<uuid:pk>/people/", incident_views.people, name="incident_people"),
    path("console/incidents/<uuid:pk>/close/", incident_views.close, name="incident_close"),
    path("console/incidents/<uuid:pk>/reopen/", incident_views.reopen, name="incident_reopen"),
    path("console/legal/", legal_views.register, name="legal"),
    path("console/legal/new/", legal_views.new, name="legal_new"),
    path("console/legal/<uuid:pk>/", legal_views.one, name="legal_request"),
    path("console/legal/<uuid:pk>/review/", legal_views.review, name="legal_review"),
    path("console/legal/<uuid:pk>/disclose/", legal_views.disclose, name="legal_disclose"),
    path("console/legal/<uuid:pk>/refuse/", legal_views.refuse, name="legal_refuse"),
]
