"""Trying a provider from its page: the connection, and a test message, with all that was said (P15, P17)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import flash, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from sms_plugin.errors import ConfigurationError, SmsError
from sms_plugin.gateways.contract import Verdict
from sms_plugin.gateways.settings import fields_of
from sms_plugin.gateways.spoken import Exchange, Spoken, shown
from sms_plugin.models import Provider, database_now
from sms_plugin.outbox import trial
from sms_plugin.providers import active
from sms_plugin.providers.balance import keep
from sms_plugin.providers.inquiry import inquire
from sms_plugin.providers.lines import Line, line_of
from sms_plugin.web import provider_cells as cells
from sms_plugin.web.apart import within
from sms_plugin.web.base import explained
from sms_plugin.web.forms import has_token
from sms_plugin.web.permissions import actor
from sms_plugin.web.provider_one import OneProvider
from sms_plugin.web.verdicts import inquiry_in_words, outcome_in_words, verdict_in_words


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What a test showed: every request with its answer, and what it means."""

    exchanges: list[Exchange]
    verdict: str = ""  #: in a word; empty where no message was sent
    meaning: str


class Trying(OneProvider):
    """The part of the provider pages that speaks with providers."""

    @expose("/connect/", methods=("POST",))
    def connect(self) -> ResponseReturnValue:
        """Ask the provider whether it can be spoken with."""
        provider = self.one() if has_token() else None
        if provider is None:
            return self.back_to_one()
        try:
            tried = self._connected(provider)
        except (SmsError, ConfigurationError) as error:
            flash(explained(error), "error")
            return self.back_to_one()
        return self.opened(self.one() or provider, tried=tried)

    @expose("/try/", methods=("POST",))
    def try_out(self) -> ResponseReturnValue:
        """Send a test message through this provider, active or not."""
        provider = self.one() if has_token() else None
        if provider is None:
            return self.back_to_one()
        to, text = request.form.get("to", ""), request.form.get("text", "")
        tried = None
        try:
            tried = self._tried(provider, to=to, text=text)
        except (SmsError, ConfigurationError) as error:
            flash(explained(error), "error")
        return self.opened(provider, tried=tried, typed={"to": to[:40], "text": text[:480]})

    def _connected(self, provider: Provider) -> Tried:
        line, heard = self._line(provider), list[Spoken]()
        inquiry = inquire(line, settings=self.state.settings, watch=heard.append)
        balance = inquiry.balance
        if balance is not None:
            within(self.state, lambda session: keep(session, line.provider_id, balance, now=database_now(session)))
        words, kind = inquiry_in_words(inquiry)
        flash(words, kind)
        return Tried(exchanges=_shown(heard, line), meaning=words)

    def _tried(self, provider: Provider, *, to: str, text: str) -> Tried:
        line, heard = self._line(provider), list[Spoken]()
        verdict = self._sent(line, to=to, text=text, watch=heard.append)
        words, kind = verdict_in_words(verdict)
        flash(words, kind)
        return Tried(exchanges=_shown(heard, line), verdict=outcome_in_words(verdict), meaning=words)

    def _line(self, provider: Provider) -> Line:
        line = line_of(provider, state=self.state, now=provider.changed_at)
        self.state.db.session.commit()  # nothing is held while the provider is spoken with
        return line

    def _sent(self, line: Line, *, to: str, text: str, watch: Callable[[Spoken], None]) -> Verdict:
        """The verdict of a test message, written down on both sides of the request."""
        state, who = self.state, actor()
        departed = within(
            state,
            lambda session: trial.open_trial(
                session,
                active.find(session, line.name),
                to=to,
                text=text,
                who=who,
                settings=state.settings,
                now=database_now(session),
            ),
        )
        finished = trial.carry(
            line,
            departed,
            receipt_url=cells.receipt_url(line, departed.id, state),
            settings=state.settings,
            watch=watch,
        )
        within(
            state,
            lambda session: trial.close_trial(session, finished, settings=state.settings, now=database_now(session)),
        )
        return finished.verdict


def _shown(heard: list[Spoken], line: Line) -> list[Exchange]:
    """What was said, without the provider's secrets and without the unguessable part of our own address."""
    settings: Any = line.settings
    secrets = [str(getattr(settings, one.name) or "") for one in fields_of(type(settings)) if one.secret]
    return [shown(each, secrets=[*secrets, line.token]) for each in heard]
