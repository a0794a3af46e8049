"""The shortcodes that a text may use, as a person chooses among them (M2)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sms_plugin.catalog.loader import Catalogue
from sms_plugin.host.registry import Registry


@dataclass(frozen=True, kw_only=True)
class Offer:
    """One shortcode on offer."""

    name: str
    label: str  #: what it stands for; empty for one of the host's own


@dataclass(frozen=True, kw_only=True)
class OfferedSection:
    """The shortcodes on offer that belong to one section."""

    section: str
    shortcodes: tuple[Offer, ...]


def offered(
    reachable: Collection[str], *, first: str | None, registry: Registry, catalogue: Catalogue
) -> tuple[OfferedSection, ...]:
    """The reachable shortcodes by section: ``first``, then what its records reach, then the company's."""
    by_section: dict[str, list[Offer]] = {}
    for name in _in_order(reachable, registry, catalogue):
        entry = catalogue.shortcodes.get(name)
        section = registry.section_of(name)
        by_section.setdefault(section, []).append(Offer(name=name, label=entry.label if entry else ""))
    company = set(registry.company_sections.values())
    order = sorted(by_section, key=lambda section: (section in company, section != first))
    return tuple(OfferedSection(section=section, shortcodes=tuple(by_section[section])) for section in order)


def _in_order(reachable: Collection[str], registry: Registry, catalogue: Catalogue) -> list[str]:
    """As the catalogue lists them, then the host's own as it declares them."""
    known = [*catalogue.shortcodes, *(name for each in registry.entities.values() for name in each.shortcodes)]
    return [name for name in dict.fromkeys([*known, *registry.company]) if name in reachable]
