"""A portal with the seeded records, a fresh copy for each test.

On SQLite only: what is tested here is the demo's own pages, not the plugin's tables. ``test_demo_whole_way`` walks
through all of it on every kind of database.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page

from host_demo import create_app
from host_demo.database import db
from host_demo.seed.people import ADMIN_LOGIN, ADMIN_PASSWORD, OPERATOR_LOGIN, OPERATOR_PASSWORD
from host_demo.setup import prepare
from tests.demo.office import Office, bare_portal, opened
from tests.demo.steps import sign_in
from tests.demo.visitor import Visitor
from tests.demo_process import RunningDemo, running_demo


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == Path(__file__).parent and {"portal", "office"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.one_database("sqlite", "the demo's own pages"))


def _portal_on(file: Path) -> Flask:
    return create_app({"TESTING": True, "SQLALCHEMY_DATABASE_URI": f"sqlite:///{file}"})


def _close(app: Flask) -> None:
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="session")
def seeded_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("seeded") / "portal.db"
    app = _portal_on(file)
    prepare(app)
    _close(app)
    return file


@pytest.fixture
def portal(seeded_file: Path, tmp_path: Path) -> Iterator[Flask]:
    app = _portal_on(Path(shutil.copy(seeded_file, tmp_path / "portal.db")))
    yield app
    _close(app)


@pytest.fixture
def stranger(portal: Flask) -> Visitor:
    return Visitor(client=portal.test_client())


@pytest.fixture
def admin(portal: Flask) -> Visitor:
    visitor = Visitor(client=portal.test_client())
    visitor.sign_in(ADMIN_LOGIN, ADMIN_PASSWORD)
    return visitor


@pytest.fixture
def operator(portal: Flask) -> Visitor:
    visitor = Visitor(client=portal.test_client())
    visitor.sign_in(OPERATOR_LOGIN, OPERATOR_PASSWORD)
    return visitor


@pytest.fixture(scope="session")
def bare_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("bare") / "office.db"
    bare_portal(file)
    return file


@pytest.fixture
def office(bare_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """The demo as it is after install, with its phones; what they get is read there."""
    with opened(bare_file, tmp_path, monkeypatch) as made:
        yield made


@pytest.fixture(scope="module")
def demo() -> Iterator[RunningDemo]:
    """The demo as ``make demo`` starts it, in a process of its own."""
    with running_demo() as running:
        yield running


@pytest.fixture
def page(chrome: Browser, demo: RunningDemo) -> Iterator[Page]:
    """The administrator's window at that demo, in which nothing may go wrong."""
    page = chrome.new_page(viewport={"width": 1280, "height": 800})
    errors: list[str] = []
    page.on("console", lambda told: errors.append(told.text) if told.type == "error" else None)
    sign_in(page, demo)
    yield page
    page.close()
    assert [error for error in errors if "favicon" not in error] == []
