"""Which shortcodes a section offers, and in which order (M2, M8)."""

from __future__ import annotations

import pytest

from sms_plugin.wording.offers import OfferedSection, offered
from tests.portal import Portal


def offers(portal: Portal, section: str | None) -> tuple[OfferedSection, ...]:
    registry = portal.state.registry
    reachable = registry.reachable_in(section)
    return offered(reachable, first=section, registry=registry, catalogue=portal.state.catalogue)


@pytest.mark.parametrize(
    ("section", "sections"),
    [
        ("payment", ["payment", "clients", "invoice", "company"]),
        ("invoice", ["invoice", "clients", "company"]),
        (None, ["company"]),
        ("galaxy", ["company"]),
    ],
)
def test_its_own_come_first_the_companys_last(portal: Portal, section: str | None, sections: list[str]) -> None:
    assert [each.section for each in offers(portal, section)] == sections


def test_each_says_what_it_stands_for_where_the_catalogue_knows(portal: Portal) -> None:
    own = offers(portal, "invoice")[0].shortcodes
    assert {each.name: each.label for each in own}["invoice_duedate"] == "Due date"
    assert {each.name: each.label for each in own}["invoice_note"] == ""


def test_what_not_every_record_of_a_section_reaches_is_not_on_offer(portal: Portal) -> None:
    """A text is for any record of its section: one of them would have a hole."""
    registry = portal.state.registry
    assert {entity.key for entity in registry.entities_of("clients")} == {"clients/Client", "clients/Contact"}
    assert "contact_firstname" in registry.reachable_in("clients")
    assert "invoice_number" not in registry.reachable_in("clients")
