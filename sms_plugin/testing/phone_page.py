"""The page of the phone server: one phone for each number, with its messages as bubbles.

It works without a script; the script only spares the reload. Both blocks that the page holds are named by
their hash in its Content-Security-Policy, so that nothing else runs, whatever a text says.
"""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import datetime
from functools import cache
from html import escape
from importlib.resources import files

from sms_plugin.testing.loopback import Reply
from sms_plugin.testing.phone_network import BEHAVIOUR, Bubble, Network, Phone

_MOST_PHONES = 60
_STATES = {
    "accepted": "accepted",
    "sent": "✓ sent",
    "delivered": "✓✓ delivered",
    "undelivered": "✗ undelivered",
    "written": "on its way",
    "taken": "✓ taken by the portal",
}


def page(network: Network) -> Reply:
    """The page as it is now."""
    template, policy = _template()
    phones = network.newest(most=_MOST_PHONES)
    shown = "".join(_phone(phone) for phone in phones)
    behaviour = "".join(f"<li><b>…{digits}</b> {escape(what)}</li>" for digits, what in BEHAVIOUR.items())
    filled = (
        template.replace("<!--behaviour-->", behaviour)
        .replace("<!--count-->", str(len(phones)))
        .replace("<!--phones-->", shown)
    )
    headers = {"Content-Security-Policy": policy, "Cache-Control": "no-store"}
    return Reply(body=filled.encode(), content_type="text/html; charset=utf-8", headers=headers)


@cache
def _template() -> tuple[str, str]:
    text = (files("sms_plugin.testing") / "templates" / "phones.html").read_text(encoding="utf-8")
    hashes = {kind: _hash(text, kind=kind) for kind in ("script", "style")}
    sources = "".join(f"; {kind}-src 'sha256-{value}'" for kind, value in hashes.items())
    policy = f"default-src 'none'; connect-src 'self'; base-uri 'none'; form-action 'self'{sources}"
    return text, policy


def _hash(text: str, *, kind: str) -> str:
    found = re.search(f"<{kind}>(.*?)</{kind}>", text, re.DOTALL)
    assert found is not None
    return base64.b64encode(hashlib.sha256(found[1].encode()).digest()).decode()


def _phone(phone: Phone) -> str:
    number = escape(phone.number)
    bubbles = "".join(_bubble(bubble) for bubble in phone.bubbles)
    return (
        f'<section class="phone" data-number="{number}" data-version="{phone.version}">'
        f'<h2>{number}</h2><ol tabindex="0" aria-label="Messages to {number}">{bubbles}</ol>'
        f'<form method="post" action="/reply"><input type="hidden" name="number" value="{number}">'
        f'<input name="text" maxlength="1600" required autocomplete="off" placeholder="Reply" '
        f'aria-label="Reply from {number}"><button>Send</button></form></section>'
    )


def _bubble(bubble: Bubble) -> str:
    at = datetime.fromtimestamp(bubble.at).astimezone()
    state = escape(_STATES.get(bubble.state, bubble.state))
    return (
        f'<li data-id="{escape(bubble.id)}"{" class=mine" if bubble.mine else ""}><p>{escape(bubble.text)}</p>'
        f'<small><time datetime="{at.isoformat(timespec="seconds")}">{at:%H:%M:%S}</time>'
        f' <span class="{escape(bubble.state)}">{state}</span></small></li>'
    )
