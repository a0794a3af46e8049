"""A gateway's settings: declared once, as a frozen dataclass, and read from a form, a command line, a table.

A ``Settings`` class is a frozen, keyword-only dataclass whose fields are made by ``setting``. It may define
``check(self) -> None`` for what one field alone cannot tell; ``check`` raises ``BadSettings`` or
``SmsError``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from enum import StrEnum
from typing import Any, TypeVar, get_type_hints

from sms_plugin.errors import SmsError, did_you_mean, worded

S = TypeVar("S")

_TRUE = frozenset({"1", "true", "yes", "on", "y", "t"})
_FALSE = frozenset({"0", "false", "no", "off", "n", "f", ""})


class Kind(StrEnum):
    """What a person enters."""

    TEXT = "text"
    LINES = "lines"  #: text of several lines
    NUMBER = "number"  #: a whole number
    SWITCH = "switch"
    CHOICE = "choice"


@dataclass(frozen=True, kw_only=True)
class SettingField:
    """One setting, as a form or a command line offers it."""

    name: str
    label: str
    kind: Kind
    help: str = ""
    secret: bool = False  #: write-only on screen, encrypted at rest, absent from every repr
    required: bool = False
    default: Any = None  #: meaningless when required
    choices: Mapping[str, str] = field(default_factory=dict)  #: value to label
    minimum: int | None = None
    maximum: int | None = None


class BadSettings(SmsError):
    """Settings that cannot be used, with a sentence for each field that is wrong."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        named = "; ".join(f"{name}: {problem}" for name, problem in self.problems.items())
        super().__init__(f"These settings cannot be used: {named}", code="bad_settings")


def setting(
    label: str,
    *,
    default: Any = MISSING,
    secret: bool = False,
    help: str = "",
    choices: Mapping[str, str] | Iterable[str] | None = None,
    minimum: int | None = None,
    maximum: int | None = None,
    lines: bool = False,
) -> Any:
    """A dataclass field that knows how to present itself; without a default it is required."""
    offered = choices if isinstance(choices, Mapping) else {choice: choice for choice in choices or ()}
    about = {
        "label": label,
        "secret": secret,
        "help": help,
        "choices": offered,
        "minimum": minimum,
        "maximum": maximum,
        "lines": lines,
    }
    return field(default=default, repr=not secret, kw_only=True, metadata=about)


def is_on(given: object) -> bool:
    """Whether a switch that was saved as a word or as a truth is on."""
    return str(given).strip().lower() in _TRUE


def fields_of(settings_class: type[Any]) -> tuple[SettingField, ...]:
    """The settings of a class, in the order they were declared."""
    hints = get_type_hints(settings_class)
    return tuple(_described(one, hint=hints[one.name]) for one in fields(settings_class))


def _described(declared: Field[Any], *, hint: Any) -> SettingField:
    about = declared.metadata
    choices = about.get("choices") or {}
    required = declared.default is MISSING
    return SettingField(
        name=declared.name,
        label=about.get("label", declared.name),
        kind=_kind(hint, choices=choices, lines=about.get("lines", False)),
        help=about.get("help", ""),
        secret=about.get("secret", False),
        required=required,
        default=None if required else declared.default,
        choices=choices,
        minimum=about.get("minimum"),
        maximum=about.get("maximum"),
    )


def _kind(hint: Any, *, choices: Mapping[str, str], lines: bool) -> Kind:
    if choices:
        return Kind.CHOICE
    kinds: Mapping[Any, Kind] = {str: Kind.LINES if lines else Kind.TEXT, int: Kind.NUMBER, bool: Kind.SWITCH}
    if hint not in kinds:
        raise TypeError(f"a setting is str, int or bool, not {hint!r}")
    return kinds[hint]


def unfilled(settings_class: type[S]) -> S:
    """The settings before anybody filled anything in: defaults, and nothing where there is none. Nothing is checked:
    only what a gateway can do may be asked with them.
    """
    empty: Mapping[Kind, object] = {Kind.NUMBER: 0, Kind.SWITCH: False}
    values = {
        one.name: next(iter(one.choices)) if one.kind is Kind.CHOICE else empty.get(one.kind, "")
        for one in fields_of(settings_class)
        if one.required
    }
    return settings_class(**values)


def build(settings_class: type[S], raw: Mapping[str, object]) -> S:
    """The settings that ``raw`` describes; values may be text, as a form or a command line gives them.

    Raises one ``BadSettings`` (code ``bad_settings``) that names every wrong, missing and unknown field.
    """
    known = {one.name: one for one in fields_of(settings_class)}
    problems = {name: _unknown(name, known=known) for name in raw if name not in known}
    values: dict[str, object] = {}
    for name, described in known.items():
        given = raw.get(name)
        try:
            if not _blank(given):
                values[name] = _READ[described.kind](given, described)
            elif described.required:
                problems[name] = worded("is missing")
        except ValueError as error:
            problems[name] = str(error)
    if problems:
        raise BadSettings(problems)
    built = settings_class(**values)
    check = getattr(built, "check", None)
    if check is not None:
        check()
    return built


def _unknown(name: str, *, known: Iterable[str]) -> str:
    return f"is no setting of this gateway. {did_you_mean(name, known)}".strip()


def _blank(given: object) -> bool:
    return given is None or (isinstance(given, str) and not given.strip())


def _text(given: object, described: SettingField) -> str:
    if isinstance(given, bool) or not isinstance(given, str | int):
        raise ValueError(worded("is not a text"))
    text = str(given).replace("\r\n", "\n").strip()
    allowed = {"\n", "\t"} if described.kind is Kind.LINES else set()
    if any((ord(char) < 32 or ord(char) == 127) and char not in allowed for char in text):
        raise ValueError(worded("holds a control character"))
    return text


def _number(given: object, described: SettingField) -> int:
    try:
        if isinstance(given, bool) or not isinstance(given, str | int):
            raise ValueError
        number = int(given)
    except ValueError:
        raise ValueError(worded("is not a whole number")) from None
    if described.minimum is not None and number < described.minimum:
        raise ValueError(worded("is less than %(minimum)s", minimum=described.minimum))
    if described.maximum is not None and number > described.maximum:
        raise ValueError(worded("is more than %(maximum)s", maximum=described.maximum))
    return number


def _switch(given: object, described: SettingField) -> bool:  # read like the others
    word = str(given).strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ValueError(worded("is neither yes nor no"))


def _choice(given: object, described: SettingField) -> str:
    value = _text(given, described)
    if value not in described.choices:
        offered = ", ".join(repr(choice) for choice in described.choices)
        raise ValueError(f"is none of {offered}. {did_you_mean(value, described.choices)}".strip())
    return value


_READ: Mapping[Kind, Callable[[object, SettingField], object]] = {
    Kind.TEXT: _text,
    Kind.LINES: _text,
    Kind.NUMBER: _number,
    Kind.SWITCH: _switch,
    Kind.CHOICE: _choice,
}
