"""Settings, URLs and the work queue. Importing the project makes the Celery app the current one."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
