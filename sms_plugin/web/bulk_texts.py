"""What a text for many may say: the shortcodes that every one of its sources fills in, and what is wrong with it."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

from sms_plugin.batches.audience import FILE, Audience, shortcode_of
from sms_plugin.batches.drafting import reachable
from sms_plugin.errors import SmsError
from sms_plugin.state import State
from sms_plugin.triggers.previewing import Subject
from sms_plugin.web.apart import reading
from sms_plugin.web.editing import About, Judged
from sms_plugin.web.translation import gettext, language
from sms_plugin.wording.offers import Offer, OfferedSection, offered


def about_audience(audience: Audience, *, state: State) -> About:
    """What a text is about that goes to this audience: what one source at least can fill in. Reads only."""
    with reading(state) as session:
        try:
            names = reachable(session, audience, state=state)
        except SmsError:  # a source that is gone is told where it stands
            names = state.registry.reachable_in(None)
    return About(subject=Subject(entities=tuple(state.registry.entities.values())), reachable=names)


def offers_of(audience: Audience, *, state: State) -> list[OfferedSection]:
    """The shortcodes that each source fills in, by section, the columns of a file last. Reads only."""
    found: list[frozenset[str]] = []
    with reading(state) as session:
        for source in audience.sources:
            try:
                found.append(reachable(session, Audience(sources=(source,)), state=state))
            except SmsError:
                continue
    names = reduce(frozenset.__and__, found) if found else state.registry.reachable_in(None)
    columns = {shortcode_of(each) for source in audience.sources if source.kind == FILE for each in source.columns}
    columns -= state.registry.known_shortcodes | {""}
    sections = offered(
        names - columns, first=None, registry=state.registry, catalogue=state.catalogue, language=language()
    )
    own = [Offer(name=name) for name in sorted(columns & names)]
    rest = [OfferedSection(section="file", label=gettext("Columns of the file"), shortcodes=tuple(own))] if own else []
    return [*rest, *sections]


def in_bulk(judged: Judged) -> Judged:
    """What is told of a text: its shortcodes are counted for everybody when the recipients are known."""
    return replace(judged, note=gettext("without its shortcodes: the preview counts all")) if judged.note else judged
