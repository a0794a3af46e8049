"""A provider on this machine, with a page that shows the phones: for the demo, for tests and for benchmarks.

``python -m sms_plugin.testing.phone_server --port 5001`` runs it in a process of its own; ``PhoneServer`` is
a context manager that runs it in threads.

``POST /messages`` takes one message (``id``, ``to``, ``text``, ``receipt_url``) or ``{"messages": [...]}``;
``GET /messages/ID`` tells what is held under an id or a reference; ``GET /balance``; ``GET /`` is the page.
``POST /reply`` (a form: ``number``, ``text``) is what the page posts when somebody answers on a phone.
Tests use ``GET`` and ``POST /control``, ``GET /ledger`` and ``POST /reset``.
"""

from __future__ import annotations

import argparse
import gc
import hmac
import signal
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

from sms_plugin.testing.loopback import Ending, LoopbackServer, Received, Reply, json_reply
from sms_plugin.testing.phone_network import (
    NOT_TAKEN,
    REFUSED,
    SILENT,
    SLOW,
    SLOW_SECONDS,
    UNDELIVERED,
    Bubble,
    Control,
    Ledger,
    Mode,
    Network,
)
from sms_plugin.testing.phone_page import page
from sms_plugin.testing.phone_receipts import Receipts

TOKEN = "phone-token"
RECEIPT_SECRET = "phone-receipts"
_CREDITS = 1000
_LONGEST = 1600


class PhoneServer(LoopbackServer):
    """The phone provider, serving between ``start`` and ``stop``.

    ``ledger`` is a file that gets one JSON line for every submission before it is answered.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        ledger: Path | None = None,
        token: str = TOKEN,
        receipt_secret: str = RECEIPT_SECRET,
    ) -> None:
        super().__init__(host=host, port=port)
        self.control = Control()
        self.token = token
        self.receipt_secret = receipt_secret
        self._authorization = f"Bearer {token}".encode()
        self._network = Network()
        self._ledger = Ledger(ledger)
        self._receipts = Receipts(secret=receipt_secret, noted=self._noted)

    def start(self) -> None:
        """Serve, and post receipts."""
        super().start()
        self._receipts.start()

    def stop(self) -> None:
        """End every connection, free the port, drop what was not reported yet."""
        super().stop()
        self._receipts.stop()
        self._ledger.close()

    def set(self, **wanted: Any) -> None:
        """Change the control: its fields, by name."""
        self.control = self.control.changed(wanted)

    def ledger(self) -> Sequence[Mapping[str, Any]]:
        """Every submission received, in order: ``id``, ``to``, ``text``, ``outcome``, ``at``."""
        return self._ledger.lines()

    def reset(self) -> None:
        """Empty phones, empty ledger in memory, nothing left to report, the control as at the start."""
        self.control = Control()
        self._receipts.clear()
        self._network.clear()
        self._ledger.clear()

    def refuses_to_read(self) -> bool:
        """In the mode ``reset_before``."""
        return self.control.mode is Mode.RESET_BEFORE

    def answer(self, request: Received) -> Reply:
        """What the path asks for."""
        if request.method != "GET" and not _may_ask(request):
            return json_reply({"error": "no page may ask for that"}, status=403)
        if request.path == "/messages" and request.method == "POST":
            return self._submitted(request)
        if request.path.startswith("/messages/"):
            return self._found(request)
        routes = {
            ("GET", "/"): lambda: page(self._network),
            ("GET", "/balance"): lambda: self._balance(request),
            ("GET", "/ledger"): lambda: json_reply(list(self.ledger())),
            ("GET", "/control"): lambda: self._shown_control(),
            ("POST", "/control"): lambda: self._set_control(request),
            ("POST", "/reply"): lambda: self._written(request),
            ("POST", "/reset"): lambda: self._reset(),
        }
        route = routes.get((request.method, request.path))
        return route() if route else json_reply({"error": "not found"}, status=404)

    def _allowed(self, request: Received) -> bool:
        return hmac.compare_digest(request.headers.get("authorization", "").encode(), self._authorization)

    def _submitted(self, request: Received) -> Reply:
        if not self._allowed(request):
            return json_reply({"accepted": False, "error": "bad_token"}, status=401)
        try:
            told = request.json()
            several = told.get("messages")
            messages = [_message(one) for one in ([told] if several is None else several)]
        except (ValueError, TypeError, KeyError, AttributeError):
            return json_reply({"accepted": False, "error": "bad_request"}, status=400)
        control = self.control
        results = [self._take(message, mode=control.mode) for message in messages]
        late = SLOW_SECONDS if any(message["to"].endswith(SLOW) for message in messages) else 0.0
        if late or control.latency_ms:
            time.sleep(late + control.latency_ms / 1000)
        return _answered(control, results[0] if several is None else {"results": results})

    def _take(self, message: Mapping[str, str], *, mode: Mode) -> dict[str, object]:
        to = message["to"]
        taken = mode not in NOT_TAKEN and not to.endswith(REFUSED)
        self._ledger.write(
            id=message["id"],
            to=to,
            text=message["text"],
            outcome="accepted" if taken else "refused",
            at=time.time(),
        )
        if not taken:
            return {"accepted": False, "error": "bad_number" if to.endswith(REFUSED) else "no_credit"}
        bubble = self._network.take(id=message["id"], to=to, text=message["text"], url=message["receipt_url"])
        if mode is not Mode.NO_RECEIPTS and not to.endswith(SILENT):
            self._plan_receipts(bubble, url=message["receipt_url"])
        return {"accepted": True, "reference": bubble.reference}

    def _plan_receipts(self, bubble: Bubble, *, url: str) -> None:
        last = "undelivered" if bubble.to.endswith(UNDELIVERED) else "delivered"
        self._receipts.plan(bubble, state="sent", url=url, after=self.control.sent_after)
        self._receipts.plan(bubble, state=last, url=url, after=self.control.delivered_after)

    def _written(self, request: Received) -> Reply:
        form = parse_qs(request.body.decode("utf-8", "replace"))
        number, text = form.get("number", [""])[0], form.get("text", [""])[0].strip()[:_LONGEST]
        bubble = self._network.write(number=number, text=text) if text else None
        if bubble is not None:
            self._receipts.plan(bubble, state="taken", url=bubble.url, after=0.0)
        return Reply(status=303, headers={"Location": "/"})

    def _noted(self, bubble: Bubble, state: str) -> None:
        self._network.report(bubble, state=state)

    def _found(self, request: Received) -> Reply:
        if not self._allowed(request):
            return json_reply({"error": "bad_token"}, status=401)
        held = self._network.having(unquote(request.path.removeprefix("/messages/")))
        return json_reply(
            {"messages": [{"id": one.id, "reference": one.reference, "status": one.state} for one in held]}
        )

    def _balance(self, request: Received) -> Reply:
        if not self._allowed(request):
            return json_reply({"error": "bad_token"}, status=401)
        spent = sum(line["outcome"] == "accepted" for line in self.ledger())
        return json_reply({"balance": str(max(_CREDITS - spent, 0)), "unit": "credits"})

    def _shown_control(self) -> Reply:
        return json_reply(dict(vars(self.control)))

    def _set_control(self, request: Received) -> Reply:
        try:
            self.set(**request.json())
        except (ValueError, TypeError) as error:
            return json_reply({"error": str(error)}, status=400)
        return self._shown_control()

    def _reset(self) -> Reply:
        self.reset()
        return json_reply({})


def _may_ask(request: Received) -> bool:
    """Whether a request that changes something comes from no page at all, or is an answer from our own page."""
    site = request.headers.get("sec-fetch-site")
    return site is None or (request.path == "/reply" and site == "same-origin")


def _message(told: Mapping[str, Any]) -> dict[str, str]:
    message = {name: told[name] for name in ("id", "to", "text")} | {"receipt_url": told.get("receipt_url") or ""}
    if not all(isinstance(value, str) for value in message.values()) or not message["to"]:
        raise ValueError("not a message")
    return message


def _answered(control: Control, results: Mapping[str, object]) -> Reply:
    """The answer, as the mode has it."""
    mode = control.mode
    if mode is Mode.THROTTLE:
        wait = {"Retry-After": str(control.retry_after)}
        return json_reply({"accepted": False, "error": "throttled"}, status=429, headers=wait)
    if mode is Mode.GARBAGE:
        return Reply(body=b"<html>It works!</html>", content_type="text/html")
    if mode is Mode.SERVER_ERROR:
        return json_reply({"error": "internal"}, status=500)
    whole = json_reply(results)
    endings = {Mode.TIMEOUT: Ending.HANG, Mode.RESET_AFTER: Ending.RESET, Mode.DRIP: Ending.DRIP}
    return Reply(body=whole.body, ending=endings.get(mode, Ending.WHOLE))


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted or terminated."""
    parser = argparse.ArgumentParser(prog="python -m sms_plugin.testing.phone_server", description="Phones on a page.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; this machine only by default")
    parser.add_argument("--port", type=int, default=5001, help="0 takes any free port")
    parser.add_argument("--ledger", type=Path, help="file that gets one JSON line for every submission")
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument("--receipt-secret", default=RECEIPT_SECRET)
    chosen = parser.parse_args(arguments)
    ended = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: ended.set())
    server = PhoneServer(
        host=chosen.host,
        port=chosen.port,
        ledger=chosen.ledger,
        token=chosen.token,
        receipt_secret=chosen.receipt_secret,
    )
    gc.freeze()  # the collector would stop every thread for a tenth of a second, and what comes then looks like a burst
    with server:
        sys.stdout.write(f"Phones at {server.url}/\n")
        sys.stdout.flush()
        ended.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
