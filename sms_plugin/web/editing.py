"""Texts by language on a page: what was given, what is wrong with it, what it costs, and how it reads on a record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from babel.core import Locale, UnknownLocaleError
from werkzeug.datastructures import MultiDict

from sms_plugin.errors import SmsError
from sms_plugin.host.search import Found
from sms_plugin.providers.costs import Tariff, tariff
from sms_plugin.state import State
from sms_plugin.text.segments import Measure, cheaper
from sms_plugin.triggers.previewing import Preview, Subject, preview, search
from sms_plugin.web.numbers import amount
from sms_plugin.web.translation import gettext, in_words, language, ngettext
from sms_plugin.web.verdicts import cost_in_words
from sms_plugin.wording.counting import Count, count
from sms_plugin.wording.sensitive import sensitive_in
from sms_plugin.wording.texts import LONGEST, RefusedText, check_reach

#: The names of the fields that hold a text, before its language.
FIELD = "text-"
#: So many records are offered for a preview, of each entity.
OFFERED = 8
#: No longer a text is measured: whoever pastes a book is told so, and nothing more is worked out.
MEASURED = 20_000
#: So many languages at most are read from a form, and measured: no page shows as many.
_LANGUAGES = 200


@dataclass(frozen=True, kw_only=True)
class About:
    """What the texts of a form are about, and the record that was chosen to preview them on."""

    subject: Subject
    reachable: Collection[str]
    record: str = ""  #: "entity|key"; empty: none chosen


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What the page tells of one text."""

    size: Measure | None = None  #: as it stands; on a record, as it will be sent
    said: str = ""
    note: str = ""
    replaceable: tuple[tuple[str, str], ...] = ()  #: costly characters, and what to write instead
    costly: str = ""  #: why it stays dear
    problem: str = ""
    hint: str = ""
    warning: str = ""  #: what to know of the sensitive shortcodes in it (M10)
    preview: Preview | None = None


@dataclass(frozen=True, kw_only=True)
class Text:
    """One text of a form."""

    language: str
    label: str
    text: str
    judged: Judged


def given(form: MultiDict[str, str]) -> dict[str, str]:
    """The texts in a form, by language, the one of a language that was added among them."""
    fields = islice(((name, text) for name, text in form.items() if name.startswith(FIELD)), _LANGUAGES)
    texts = {plain(name[len(FIELD) :]): plain(text) for name, text in fields}
    added = plain(form.get("new-language", ""))
    if added:
        texts[added] = plain(form.get("new-text", ""))
    return texts


def seen(form: MultiDict[str, str]) -> datetime | None:
    """The ``changed_at`` of what the person looked at; None where the form does not say, or there was nothing yet."""
    try:
        return datetime.fromisoformat(form.get("seen", ""))
    except ValueError:
        return None


def wrong_language(error: SmsError) -> str:
    """The language of the text that was refused; empty where it is about something else."""
    return error.language if isinstance(error, RefusedText) else ""


def made_cheaper(texts: Mapping[str, str]) -> dict[str, str]:
    """The texts with their costly characters replaced, where that makes them cheaper (X8)."""
    return {code: cheaper(text) if text and count(text).replaceable else text for code, text in texts.items()}


def laid_out(texts: Mapping[str, str], *, about: About, state: State) -> list[Text]:
    """The texts as the form shows them: the portal's language first."""
    order = sorted(texts, key=lambda code: (code != state.settings.language, code))
    names = language_names(order)
    return [
        Text(
            language=code,
            label=names[code],
            text=texts[code],
            judged=judge(texts[code], language=code, about=about, state=state),
        )
        for code in order
    ]


def with_languages(texts: Mapping[str, str], wanted: Iterable[str]) -> dict[str, str]:
    """The texts, with an empty one for each wanted language that has none."""
    return {**dict.fromkeys(wanted, ""), **texts}


def judge(text: str, *, language: str, about: About, state: State) -> Judged:
    """What to tell of a text: its cost, what is wrong with it, and how it reads on the chosen record. Reads only."""
    if not text.strip():
        return Judged()
    if len(text) > MEASURED:
        return Judged(
            problem=gettext("The text has %(count)s characters.", count=len(text)),
            hint=gettext("Write at most %(most)s.", most=LONGEST),
        )
    counted, prices = count(text), tariff(state.db.session())
    try:
        check_reach(text, reachable=about.reachable, known=state.registry.known_shortcodes)
    except SmsError as error:
        return _judged(counted, prices, problem=in_words(error.message), hint=in_words(error.hint))
    sensitive = sensitive_in({language: text})
    shown = _preview(text, language=language, about=about, state=state)
    return _judged(counted, prices, shown=shown, sensitive=sensitive)


def judged_as_sent(text: str, size: Measure | None) -> Judged:
    """What to tell of a text of a hand's: its size as it will be sent, where that is known, and what made it dearer."""
    if not text.strip() and size is None:
        return Judged()
    counted = count(text)
    own = size or counted.measure
    parts = [
        ngettext("%(num)s character", "%(num)s characters", len(own.text)),
        str(own.encoding),
        gettext("%(count)s SMS", count=own.segments),
        ngettext("room for %(num)s more", "room for %(num)s more", own.left),
    ]
    return Judged(
        size=own,
        said=" · ".join(parts),
        replaceable=tuple((each.character, each.replacement or "") for each in counted.replaceable),
        costly=_why_dear(counted, own),
    )


def records(words: str, *, about: About, state: State) -> list[Found]:
    """Records to preview a text on, by what a person types. Reads only."""
    return search(state.db.session(), about.subject, words[:200], most=OFFERED)


def language_names(codes: Iterable[str]) -> dict[str, str]:
    """The names of these languages in the viewer's language, by their codes. Where two would be called the same, and
    where there is no name, the code tells which it is.
    """
    names = {code: _language_name(code) for code in codes}
    alike = Counter(names.values())
    return {code: f"{name} ({code})" if alike[name] > 1 else name for code, name in names.items()}


def _language_name(code: str) -> str:
    try:
        name = Locale.parse(code, sep="-").get_display_name(Locale.parse(language()))
    except (UnknownLocaleError, ValueError):
        return code
    return name[:1].upper() + name[1:] if name else code


def _preview(text: str, *, language: str, about: About, state: State) -> Preview | None:
    if about.subject.entities and not about.record:
        return None
    entity, _, key = about.record.partition("|")
    return preview(
        state.db.session(), text, subject=about.subject, entity=entity, key=key, language=language, state=state
    )


def _judged(
    counted: Count,
    prices: Tariff,
    *,
    shown: Preview | None = None,
    problem: str = "",
    hint: str = "",
    sensitive: tuple[str, ...] = (),
) -> Judged:
    whole = shown is not None and shown.measure is not None
    size = shown.measure if shown is not None and shown.measure is not None else counted.measure
    note = ""
    if counted.shortcodes and not whole:
        note = ngettext(
            "without its %(num)s shortcode: choose a record to see the whole",
            "without its %(num)s shortcodes: choose a record to see the whole",
            counted.shortcodes,
        )
    return Judged(
        size=size,
        said=_said(size, prices),
        note=note,
        replaceable=tuple((each.character, each.replacement or "") for each in counted.replaceable),
        costly=_why_dear(counted, size),
        problem=problem,
        hint=hint,
        warning=sensitive_words(sensitive),
        preview=shown,
    )


def sensitive_words(names: tuple[str, ...]) -> str:
    """What to know of a text that holds these sensitive shortcodes; empty where it holds none (M10)."""
    if not names:
        return ""
    return gettext(
        "%(names)s: whoever holds the phone can read it. It is hidden in previews, lists and files, and taken out of"
        " the stored text when the message is over.",
        names=", ".join(f"{{{name}}}" for name in names),
    )


def expected_cost(size: Measure, prices: Tariff) -> str:
    """What a text costs before anybody knows who gets it: a sum, or from the cheapest country to the dearest."""
    if prices.range is None:
        return ""
    least, most = (price * size.segments for price in prices.range)
    if least == most:
        return cost_in_words(most, prices.currency)
    return gettext("%(least)s to %(most)s", least=amount(least.normalize()), most=cost_in_words(most, prices.currency))


def _said(size: Measure, prices: Tariff) -> str:
    parts = [
        ngettext("%(num)s character", "%(num)s characters", len(size.text)),
        str(size.encoding),
        gettext("%(count)s SMS", count=size.segments),
        ngettext("room for %(num)s more", "room for %(num)s more", size.left),
        expected_cost(size, prices),
    ]
    return " · ".join(filter(None, parts))


def _why_dear(counted: Count, size: Measure) -> str:
    stuck = [each.character for each in counted.costly if each.replacement is None]
    if stuck:
        shown = " ".join(character for character in stuck[:12] if character.strip())
        return gettext("Dearer because of characters that have no cheaper spelling: %(shown)s", shown=shown)
    if not counted.costly and size.costly:
        shown = " ".join(dict.fromkeys(each.character for each in size.costly[:12] if each.character.strip()))
        return gettext("Dearer on this record because of its own values: %(shown)s", shown=shown)
    return ""


def plain(text: str) -> str:
    """What was typed, as every database can hold it: lines end in one way, and nothing stands around it."""
    return text.replace("\r\n", "\n").replace("\0", "").strip()
