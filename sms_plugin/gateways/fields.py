"""The settings that many gateways ask for, in the same words everywhere."""

from __future__ import annotations

from typing import Any

from sms_plugin.gateways.settings import setting

NUMBER_FORMS = {
    "national": "national, without country code",
    "digits": "country code and number, digits only",
    "e164": "with + and country code",
}
BODIES = {"none": "none", "form": "form", "json": "JSON"}

_AS_GIVEN = "The one that customers are given: leave it as it is, unless the provider names another."


def base_url(default: str) -> Any:
    """Where the provider is asked; tests and stubborn networks point it elsewhere."""
    return setting(
        "Base address",
        default=default,
        help="Where the provider is asked. Leave it as it is, unless your network reaches it by another address.",
    )


def user() -> Any:
    """An account's login."""
    return setting("User", help="The login of your account at the provider.")


def password() -> Any:
    """An account's password, a secret."""
    return setting("Password", secret=True, help="The password of the same account.")


def host(default: str) -> Any:
    """The name alone."""
    return setting("Host", default=default, help=_AS_GIVEN)


def port(default: int) -> Any:
    """The one that goes with the host."""
    return setting(
        "Port",
        default=default,
        minimum=1,
        maximum=65535,
        help="443 with SSL and 80 without, unless the provider names another.",
    )


def path(default: str) -> Any:
    """What stands behind host and port."""
    return setting("Path", default=default, help=_AS_GIVEN)


def ssl(*, default: bool) -> Any:
    """Where it is off, the form warns (P12)."""
    return setting("SSL", default=default, help="Without SSL your credentials travel in clear.")


def number_form(default: str) -> Any:
    """How the provider wants a number to be written."""
    return setting(
        "Form of the number",
        default=default,
        choices=NUMBER_FORMS,
        help="As the provider's manual shows it: 11987654321, 5511987654321 or +5511987654321. In another form a"
        " message may be taken and never arrive.",
    )


def method() -> Any:
    """GET or POST."""
    return setting(
        "Method",
        default="GET",
        choices=("GET", "POST"),
        help="As in the provider's manual. With GET all stands in the address; only POST carries a body.",
    )


def body_format() -> Any:
    """What a POST carries."""
    return setting(
        "Body",
        default="none",
        choices=BODIES,
        help="What a POST carries, as in the provider's manual; with a form or JSON, write it down in the next field.",
    )
