"""What the phone server posts: receipts, and texts from its phones; signed, and again when the portal does not take
them.
"""

from __future__ import annotations

import hashlib
import heapq
import hmac
import itertools
import json
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from sms_plugin.errors import SmsError
from sms_plugin.gateways.http import Http, base_address
from sms_plugin.testing.phone_network import Bubble

TIMESTAMP_HEADER = "X-Phone-Timestamp"
SIGNATURE_HEADER = "X-Phone-Signature"
_AGAIN_AFTER = (0.5, 1.0, 2.0, 4.0, 8.0)


def signature(body: bytes, *, timestamp: str, secret: str) -> str:
    """The HMAC-SHA256 of timestamp and body, in hexadecimal."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


class Receipts:
    """A thread that posts each receipt when it is due; five more tries where the answer is no 2xx."""

    def __init__(self, *, secret: str, noted: Callable[[Bubble, str], None]) -> None:
        self._secret = secret
        self._noted = noted
        self._due: list[tuple[float, int, int, Bubble, str, str]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._work, daemon=True)

    def start(self) -> None:
        """Begin to post."""
        self._thread.start()

    def stop(self) -> None:
        """Drop what is not posted yet."""
        with self._changed:
            self._ended = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(timeout=2.0)

    def clear(self) -> None:
        """Drop what is not posted yet, and go on."""
        with self._changed:
            self._due.clear()

    def plan(self, bubble: Bubble, *, state: str, url: str, after: float, tries: int = 0) -> None:
        """Post the receipt in ``after`` seconds."""
        with self._changed:
            due = (time.monotonic() + after, next(self._order), tries, bubble, state, url)
            heapq.heappush(self._due, due)
            self._changed.notify()

    def _work(self) -> None:
        with Http(connect_timeout=2.0, read_timeout=10.0, private=True) as http:
            while (task := self._next()) is not None:
                tries, bubble, state, url = task
                if tries == 0 and not bubble.mine:
                    self._noted(bubble, state)
                taken = self._post(http, bubble, state=state, url=url)
                if bubble.mine and taken:
                    self._noted(bubble, state)
                if not taken and tries < len(_AGAIN_AFTER):
                    self.plan(bubble, state=state, url=url, after=_AGAIN_AFTER[tries], tries=tries + 1)

    def _next(self) -> tuple[int, Bubble, str, str] | None:
        with self._changed:
            while not self._ended:
                wait = self._due[0][0] - time.monotonic() if self._due else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._due)[2:]
                self._changed.wait(wait)
            return None

    def _post(self, http: Http, bubble: Bubble, *, state: str, url: str) -> bool:
        if not url:
            return True
        told = _text(bubble) if bubble.mine else _receipt(bubble, state)
        body, timestamp = json.dumps(told).encode(), str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            TIMESTAMP_HEADER: timestamp,
            SIGNATURE_HEADER: signature(body, timestamp=timestamp, secret=self._secret),
        }
        try:
            base_address(url.partition("?")[0])
            return http.request("POST", url, data=body, headers=headers).ok
        except SmsError:
            return False


def _receipt(bubble: Bubble, state: str) -> dict[str, str]:
    return {
        "id": bubble.id,
        "reference": bubble.reference,
        "to": bubble.to,
        "status": state,
        "at": datetime.now(UTC).isoformat(),
    }


def _text(bubble: Bubble) -> dict[str, str]:
    return {
        "from": bubble.to,
        "text": bubble.text,
        "reference": bubble.reference,
        "answers": bubble.id,
        "at": datetime.fromtimestamp(bubble.at, UTC).isoformat(),
    }
