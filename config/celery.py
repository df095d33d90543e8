"""The Celery app: files as broker by default, Redis or RabbitMQ by `BROKER_URL`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("faceward")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
