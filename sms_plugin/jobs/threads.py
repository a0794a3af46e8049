"""How APScheduler runs what recurs: in threads that nobody has to wait for."""

# mypy: allow-untyped-calls

from __future__ import annotations

import sys
from datetime import datetime
from threading import Thread
from typing import Any

from apscheduler.executors.base import BaseExecutor, run_job


class Threads(BaseExecutor):
    """A thread for each run, which dies with the process. APScheduler's own pool would be waited for at the end of the
    process, before anybody could tell its jobs to stop.
    """

    def __init__(self) -> None:
        super().__init__()

    def _do_submit_job(self, job: Any, run_times: list[datetime]) -> None:
        Thread(target=self._run, args=(job, run_times), name="sms-jobs", daemon=True).start()

    def _run(self, job: Any, run_times: list[datetime]) -> None:
        try:
            events = run_job(job, job._jobstore_alias, run_times, self._logger.name)
        except Exception:  # noqa: BLE001 - told as APScheduler's own executors tell it
            self._run_job_error(job.id, *sys.exc_info()[1:])
        else:
            self._run_job_success(job.id, events)
