"""What the doubles of vendors share: a server that does as its vendor does, or is in trouble when it is told so."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from sms_plugin.testing.loopback import Ending, LoopbackServer, Received, Reply


class Trouble(StrEnum):
    """What goes wrong with the next requests."""

    NONE = "none"
    LOST_BEFORE = "lost before"  #: the request is never looked at, and nothing is answered
    LOST_AFTER = "lost after"  #: it is done as asked, and nothing is answered
    RESET_AFTER = "reset after"  #: it is done as asked, and the connection breaks
    CUT = "cut"  #: it is done as asked, and half of the answer arrives
    HTML = "html"  #: a machine in between answers, with a page
    DOWN = "down"  #: a machine in between answers that nobody is there


_ENDINGS = {Trouble.LOST_AFTER: Ending.HANG, Trouble.RESET_AFTER: Ending.RESET, Trouble.CUT: Ending.CUT}


class TroubledServer(LoopbackServer):
    """Keeps every request, and answers by ``does``."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[Received] = []
        self.trouble = Trouble.NONE

    def does(self, request: Received) -> Reply:
        """What the vendor does and answers."""
        raise NotImplementedError

    def answer(self, request: Received) -> Reply:
        """The vendor's answer, or what has become of it."""
        self.requests.append(request)
        if self.trouble is Trouble.LOST_BEFORE:
            return Reply(ending=Ending.HANG)
        if self.trouble is Trouble.HTML:
            return Reply(body=b"<html><title>Sign in to the network</title></html>", content_type="text/html")
        if self.trouble is Trouble.DOWN:
            return Reply(status=502, body=b"<html>502 Bad Gateway</html>", content_type="text/html")
        reply = self.does(request)
        ending = _ENDINGS.get(self.trouble)
        return reply if ending is None else replace(reply, ending=ending)
