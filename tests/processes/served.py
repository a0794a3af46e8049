"""The tests' portal as web servers and commands find it, ``tests.processes.served:app``, made as ``PORTAL`` says."""

from __future__ import annotations

import json
import logging
import os
import time
from typing import Any

import sqlalchemy as sa
from flask import request
from sqlalchemy import Engine

from tests.portal import Portal, make_portal

#: The variable that holds ``{"database", "start", "config"}`` as JSON. With ``start`` the module starts the runner.
GIVEN = "PORTAL"


def tune(engine: Engine) -> None:
    """Set a SQLite engine as ``flask sms check`` advises; leave any other as it is."""

    def tuned(connection: Any, record: object) -> None:
        for pragma in ("busy_timeout = 5000", "journal_mode = WAL", "synchronous = NORMAL"):
            connection.execute(f"PRAGMA {pragma}")

    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", tuned)


def made(database: str, *, tables: bool = False, **config: Any) -> Portal:
    """The portal as every process has it: not under testing, so that runners start."""
    portal = make_portal(database, tables=tables, **{"TESTING": False, "SMS_PUBLIC_URL": None} | config)
    with portal.app.app_context():
        tune(portal.db.engine)
    return portal


def _served() -> Portal:
    logging.basicConfig(format="%(process)d %(levelname)s %(name)s %(message)s", level=logging.INFO)
    given = json.loads(os.environ[GIVEN])
    portal = made(given["database"], **given["config"])

    @portal.app.post("/send")
    def send() -> dict[str, object]:
        """Text somebody, in a transaction of the request; when that had been committed."""
        message = portal.sms.send(to="+351912345678", text=request.form["text"])
        portal.db.session.commit()
        return {"id": str(message), "at": time.time()}

    if given["start"]:
        portal.sms.start(portal.app)
    return portal


if GIVEN in os.environ:
    portal = _served()
    app = portal.app

if __name__ == "__main__":
    app.run(port=int(os.environ["PORT"]), debug=True)
