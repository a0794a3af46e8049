"""Couriers: a bounded pool of threads that speak with the gateway, each over a connection of its own.

Nothing here knows the database: a courier is handed departed messages and hands back verdicts.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Event, Thread

from sms_plugin.gateways.contract import About, Capabilities, Gateway, Outgoing, Verdict, refused, unknown
from sms_plugin.gateways.http import Http, Watch
from sms_plugin.outbox.depart import Departed
from sms_plugin.outbox.settle import NOT_SUBMITTED, Finished
from sms_plugin.providers.lines import Line
from sms_plugin.settings import Settings
from sms_plugin.trails import trail

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """What one request takes: departed messages and their receipt addresses. Times are of ``time.monotonic()``."""

    line: Line
    messages: tuple[Departed, ...]
    receipt_urls: tuple[str | None, ...]
    not_before: float  #: the provider's rate allows it then
    set_out_by: float  #: past it too little of the attempt's time is left for a request, or the rate has others go


def requests_of(departed: Sequence[Departed], can: Capabilities) -> list[tuple[Departed, ...]]:
    """What goes in one request each: as many as it takes, of one text where it can carry one only."""
    groups: dict[str, list[Departed]] = {}
    for each in departed:
        groups.setdefault(each.text if can.same_text else "", []).append(each)
    size = can.batch_size
    return [tuple(some[at : at + size]) for some in groups.values() for at in range(0, len(some), size)]


class Couriers:
    """Threads that carry parcels. ``put`` never waits; ``collect`` waits as long as it is told."""

    def __init__(self, settings: Settings, *, watch: Watch | None = None) -> None:
        """``watch`` is told what the gateways say and are told, secrets and all: for a test message only."""
        self._settings = settings
        self._watch = watch
        self._todo: SimpleQueue[Parcel | None] = SimpleQueue()
        self._done: deque[tuple[Finished, ...]] = deque()  #: by parcel
        self._wanted = 0
        self._enough = Event()  #: as many are done as are wanted
        self._threads: list[Thread] = []
        self.in_flight = 0  #: messages handed out and not yet collected; only the flush's own thread counts
        self.requests = 0  #: parcels handed out and not yet collected, likewise
        self.pace = 0.0  #: seconds that a request takes of late, about: a hint, written by all threads

    def put(self, parcel: Parcel) -> None:
        """Hand out a parcel, and start a thread for it where all are busy."""
        self.in_flight += len(parcel.messages)
        self.requests += 1
        self._staff()
        if self._threads:
            self._todo.put(parcel)
        else:
            self._done.append(_finished(parcel, [NOT_SUBMITTED] * len(parcel.messages)))

    def _staff(self) -> None:
        """Have a thread for each parcel, as far as there may be so many: one may have died."""
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        while len(self._threads) < min(self._settings.threads, self.requests):
            thread = Thread(target=self._carry, name=f"sms-courier-{len(self._threads)}", daemon=True)
            try:
                thread.start()
            except RuntimeError:
                log.error("no thread can be started to speak with the provider")
                return
            self._threads.append(thread)

    def collect(self, *, least: int, wait: float) -> list[Finished]:
        """Verdicts that came back: of at least so many requests, unless ``wait`` seconds are over; then all of them."""
        self._staff()
        self._wanted = min(least, self.requests)
        self._enough.clear()
        if len(self._done) < self._wanted and wait > 0:
            # woken once, by the verdict that makes them enough: a wake for each would take the couriers' time
            self._enough.wait(wait)
        finished: list[Finished] = []
        while self._done:
            finished += self._done.popleft()
            self.requests -= 1
        self.in_flight -= len(finished)
        return finished

    @property
    def per_second(self) -> float:
        """How many requests the threads carry, about, if they always have one; 0 as long as nobody knows."""
        return self._settings.threads / self.pace if self.pace else 0.0

    def nudge(self) -> None:
        """End a ``collect`` that waits, from any thread."""
        self._enough.set()

    def dismiss(self) -> None:
        """Let the threads end after what they carry, and wait for them."""
        for _ in self._threads:
            self._todo.put(None)
        for thread in self._threads:
            thread.join(self._settings.request_timeout + 1)
        self._threads.clear()

    def _carry(self) -> None:
        desk = _Desk(self._settings, self._watch)
        try:
            while (parcel := self._todo.get()) is not None:
                began = time.monotonic()
                verdicts: Sequence[Verdict] = [unknown("gateway_error")] * len(parcel.messages)
                try:
                    verdicts = desk.carry(parcel)
                    took = time.monotonic() - began
                    self.pace += (took - self.pace) / 8 if self.pace else took
                finally:  # whatever ends this thread, its messages come home
                    self._done.append(_finished(parcel, verdicts))
                if len(self._done) >= self._wanted:
                    self._enough.set()
        finally:
            desk.close()


class _Desk:
    """One courier's gateway and the connection under it, renewed when the provider changes."""

    def __init__(self, settings: Settings, watch: Watch | None) -> None:
        self._settings = settings
        self._watch = watch
        self._line: Line | None = None
        self._gateway: Gateway | None = None
        self._open = ExitStack()

    def carry(self, parcel: Parcel) -> Sequence[Verdict]:
        """A verdict for each message of the parcel, whatever happens on its way."""
        count = len(parcel.messages)
        try:
            gateway = self._gateway_of(parcel.line)
        except Exception as error:  # noqa: BLE001
            # nothing was sent, and nothing can be until somebody mends the settings
            log.error("the gateway of the provider %s cannot be built: %s", parcel.line.name, trail(error))
            return [refused("gateway_error", about=About.ACCOUNT, detail=type(error).__name__)] * count
        time.sleep(max(parcel.not_before - time.monotonic(), 0.0))
        if time.monotonic() > parcel.set_out_by:
            return [NOT_SUBMITTED] * count
        return _send(gateway, parcel)

    def close(self) -> None:
        """Let go of the connection."""
        self._gateway = self._line = None
        self._open.close()

    def _gateway_of(self, line: Line) -> Gateway:
        if self._gateway is None or line is not self._line:
            self.close()
            settings = self._settings
            http = self._open.enter_context(
                Http(settings.connect_timeout, settings.read_timeout, private=line.private, watch=self._watch)
            )
            self._gateway, self._line = line.gateway(line.settings, http), line
        return self._gateway


def _send(gateway: Gateway, parcel: Parcel) -> Sequence[Verdict]:
    outgoing = [
        Outgoing(id=each.id, to=each.number, text=each.text, receipt_url=url)
        for each, url in zip(parcel.messages, parcel.receipt_urls, strict=True)
    ]
    try:
        verdicts = list(gateway.send(outgoing))
    except Exception as error:  # noqa: BLE001
        # a gateway promises not to raise; where one does, nobody knows how far the request came
        log.error("the gateway %s raised %s", gateway.kind, type(error).__name__)
        return [unknown("gateway_error", detail=type(error).__name__)] * len(outgoing)
    if len(verdicts) != len(outgoing):
        log.error("the gateway %s gave %d verdicts for %d messages", gateway.kind, len(verdicts), len(outgoing))
        return [unknown("gateway_error", detail="wrong number of verdicts")] * len(outgoing)
    return verdicts


def _finished(parcel: Parcel, verdicts: Sequence[Verdict]) -> tuple[Finished, ...]:
    return tuple(
        Finished(id=each.id, attempt=each.attempt, provider_id=parcel.line.provider_id, verdict=verdict)
        for each, verdict in zip(parcel.messages, verdicts, strict=True)
    )
