"""A portal and somebody at its pages, who sets a vendor up by its form and is called back by the vendor."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask_admin import Admin
from flask_sqlalchemy import SQLAlchemy
from werkzeug.test import TestResponse

from sms_plugin.jobs.due import run_job
from sms_plugin.models import Attempt, Job, Message, database_now
from sms_plugin.outbox.polling import Progress
from sms_plugin.testing import drain
from tests.demo.visitor import TOKEN, Visitor
from tests.portal import Client, Portal, make_portal

HOME = "/admin/sms/provider/"


@dataclass(frozen=True, kw_only=True)
class Desk:
    """The portal, and who sits at it."""

    portal: Portal
    visitor: Visitor
    name: str = "vendor"

    def set_up(self, kind: str, **settings: str) -> None:
        """Save a provider by its form, and make it the active one."""
        answer = self._filled_in(kind, settings)
        assert answer.history, answer.text  # else it is the form again
        self.press("activate")

    def refused(self, kind: str, **settings: str) -> str:
        """The form of a provider that is not saved, with what is wrong in it."""
        answer = self._filled_in(kind, settings)
        assert not answer.history
        return html.unescape(answer.text)

    def _filled_in(self, kind: str, settings: Mapping[str, str]) -> TestResponse:
        fields = {f"setting_{name}": value for name, value in settings.items()}
        return self.visitor.send(f"{HOME}new/?kind={kind}", name=self.name, **fields)

    def press(self, what: str, **fields: str) -> str:
        """The page that one of the provider's buttons leads to."""
        token = TOKEN.search(self.visitor.read(f"{HOME}edit/?name={self.name}"))
        assert token
        data = {"csrf_token": token[1], "name": self.name, "to_one": "1", **fields}
        page = self.visitor.client.post(f"{HOME}{what}/", data=data, follow_redirects=True).text
        return html.unescape(re.sub(r"\s+", " ", page))

    def meet(self, name: str, phone: str) -> None:
        """A client of the portal."""
        with self.portal.app.app_context():
            self.portal.session.add(Client(name=name, phone=phone))
            self.portal.session.commit()

    def text(self, *texts: tuple[str, str]) -> list[Message]:
        """Text these numbers, all in one commit, and let it go; the messages as they stand then."""
        with self.portal.app.app_context():
            for number, text in texts:
                self.portal.sms.send(to=number, text=text)
            self.portal.session.commit()
        drain(self.portal.app)
        return self.messages()

    def messages(self) -> list[Message]:
        """All messages, the oldest first."""
        with self.portal.app.app_context():
            return self.portal.messages()

    def job(self, name: str) -> None:
        """Let a job do its work now."""
        with self.portal.app.app_context():
            run_job(self.portal.state, name, now=True)

    def let_pass(self, minutes: float, *, since: str) -> None:
        """As if every message had departed so long ago, and the job ``since`` had last run half a minute after that."""
        with self.portal.app.app_context(), self.portal.fresh() as session, session.begin():
            now = database_now(session)
            ago = now - timedelta(minutes=minutes)
            session.execute(sa.update(Attempt).values(departed_at=ago))
            seen = ago + timedelta(seconds=30)
            cursor = str(Progress(since=seen, until=seen))
            session.merge(Job(name=since, version=1, due_at=now, error="", cursor=cursor))

    def called(self, body: bytes, *, content_type: str = "application/json", **headers: str) -> TestResponse:
        """The answer to the vendor's call of the provider's own address."""
        with self.portal.app.app_context():
            token = self.portal.provider(self.name).token
        return self.visitor.client.post(
            f"/sms/receipts/{token}",
            data=body,
            content_type=content_type,
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )

    def called_by_query(self, query: str, **headers: str) -> TestResponse:
        """The answer to a call by GET, which says all in its address."""
        with self.portal.app.app_context():
            token = self.portal.provider(self.name).token
        return self.visitor.client.get(f"/sms/receipts/{token}", query_string=query, headers=headers)

    def reference(self, message: Message) -> str:
        """The vendor's reference of a message."""
        with self.portal.app.app_context():
            return self.portal.attempts(message.id)[-1].reference or ""

    def conversation(self, number: str) -> str:
        """The page with what was said to a number and came from it."""
        return html.unescape(self.visitor.read(f"/admin/sms/history/?number={number.removeprefix('+')}"))


def desk_at(database_url: str) -> Desk:
    """A portal with pages on a database."""

    def mount(app: Flask, _db: SQLAlchemy) -> dict[str, Any]:
        return {"admin": Admin(app)}

    portal = make_portal(database_url, mount=mount)
    return Desk(portal=portal, visitor=Visitor(client=portal.app.test_client()))
