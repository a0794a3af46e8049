"""gunicorn's configuration of a portal that does not wait for its first request."""

from __future__ import annotations


def post_worker_init(worker: object) -> None:
    """In each worker, once its portal is loaded."""
    from tests.processes.served import portal

    portal.sms.start(portal.app)
