"""The preview of a send to many: who gets what for how much, before anything goes (S4, S5)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from flask import request

from sms_plugin.batches.audience import Audience
from sms_plugin.batches.listing import recipients
from sms_plugin.batches.progress import lengths
from sms_plugin.batches.reasons import longest, reasons
from sms_plugin.models import Batch, BatchRecipient
from sms_plugin.web.bulk_form import FormViews
from sms_plugin.web.bulk_found import found_by
from sms_plugin.web.bulk_words import grouped, left_out_words, messages_words, total_words
from sms_plugin.web.looks import listed
from sms_plugin.web.own_number import own_number
from sms_plugin.web.permissions import Right, ceiling
from sms_plugin.web.reasons import reason_words
from sms_plugin.web.translation import retold
from sms_plugin.web.verdicts import cost_in_words
from sms_plugin.web.words import purpose_words

#: Recipients on a page.
SIZE = 25
_LARGEST = 2**62


@dataclass(frozen=True, kw_only=True)
class Row:
    """A recipient as the page shows it."""

    id: int
    name: str
    number: str
    text: str
    segments: int
    cost: str
    why: str
    detail: str


class PreviewViews(FormViews):
    """What was built."""

    def preview(self, batch: Batch) -> str:
        """The page of one that is built."""
        session = self.state.db.session()
        words, left_out = request.args.get("words", "")[:100].replace("\0", ""), request.args.get("left") == "1"
        found = recipients(
            session, batch.id, left_out=left_out, after=_after(), most=SIZE, words=words, masked=not self.sees_numbers()
        )
        numbers = [each.number for each in found.rows]
        listed(self.state, numbers, full=self.sees_numbers(), place=f"batch:{batch.id}", name=batch.name)
        sizes = lengths(batch)
        why = reasons(session, batch.id)
        most = ceiling(default=self.state.settings.bulk_ceiling)
        long = None if sizes is None or sizes.most == sizes.least else longest(session, batch.id, segments=sizes.most)
        audience = Audience.read(batch.audience)
        return self.render(
            "sms/bulk_preview.html",
            batch=batch,
            quiet=audience.quiet,
            rows=[self._row(each, batch) for each in found.rows],
            next_url=self._further(batch, found.after, words=words, left_out=left_out),
            words=words,
            left_out=left_out,
            sizes=sizes,
            longest=None if long is None else self._row(long, batch),
            reasons=[(left_out_words(code, reason_words), number) for code, number in why.numbers],
            reasons_cut=why.cut,
            spread=sorted((int(segments), int(number)) for segments, number in batch.spread.items()),
            total=total_words(batch.cost, batch.currency),
            typed=batch.going > self.state.settings.bulk_typed,
            above=most is not None and batch.going > most,
            ceiling=most,
            purpose=purpose_words(batch.purpose),
            sources=found_by(audience.sources, state=self.state, admin=self.admin),
            once=secrets.token_hex(16),
            zone=self.state.settings.timezone,
            my_number=self._own_number(),
            given=request.form,
            **self.shared(),
        )

    def _row(self, each: BatchRecipient, batch: Batch) -> Row:
        return Row(
            id=each.id,
            name=each.name if each.entity is not None else self.number(each.name),
            number=self.number(each.number),
            text=(each.redacted or each.text) or "",
            segments=each.segments,
            cost=cost_in_words(each.cost, batch.currency),
            why=left_out_words(each.reason, reason_words) if each.reason else "",
            detail=self._detail(each),
        )

    def _detail(self, each: BatchRecipient) -> str:
        """What makes the reason plain; a number as it was typed is for those who may send alone."""
        return retold(each.detail) if self.sees_numbers() else ""

    def _further(self, batch: Batch, after: int | None, *, words: str, left_out: bool) -> str | None:
        if after is None:
            return None
        kept = {"words": words or None, "left": "1" if left_out else None}
        url: str = self.get_url(".look_view", id=batch.id, after=after, **kept)
        return url

    def shared(self) -> dict[str, Any]:
        """What the templates of these pages may use."""
        return {
            "may_bulk": self.may(Right.BULK),
            "may_approve": self.may(Right.APPROVE),
            "grouped": grouped,
            "messages_words": messages_words,
        }

    def _own_number(self) -> str:
        """The operator's own number, where the host's user is a person that can be texted."""
        return own_number(self.state)


def is_id(given: str) -> bool:
    """Whether this can be the id of a recipient."""
    return given.isascii() and given.isdecimal() and len(given) < 20 and int(given) < _LARGEST


def _after() -> int:
    given = request.args.get("after", "")
    return int(given) if is_id(given) else 0
