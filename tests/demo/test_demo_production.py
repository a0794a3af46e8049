"""The portal as it runs in production: gunicorn with two workers, and the SMS worker beside it (X1, X2)."""

from __future__ import annotations

import os
import re
import signal
import threading
from pathlib import Path

import pytest
import requests
import sqlalchemy as sa
from sqlalchemy.orm import Session

from host_demo.clock import today
from host_demo.models import Client, Invoice, PhoneNumber
from host_demo.seed.people import ADMIN_LOGIN, ADMIN_PASSWORD
from tests.demo.visitor import TOKEN
from tests.demo_process import RunningDemo, running_demo

pytestmark = pytest.mark.slow


def _send(visitor: requests.Session, url: str, **fields: str) -> str:
    """The page that a form leads to, filled in with the token that it carries."""
    token = TOKEN.search(visitor.get(url, timeout=30).text)
    assert token, url
    answer = visitor.post(url, data={"csrf_token": token[1], **fields}, timeout=30)
    answer.raise_for_status()
    return answer.text


def _unpaid(database: str) -> tuple[int, str, str]:
    """An open invoice of a client who can be texted: its id, its number and what is left of it."""
    engine = sa.create_engine(database)
    with Session(engine) as session:
        reachable = sa.exists().where(
            PhoneNumber.client_id == Client.id, PhoneNumber.main, PhoneNumber.number.like("+351 91%")
        )
        found = session.scalars(
            sa.select(Invoice).join(Invoice.client).where(Invoice.is_unpaid, reachable).order_by(Invoice.id)
        ).first()
        assert found is not None
        told = found.id, found.number, str(found.amount_due)
    engine.dispose()
    return told


def _children(process: int) -> set[int]:
    """All that descend from a process."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text()
        except OSError:
            continue
        parents[int(folder.name)] = int(stat.rpartition(")")[2].split()[1])
    found = {process}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {process}


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def _texts(demo: RunningDemo) -> list[str]:
    lines = requests.get(f"{demo.phone_url}/ledger", timeout=30).json()
    return [line["text"] for line in lines]


def test_a_payment_in_the_pages_reaches_the_phone_through_the_worker_and_all_end_together(
    empty_database_url: str,
) -> None:
    with running_demo(database=empty_database_url, production=True) as demo:
        running = _children(demo.process.pid)
        assert len(running) == 5  # the phones, the worker, gunicorn and its two
        invoice, number, amount = _unpaid(empty_database_url)
        with requests.Session() as visitor:
            _send(visitor, f"{demo.url}/login", login=ADMIN_LOGIN, password=ADMIN_PASSWORD)
            form = {"invoice": str(invoice), "amount": amount, "method": "card", "paid_on": today().isoformat()}
            page = _send(visitor, f"{demo.url}/admin/payment/new/", **form)
        assert re.search(r"alert-success|Record was successfully", page), page
        pause = threading.Event()
        while not any(number in text for text in _texts(demo)):
            pause.wait(0.1)
        demo.process.send_signal(signal.SIGTERM)
        assert demo.process.wait(60) == 0
        assert not [process for process in running if _is_running(process)]
