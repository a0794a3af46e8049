"""What is decided on the preview of a send to many: confirm, leave somebody out, add others, read it first (S4)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy.orm import Session

from sms_plugin.batches import deciding
from sms_plugin.batches.audience import FILE, Audience, Source
from sms_plugin.batches.building import build_some, check_added
from sms_plugin.batches.fence import ChangedMeanwhile
from sms_plugin.errors import SmsError
from sms_plugin.models import Batch, database_now
from sms_plugin.states import BatchState
from sms_plugin.web.apart import let_go, within
from sms_plugin.web.bulk_page import AT_ONCE, MOST_TYPED
from sms_plugin.web.bulk_preview import SIZE, PreviewViews, is_id
from sms_plugin.web.bulk_sources import groups, offered_kinds, only_shown, read_blocks, shown_blocks, with_another
from sms_plugin.web.bulk_words import hidden_words, problem_words
from sms_plugin.web.forms import has_token
from sms_plugin.web.permissions import Right, actor, actor_id, ceiling
from sms_plugin.web.sights import within_sight
from sms_plugin.web.translation import gettext, ngettext


class DecidingViews(PreviewViews):
    """What is done with what was built."""

    @expose("/confirm/", methods=("POST",))
    def confirm_view(self) -> ResponseReturnValue:
        """Send what was shown, now or at a time; above the ceiling a second person has to approve it."""
        batch = self._meant(Right.BULK)
        if not isinstance(batch, Batch):
            return batch
        who, state = actor(), self.state
        count = _whole("count")
        try:
            confirmed = self._confirmed(batch, count, who=who)
        except ChangedMeanwhile as error:
            return self._again(batch, error, who=who)
        except SmsError as error:
            flash(problem_words(error), "error")
            return self.preview(self.batch() or batch)
        state.wake.set()
        if confirmed == BatchState.WAITING:
            flash(gettext("It waits for a second person, who finds it in the list. Nothing is sent before."), "info")
        else:
            flash(ngettext("One message is on its way.", "%(num)s messages are on their way.", count), "success")
        return self.to_look(batch.id)

    def _confirmed(self, batch: Batch, count: int, *, who: str) -> str:
        """The state of the send after what the form confirms. Commits."""
        state, version, due_at = self.state, self.version(), self._when()
        most = ceiling(default=state.settings.bulk_ceiling)
        typed = _whole("typed") if request.form.get("typed") else None
        quiet, user = Audience.read(batch.audience).quiet, actor_id()
        return within(
            state,
            lambda session: (
                deciding.confirm(
                    session,
                    batch.id,
                    version=version,
                    count=count,
                    ceiling=most,
                    who=who,
                    user=user,
                    now=database_now(session),
                    state=state,
                    typed=typed,
                    due_at=due_at,
                    quiet=quiet,
                ).state
            ),
        )

    def _again(self, batch: Batch, error: ChangedMeanwhile, *, who: str) -> ResponseReturnValue:
        """Whoever confirms a second time is told that it stands; whoever was too late, what happened."""
        now = self.batch()
        if now is not None and now.confirmed_by == who[:120] and now.state in _CONFIRMED:
            flash(gettext("This was confirmed already. Nothing is sent twice."), "info")
        else:
            flash(problem_words(error), "warning")
        return self.to_look(batch.id)

    @expose("/remove/", methods=("POST",))
    def remove_view(self) -> ResponseReturnValue:
        """Leave those out who were chosen."""
        chosen = [int(each) for each in request.form.getlist("recipient")[:SIZE] if is_id(each)]
        if not chosen:
            flash(gettext("Choose one recipient at least."), "warning")
            batch = self.batch()
            return self.gone() if batch is None else self.to_look(batch.id)
        told = ngettext("One recipient is left out.", "%(num)s recipients are left out.", len(chosen))
        return self.decided(
            Right.BULK,
            lambda session, batch, who, now: deciding.remove(
                session, batch, chosen, version=self.version(), who=who, now=now
            ),
            told,
        )

    @expose("/to-me/", methods=("POST",))
    def to_me_view(self) -> ResponseReturnValue:
        """One of the texts to the operator's own phone."""
        number, once = request.form.get("number", "")[:40], request.form.get("once", "")[:32]
        recipient = max(_whole("recipient"), 0) or None
        return self.decided(
            Right.BULK,
            lambda session, batch, who, now: deciding.send_to_me(
                session,
                batch,
                version=self.version(),
                number=number,
                once=once,
                who=who,
                now=now,
                state=self.state,
                recipient=recipient,
            ),
            gettext("The text is on its way to %(number)s. Nobody else gets anything by it.", number=number),
        )

    @expose("/add/", methods=("GET", "POST"))
    def add_view(self) -> ResponseReturnValue:
        """Look for more people by another source; those who are there stay."""
        if not self.may(Right.BULK):
            return self.refused(Right.BULK)
        batch = self.batch()
        if batch is None:
            return self.gone()
        if batch.state != BatchState.READY:
            flash(gettext("Nobody can be added to it now."), "warning")
            return self.to_look(batch.id)
        request.max_form_memory_size = MOST_TYPED
        blocks, hidden = only_shown(read_blocks(request.form, state=self.state), state=self.state, admin=self.admin)
        if hidden:
            flash(hidden_words(hidden), "warning")
        do = request.form.get("do", "")
        if request.method == "POST" and do == "add":
            blocks = with_another([], request.form.get("add", ""), state=self.state)
        elif request.method == "POST" and has_token() and do == "build":
            sources = [source for each in blocks for source in each.sources()]
            if sources:
                return self._added(batch, sources)
            flash(gettext("Nobody is chosen yet."), "warning")
        if do.startswith("remove-"):
            blocks = []
        return self.render(
            "sms/bulk_add.html",
            batch=batch,
            blocks=shown_blocks(blocks, state=self.state, admin=self.admin),
            kinds=[each for each in offered_kinds(state=self.state, admin=self.admin) if each[0] != FILE],
            groups=groups(self.state.db.session()),
        )

    def _added(self, batch: Batch, sources: list[Source]) -> ResponseReturnValue:
        """Whom these sources find is looked for, the first of them at once."""
        who, state, version = actor(), self.state, self.version()
        try:
            sources = list(within_sight(sources, admin=self.admin, state=state))
            let_go(state)
            for source in sources:
                check_added(state, source)
            within(
                state,
                lambda session: (
                    deciding.add(session, batch.id, sources, version=version, who=who, now=database_now(session))
                    and None
                ),
            )
            build_some(state, batch.id, seconds=AT_ONCE)
        except SmsError as error:
            flash(problem_words(error), "error")
        state.wake.set()
        return self.to_look(batch.id)

    def decided(
        self,
        right: Right,
        decide: Callable[[Session, UUID, str, datetime], object],
        told: str,
        *,
        back: str = "",
    ) -> ResponseReturnValue:
        """Do one thing about a send, and say so; or say why not. Commits."""
        batch = self._meant(right)
        if not isinstance(batch, Batch):
            return batch
        who, id = actor(), batch.id
        try:
            within(self.state, lambda session: decide(session, id, who, database_now(session)) and None)
        except SmsError as error:
            flash(problem_words(error), "warning")
        else:
            self.state.wake.set()
            flash(told, "success")
        return redirect(back) if back else self.to_look(id)

    def _meant(self, right: Right) -> Batch | ResponseReturnValue:
        """The send of a form that may be acted on; else the page that says why not."""
        if not self.may(right):
            return self.refused(right)
        batch = self.batch()
        if batch is None:
            return self.gone()
        return batch if has_token() else self.to_look(batch.id)

    def _when(self) -> datetime | None:
        """The moment that was chosen, in the portal's timezone; None for now. Raises ``SmsError``."""
        if request.form.get("when") != "later":
            return None
        try:
            local = datetime.fromisoformat(request.form.get("at", "")).replace(tzinfo=self.state.settings.zone)
        except ValueError:
            raise SmsError(
                gettext("This is no moment."),
                code="bad_moment",
                hint=gettext("Choose a day and an hour, or send it now."),
            ) from None
        if not 2000 <= local.year <= 2200:
            raise SmsError(
                gettext("This moment is too far away."), code="bad_moment", hint=gettext("Choose another one.")
            )
        if local <= database_now(self.state.db.session()):
            raise SmsError(
                gettext("This moment has passed."),
                code="bad_moment",
                hint=gettext("Choose a later one, or send it now."),
            )
        return local


_CONFIRMED = {BatchState.RUNNING, BatchState.WAITING, BatchState.DONE, BatchState.PAUSED}


def _whole(name: str) -> int:
    """A whole number that was typed, as people write it; -1 for what is none."""
    given = "".join(each for each in request.form.get(name, "") if each not in " .,'\u00a0\u202f")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 12 else -1
