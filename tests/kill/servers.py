"""Database servers of the tests' own, to be stopped, killed and started again; the shared ones are left alone."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from tests import databases
from tests.demo_process import free_port

_PATIENCE = 60


class Server(ABC):
    """One server with its data; ``url`` is a database of it."""

    user: str  #: whom the server runs as where the tests run as root
    url: str

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._prepare()
        self.start()

    def start(self) -> None:
        """Start, and wait until it answers. After a crash its own children may still be leaving: it is tried again."""
        until = time.monotonic() + _PATIENCE
        while not self._answers():
            if self._process is None or self._process.poll() is not None:
                with self._given() as given:
                    self._process = subprocess.Popen(self._command(), **given)
            if time.monotonic() > until:
                raise AssertionError(f"The server does not start:\n{(self.folder / 'log').read_text()[-2000:]}")
            time.sleep(0.1)

    def stop(self) -> None:
        """Stop in good order, whoever is connected."""
        self._end(signal.SIGINT if self.user == "postgres" else signal.SIGTERM)

    def crash(self) -> None:
        """``kill -9``, its children too."""
        assert self._process is not None
        for child in _children(self._process.pid):
            os.kill(child, signal.SIGKILL)
        self._end(signal.SIGKILL)

    def cut(self) -> int:
        """End every connection but this question's own; how many they were."""
        engine = sa.create_engine(self.url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        with engine.connect() as connection:
            return self._cut(connection)

    def close(self) -> None:
        """Stop for good."""
        if self._process is not None and self._process.poll() is None:
            self.stop()

    def _end(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)
        self._process.wait(_PATIENCE)

    def _answers(self) -> bool:
        engine = sa.create_engine(self.url, poolclass=sa.NullPool)
        try:
            with engine.connect():
                return True
        except SQLAlchemyError:
            return False

    def _run(self, *command: str) -> None:
        with self._given() as given:
            subprocess.run(command, check=True, timeout=_PATIENCE * 2, **given)

    @contextmanager
    def _given(self) -> Iterator[dict[str, Any]]:
        """Where the server's programs run, and as whom: as root they would refuse."""
        with (self.folder / "log").open("ab") as log:
            given: dict[str, Any] = {"cwd": self.folder, "stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
            yield given | ({"user": self.user, "group": self.user, "extra_groups": []} if os.geteuid() == 0 else {})

    @abstractmethod
    def _prepare(self) -> None: ...

    @abstractmethod
    def _command(self) -> list[str]: ...

    @abstractmethod
    def _cut(self, connection: sa.Connection) -> int: ...


class PostgreSQL(Server):
    user = "postgres"

    def _prepare(self) -> None:
        self.url = f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/postgres"
        data = str(self.folder / "data")
        self._run(_program("initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")

    def _command(self) -> list[str]:
        # what is killed is the server, not the machine: nobody has to wait for the disk
        given = {"listen_addresses": "127.0.0.1", "unix_socket_directories": str(self.folder), "fsync": "off"}
        options = [word for name, value in given.items() for word in ("-c", f"{name}={value}")]
        return [_program("postgres"), "-D", str(self.folder / "data"), "-p", str(self.port), *options]

    def _cut(self, connection: sa.Connection) -> int:
        others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        return len(connection.exec_driver_sql(f"SELECT pg_terminate_backend(pid) {others}").all())


class MariaDB(Server):
    user = "mysql"

    def _prepare(self) -> None:
        self.url = f"mysql+pymysql://root@127.0.0.1:{self.port}/test?charset=utf8mb4"
        self._run(
            _program("mariadb-install-db"),
            "--no-defaults",
            f"--datadir={self.folder / 'data'}",
            "--auth-root-authentication-method=normal",
        )

    def _command(self) -> list[str]:
        return [
            _program("mariadbd"),
            "--no-defaults",
            f"--datadir={self.folder / 'data'}",
            f"--socket={self.folder / 'socket'}",
            f"--pid-file={self.folder / 'pid'}",
            f"--port={self.port}",
            "--bind-address=127.0.0.1",
            "--innodb-flush-log-at-trx-commit=2",
        ]

    def _cut(self, connection: sa.Connection) -> int:
        others = "SELECT id FROM information_schema.processlist WHERE db = 'test' AND id <> connection_id()"
        numbers = connection.exec_driver_sql(others).scalars().all()
        for number in numbers:
            connection.exec_driver_sql(f"KILL {number}")
        return len(numbers)


_KINDS = {databases.POSTGRESQL: PostgreSQL, databases.MARIADB: MariaDB}
_PROGRAMS = {databases.POSTGRESQL: ("initdb", "postgres"), databases.MARIADB: ("mariadb-install-db", "mariadbd")}


def missing(kind: str) -> list[str]:
    """The programs that this machine lacks for a server of its own."""
    return [name for name in _PROGRAMS[kind] if not _found(name)]


@contextmanager
def private(kind: str) -> Iterator[Server]:
    """A server that is gone after the block, with all its data."""
    # not below the tests' own folder, which no other user can enter
    folder = Path(tempfile.mkdtemp(prefix="sms-server-"))
    server_class = _KINDS[kind]
    if os.geteuid() == 0:
        shutil.chown(folder, server_class.user, server_class.user)
    try:
        server = server_class(folder)
        try:
            yield server
        finally:
            server.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _program(name: str) -> str:
    found = _found(name)
    assert found is not None, name
    return found


def _found(name: str) -> str | None:
    """Debian keeps PostgreSQL's programs off the path, a folder for each version; MariaDB's server is an admin's."""
    folders = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True), Path("/usr/sbin")]
    return shutil.which(name, path=os.pathsep.join([*map(str, folders), os.environ.get("PATH", "")]))


def _children(process: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
