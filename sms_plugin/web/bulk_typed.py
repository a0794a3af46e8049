"""What the form of a send to many says, and how it stands when it was kept (S2, S3, S5, S6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from flask import request

from sms_plugin.batches.audience import DEFER, IGNORE, MAIN, WHICH, Audience, prefixes_of
from sms_plugin.batches.drafting import PURPOSES, Asked
from sms_plugin.models import Batch
from sms_plugin.web.bulk_page import BulkPage
from sms_plugin.web.bulk_sources import (
    Block,
    blocks_of,
    offered_kinds,
    read_blocks,
    with_another,
)
from sms_plugin.web.editing import given, plain


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What the form says, nothing of it believed yet."""

    name: str = ""
    template: int | None = None
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)
    purpose: str = "service"
    blocks: Sequence[Block] = ()
    numbers: str = MAIN
    prefixes: str = ""  #: as it was written
    debts: str = ""
    each: bool = False
    quiet: str = DEFER
    without: tuple[str, ...] = ()

    @property
    def audience(self) -> Audience:
        """Whom it reaches; sources in which nobody was chosen are none."""
        return Audience(
            sources=tuple(source for block in self.blocks for source in block.sources()),
            numbers=self.numbers if self.numbers in WHICH else MAIN,
            prefixes=prefixes_of(self.prefixes),
            debts=int(self.debts) if self.debts in {"0", "1", "2", "3"} else None,
            each=self.each,
            without=self.without,
            quiet=IGNORE if self.quiet == IGNORE else DEFER,
        )

    @property
    def about(self) -> Audience:
        """Whom its text is about: those of a source by filters too, before a filter is set."""
        return replace(self.audience, sources=tuple(each for block in self.blocks for each in block.sources(all_=True)))

    @property
    def asked(self) -> Asked:
        """What is kept of it."""
        return Asked(
            name=self.name,
            texts=self.texts,
            audience=self.audience,
            purpose=self.purpose,
            template_id=self.template,
        )


def typed_in(view: BulkPage) -> Typed:
    """What the request's form says; bounded."""
    form = request.form
    template = form.get("template", "")
    return Typed(
        name=plain(form.get("name", ""))[:120],
        template=int(template) if template.isascii() and template.isdecimal() and len(template) < 10 else None,
        texts={code: text for code, text in given(form).items() if text or code == view.state.settings.language},
        purpose=form.get("purpose", "service") if form.get("purpose") in PURPOSES else "service",
        blocks=read_blocks(form, state=view.state),
        numbers=form.get("numbers", MAIN),
        prefixes=plain(form.get("prefixes", ""))[:200],
        debts=form.get("debts", ""),
        each=form.get("each") == "1",
        quiet=form.get("quiet", DEFER),
        without=tuple(form.getlist("without")[:1000]),
    )


def kept_in(batch: Batch | None, view: BulkPage) -> Typed:
    """The form as it was kept; a new one with a first source, as most begin."""
    if batch is None:
        first = offered_kinds(state=view.state, admin=view.admin)[0][0]
        return Typed(blocks=with_another((), first, state=view.state))
    audience = Audience.read(batch.audience)
    return Typed(
        name=batch.name,
        template=batch.template_id,
        texts=batch.texts,
        purpose=batch.purpose,
        blocks=blocks_of(audience.sources, state=view.state),
        numbers=audience.numbers,
        prefixes=", ".join(audience.prefixes),
        debts="" if audience.debts is None else str(audience.debts),
        each=audience.each,
        quiet=audience.quiet,
        without=audience.without,
    )
