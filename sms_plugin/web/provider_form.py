"""The form of a provider, made from the settings that its gateway declares (P14)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from wtforms import BooleanField, HiddenField, PasswordField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from sms_plugin.gateways.contract import Gateway
from sms_plugin.gateways.settings import BadSettings, Kind, SettingField, fields_of, is_on
from sms_plugin.models import Provider
from sms_plugin.web.forms import TokenForm
from sms_plugin.web.translation import gettext, in_words

#: A gateway may call its settings as it likes: they must not meet the form's own names.
PREFIX = "setting_"
FORGET = "forget_"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST, _LONGEST_OF_LINES = 4000, 40_000


class ProviderForm(TokenForm):
    """What every provider's form has, whatever its gateway."""

    gateway: type[Gateway]
    described: tuple[SettingField, ...] = ()
    seen = HiddenField()  #: when the provider was last changed, as this form knows it

    @property
    def fields(self) -> list[Any]:
        """The settings' fields, each with what is kept of its secret."""
        return [getattr(self, PREFIX + one.name) for one in self.described]

    def forgets(self, field: Any) -> Any:
        """The checkbox that takes an optional secret away, or None."""
        return getattr(self, FORGET + field.short_name.removeprefix(PREFIX), None)

    def given(self) -> dict[str, object]:
        """The settings as typed. A secret left blank is kept: it is not among them."""
        typed: dict[str, object] = {}
        for one in self.described:
            value = getattr(self, PREFIX + one.name).data
            forget = getattr(self, FORGET + one.name, None)
            if not one.secret or str(value or "").strip():
                typed[one.name] = value
            elif forget is not None and forget.data:
                typed[one.name] = ""
        return typed

    def blame(self, error: BadSettings) -> None:
        """Put each problem under its field."""
        for name, problem in error.problems.items():
            field = getattr(self, PREFIX + name, None)
            if field is not None:
                said = in_words(problem)
                # what is wrong with it goes on a sentence that begins with the field, or is a sentence of its own
                alone = problem[:1].isupper()
                whole = said if alone else gettext("This %(problem)s.", problem=said.rstrip("."))
                field.errors = [*field.errors, whole]


class NewProviderForm(ProviderForm):
    """A new one has to be called something, too."""

    name = StringField(validators=[InputRequired(), Length(max=80)])


def form_class(gateway: type[Gateway], *, saved: Provider | None, kept: Sequence[str] = ()) -> type[ProviderForm]:
    """The form of a gateway's providers. ``kept`` names the secrets that stand already, never what they are."""
    base = NewProviderForm if saved is None else ProviderForm
    fields: dict[str, Any] = {"gateway": gateway, "described": fields_of(gateway.Settings)}
    for one in fields["described"]:
        fields[PREFIX + one.name] = _field(one, kept=one.name in kept)
        if one.secret and not one.required and one.name in kept:
            fields[FORGET + one.name] = BooleanField(gettext("Take away what is saved"))
    return type("ProviderForm", (base,), fields)


def filled(saved: Provider, gateway: type[Gateway]) -> dict[str, object]:
    """What the form shows of a saved provider: its settings in clear, and nothing of its secrets."""
    switches = {one.name for one in fields_of(gateway.Settings) if one.kind is Kind.SWITCH}
    shown = {name: is_on(value) if name in switches else value for name, value in saved.settings.items()}
    return {PREFIX + name: value for name, value in shown.items()} | {"seen": stamp(saved)}


def stamp(provider: Provider) -> str:
    """When the provider was last changed, to be told apart from any other time."""
    return str((provider.changed_at - _EPOCH) // timedelta(microseconds=1))


def changed_of(saved: Provider, given: Mapping[str, object]) -> dict[str, object]:
    """What of it differs from what is saved; a secret that was typed always does."""
    return {name: value for name, value in given.items() if name not in saved.settings or saved.settings[name] != value}


def _field(one: SettingField, *, kept: bool) -> Any:
    words: dict[str, Any] = {
        "label": gettext(one.label),
        "description": _help(one, kept=kept),
        "validators": [InputRequired() if one.required and not kept else Optional()],
    }
    if one.kind is Kind.SWITCH:
        return BooleanField(words["label"], description=words["description"], default=bool(one.default))
    if one.kind is Kind.CHOICE:
        offered = [(value, gettext(label) if label else value) for value, label in one.choices.items()]
        # as a function: the one shape that all of WTForms takes
        return SelectField(**words, choices=lambda: offered, default=one.default)
    words["validators"].append(Length(max=_LONGEST_OF_LINES if one.kind is Kind.LINES else _LONGEST))
    if one.kind is Kind.LINES:
        return TextAreaField(**words, default=None if one.secret else one.default, render_kw={"rows": 4})
    if one.secret:
        looked_at = {"data-sms-show": gettext("Show"), "data-sms-hide": gettext("Hide")}
        return PasswordField(**words, render_kw={"autocomplete": "new-password", "spellcheck": "false", **looked_at})
    shown = {"inputmode": "numeric"} if one.kind is Kind.NUMBER else {"spellcheck": "false", "autocomplete": "off"}
    return StringField(**words, default="" if one.default is None else str(one.default), render_kw=shown)


def _help(one: SettingField, *, kept: bool) -> str:
    told = [gettext(one.help)] if one.help else []
    if kept:
        told.append(gettext("Saved, and never shown again. Leave it empty to keep it."))
    elif one.secret:
        told.append(gettext("Kept encrypted, and never shown again."))
    return " ".join(told)
