"""What all tests share: a portal on a database of its own, and a phone gateway on loopback.

A test that asks for ``database_url`` (or ``empty_database_url``, or ``portal``) runs on every kind of database at hand.
One that needs a certain kind, or makes its database by itself, says so and why, and runs on that kind only:
``@pytest.mark.one_database("sqlite", "locks the file")``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from sms_plugin import models
from sms_plugin.testing.phone_server import PhoneServer
from tests import databases
from tests.needs import CHROMIUM_FLAGS, chromium
from tests.portal import Base, Client, Portal, make_portal
from tests.stock import Stock
from tests.tally import Tally, only_kind


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Tally(config))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that touches tables runs on every kind at hand, unless it says why it runs on one."""
    if "database_kind" in metafunc.fixturenames:
        only = only_kind(metafunc.definition)
        kinds = [kind for kind in databases.kinds() if only in {None, kind}]
        metafunc.parametrize("database_kind", kinds)


@pytest.fixture(scope="session")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stock]:
    """This process's databases with the tests' tables in them."""
    tables = [*reversed(Base.metadata.sorted_tables), *reversed(models.Base.metadata.sorted_tables)]
    made = Stock(make_tables=_make_tables, tables=tables, folder=tmp_path_factory.mktemp("stock"))
    yield made
    made.close()


def _make_tables(url: str) -> None:
    made = make_portal(url)
    with made.app.app_context():
        made.db.engine.dispose()


@pytest.fixture
def database_kind() -> str:
    """The kind of database that the test runs on: ``pytest_generate_tests`` gives each in turn."""
    raise AssertionError("the kinds are given when tests are collected")


@pytest.fixture
def database_url(database_kind: str, stock: Stock, tmp_path: Path) -> Iterator[str]:
    """A database that nobody else uses, with the tables of the plugin and of the tests' portal, all empty.

    Portals that were made on it are closed with it. Where something else still holds it, or its tables are no longer as
    they were, the next test pays for another.
    """
    with stock.lend(database_kind, tmp_path) as url:
        yield url


@pytest.fixture
def empty_database_url(database_kind: str, tmp_path: Path) -> Iterator[str]:
    """A database that nobody else uses, without a table. It takes a quarter of a second on a server."""
    with databases.fresh(database_kind, tmp_path) as url:
        yield url


@pytest.fixture
def portal(database_url: str) -> Iterator[Portal]:
    """The tests' portal, inside its app context; no provider, every trigger off."""
    made = make_portal(database_url)
    with made.app.app_context():
        yield made
        made.db.session.remove()
        made.db.engine.dispose()


@pytest.fixture
def phone() -> Iterator[PhoneServer]:
    """The phone gateway's server, in this process."""
    with PhoneServer() as server:
        yield server


@pytest.fixture
def ana(portal: Portal) -> Client:
    """A client with a good number, committed."""
    client = Client(name="Ana", phone="912 345 678", language="en")
    portal.db.session.add(client)
    portal.db.session.commit()
    return client


# A busy machine takes its time; what comes sooner is not waited for.
expect.set_options(timeout=20_000)


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    """A browser with no window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
        yield browser
        browser.close()
