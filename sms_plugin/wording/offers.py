"""The shortcodes that a text may use, as a person chooses among them (M2)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sms_plugin.catalog.loader import Catalogue, ShortcodeEntry, in_language
from sms_plugin.host.registry import Registry


@dataclass(frozen=True, kw_only=True)
class Offer:
    """One shortcode on offer."""

    name: str
    label: str = ""  #: what it stands for; empty for one of the host's own
    help: str = ""  #: what is easily taken wrong about it
    example: str = ""  #: what it might read
    sensitive: bool = False  #: no preview and no export shows it (M10)


@dataclass(frozen=True, kw_only=True)
class OfferedSection:
    """The shortcodes on offer that belong to one section."""

    section: str
    label: str  #: its name; the host's word for one of its own
    shortcodes: tuple[Offer, ...]


def offered(
    reachable: Collection[str],
    *,
    first: str | None,
    registry: Registry,
    catalogue: Catalogue,
    language: str = "en",
) -> tuple[OfferedSection, ...]:
    """The reachable shortcodes by section: ``first``, then what its records reach, then the company's.

    What they stand for is told in ``language``.
    """
    by_section: dict[str, list[Offer]] = {}
    for name in _in_order(reachable, registry, catalogue):
        offer = _offer(name, catalogue.shortcodes.get(name), language=language)
        by_section.setdefault(registry.section_of(name), []).append(offer)
    company = set(registry.company_sections.values())
    order = sorted(by_section, key=lambda section: (section in company, section != first))
    return tuple(
        OfferedSection(
            section=section,
            label=in_language(catalogue.sections.get(section, {}), language) or section,
            shortcodes=tuple(by_section[section]),
        )
        for section in order
    )


def _offer(name: str, entry: ShortcodeEntry | None, *, language: str) -> Offer:
    if entry is None:
        return Offer(name=name)
    return Offer(
        name=name,
        label=in_language(entry.label, language),
        help=in_language(entry.help, language),
        example=entry.example,
        sensitive=entry.sensitive,
    )


def _in_order(reachable: Collection[str], registry: Registry, catalogue: Catalogue) -> list[str]:
    """As the catalogue lists them, then the host's own as it declares them."""
    known = [*catalogue.shortcodes, *(name for each in registry.entities.values() for name in each.shortcodes)]
    return [name for name in dict.fromkeys([*known, *registry.company]) if name in reachable]
