"""The routes of alerts."""

from django.urls import path

from alerts import address_views, bounce_hook, channel_views, preview_views, settings_views, staff_views, webhook_views

app_name = "alerts"
urlpatterns = [
    path("alerts/", settings_views.alert_settings, name="settings"),
    path("alerts/test/", settings_views.send_test, name="send_test"),
    path("alerts/listen-again/", settings_views.listen_again, name="listen_again"),
    path("alerts/webhooks/", webhook_views.index, name="webhooks"),
    path("alerts/webhooks/<uuid:pk>/", webhook_views.webhook, name="webhook"),
    path("alerts/webhooks/<uuid:pk>/switch/", webhook_views.switch, name="webhook_switch"),
    path("alerts/webhooks/<uuid:pk>/secret/", webhook_views.renew, name="webhook_renew"),
    path("alerts/webhooks/<uuid:pk>/test/", webhook_views.test, name="webhook_test"),
    path("alerts/webhooks/<uuid:pk>/delete/", webhook_views.delete, name="webhook_delete"),
    path("alerts/webhooks/calls/<uuid:pk>/again/", webhook_views.again, name="webhook_again"),
    path("alerts/feed/", channel_views.feed_page, name="feed"),
    path("alerts/feed/new/", channel_views.feed_new, name="feed_new"),
    path("alerts/feed/off/", channel_views.feed_off, name="feed_off"),
    path("feed/<str:token>/", channel_views.atom, name="atom"),
    path("alerts/push/", channel_views.push_page, name="push"),
    path("alerts/push/add/", channel_views.push_add, name="push_add"),
    path("alerts/push/<uuid:pk>/remove/", channel_views.push_remove, name="push_remove"),
    path("push-worker.js", channel_views.push_worker, name="push_worker"),
    path("mail/stop/<str:token>/", address_views.stop, name="stop"),
    path("mail/stopped/<str:token>/", address_views.stopped, name="stopped"),
    path("alerts/address/again/", address_views.address_again, name="address_again"),
    path("hooks/bounces/", bounce_hook.receive, name="bounce_hook"),
    path("console/delivery/", staff_views.delivery, name="delivery"),
    path("console/delivery/previews/", preview_views.index, name="previews"),
    path("console/delivery/previews/<slug:key>/", preview_views.preview, name="preview"),
    path("console/delivery/previews/<slug:key>/mail/", preview_views.mail, name="preview_mail"),
]
