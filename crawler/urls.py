"""The routes of crawling: the staff console."""

from django.urls import path

from crawler import console
from crawler.blocklists import restricted_views

app_name = "crawler"
urlpatterns = [
    path("console/sources/", console.source_list, name="sources"),
    path("console/sources/new/", console.source_new, name="source_new"),
    path("console/sources/<uuid:pk>/", console.source, name="source"),
    path("console/sources/<uuid:pk>/edit/", console.source_edit, name="source_edit"),
    path("console/sources/<uuid:pk>/crawl/", console.source_crawl, name="source_crawl"),
    path("console/sources/<uuid:pk>/pause/", console.source_pause, name="source_pause"),
    path("console/sources/<uuid:pk>/resume/", console.source_resume, name="source_resume"),
    path("console/runs/<uuid:pk>/", console.run, name="run"),
    path("console/runs/<uuid:pk>/pause/", console.run_pause, name="run_pause"),
    path("console/runs/<uuid:pk>/resume/", console.run_resume, name="run_resume"),
    path("console/runs/<uuid:pk>/stop/", console.run_stop, name="run_stop"),
    path("console/blocked/", console.blocked, name="blocked"),
    path("console/blocked/<int:pk>/remove/", console.unblock, name="unblock"),
    path("console/restricted/", restricted_views.queue, name="restricted"),
    path("console/restricted/<uuid:pk>/report/", restricted_views.report, name="restricted_report"),
    path("console/restricted/<uuid:pk>/close/", restricted_views.close, name="restricted_close"),
]
