"""Runners to be killed or stopped, and the portal whose database they share."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from tests.kill.victim import portal_for
from tests.kill.victims import Victims
from tests.portal import Portal


@pytest.fixture(scope="module")
def victims(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victims]:
    """Where runners come from; none of them may have logged an error."""
    made = Victims(tmp_path_factory.mktemp("victims") / "log")
    yield made
    made.close()
    assert made.troubles() == []


@pytest.fixture
def killed_portal(database_url: str) -> Iterator[Portal]:
    """The portal of the process that survives."""
    made = portal_for(database_url)
    with made.app.app_context():
        yield made
        made.db.session.remove()
        made.db.engine.dispose()


@pytest.fixture(autouse=True)
def no_errors(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing that this process logs may be an error."""
    yield
    assert [record.getMessage() for record in caplog.get_records("call") if record.levelno >= logging.ERROR] == []
