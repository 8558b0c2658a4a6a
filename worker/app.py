"""The Celery application: the engine that runs the work. What has to be done stands in the rows."""

from functools import lru_cache

from celery import Celery

from core.settings import settings

QUEUE = "ombud"
SCHEDULER = "celery.beat:Scheduler"
"""Keeps the schedule in memory: nothing in it needs to outlive the process."""


@lru_cache(maxsize=1)
def celery() -> Celery:
    """The application for this process's settings.

    Results are never read, so never stored; a task is acknowledged late, since running one twice harms nothing.
    """
    current = settings()
    # kombu warns about a missing host name at every start, though nobody listens on one
    broker = "memory://localhost/" if current.broker_url.rstrip("/") == "memory:" else current.broker_url
    app = Celery("ombud", broker=broker)
    app.conf.update(
        task_default_queue=QUEUE,
        task_ignore_result=True,
        task_acks_late=True,
        task_serializer="json",
        accept_content=["json"],
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_prefetch_multiplier=1,
        worker_send_task_events=False,
        broker_connection_retry_on_startup=True,
        broker_transport_options={
            "polling_interval": 0.02 if current.embedded else None,
            "visibility_timeout": 600,
            "socket_connect_timeout": 1,
            "socket_timeout": 3,
            "max_retries": 0,
        },
        broker_pool_limit=2,
        timezone="UTC",
        enable_utc=True,
    )
    if not current.embedded:
        app.conf.broker_transport_options = {
            key: value for key, value in app.conf.broker_transport_options.items() if key != "polling_interval"
        }
    return app
