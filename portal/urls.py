from django.conf import settings
from django.urls import path

from portal import history_views, transparency_views, views

app_name = "portal"
urlpatterns = [
    path("", views.landing, name="landing"),
    path("home/", views.home, name="home"),
    path("dashboard/", views.dashboard, name="dashboard"),
    path("history/", history_views.page, name="history"),
    path("report/", views.report, name="report"),
    path("privacy/", views.privacy, name="privacy"),
    path("transparency/", transparency_views.reports, name="transparency"),
    path("transparency/reports.json", transparency_views.index_json, name="transparency_index"),
    path("transparency/<slug:period>/", transparency_views.report, name="transparency_report"),
    path("transparency/<slug:period>.json", transparency_views.as_json, name="transparency_json"),
    path("crawler/", views.crawler, name="crawler"),
    path("help/", views.help_page, name="help"),
    path("healthz", views.healthz, name="healthz"),
]
if settings.DEBUG:
    urlpatterns.append(path("styleguide/", views.styleguide, name="styleguide"))
