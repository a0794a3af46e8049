"""Templates: written, changed, taken away, and never so that a trigger is left with what it cannot fill in."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa

from sms_plugin import SmsError
from sms_plugin.models import Change, Template, TriggerRow
from sms_plugin.wording.templates import Draft, change, check_fit, create, delete, locked, uses
from tests.portal import Client, Portal, make_portal
from tests.portal.app import declarations

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)


def written(portal: Portal, **fields: Any) -> int:
    """A template in the database; its number."""
    given: dict[str, Any] = {"name": "Due", "section": "invoice", "texts": {"en": "Pay {invoice_number}"}, **fields}
    with portal.fresh() as session, session.begin():
        return create(session, Draft(**given), registry=portal.state.registry, who="Rui", now=NOW).id


def changed(portal: Portal, id: int, seen: dt.datetime | None = None, **fields: Any) -> None:
    """The template, with other values."""
    with portal.fresh() as session, session.begin():
        found = locked(session, id)
        assert found is not None
        names = ("name", "description", "section", "texts", "enabled")
        wanted = Draft(**{**{name: getattr(found, name) for name in names}, **fields})
        change(session, found, wanted, seen=seen, registry=portal.state.registry, who="Eva", now=NOW)


def use(portal: Portal, id: int, trigger: str = "charge_created") -> None:
    """Have a trigger use the template."""
    with portal.fresh() as session, session.begin():
        session.add(TriggerRow(key=trigger, on=True, on_since=NOW, texts={}, template_id=id, changed_at=NOW))


def stored(portal: Portal, id: int) -> Template:
    with portal.fresh() as session:
        return session.get_one(Template, id)


def trail(portal: Portal) -> list[tuple[str, str, str, dict[str, Any]]]:
    with portal.fresh() as session:
        return [(each.who, each.what, each.action, each.detail) for each in session.scalars(sa.select(Change))]


def test_a_template_is_kept_as_it_was_written(portal: Portal) -> None:
    """M1"""
    found = stored(portal, written(portal, description="when it is due", enabled=False))
    assert (found.name, found.description, found.section, found.texts, found.enabled) == (
        "Due",
        "when it is due",
        "invoice",
        {"en": "Pay {invoice_number}"},
        False,
    )


@pytest.mark.parametrize(
    ("fields", "code", "says"),
    [
        ({"texts": {"en": "{invoice_nubmer}"}}, "unknown_shortcode", "invoice_nubmer"),
        ({"texts": {"en": "ok", "pt": "{payment_amount}"}}, "unreachable_shortcode", r"\(pt\).*payment_amount"),
        ({"texts": {"en": "100 } euro"}}, "stray_brace", "character 5"),
        ({"texts": {"en": "x" * 10_000}}, "text_too_long", "10000"),
        ({"texts": {"<script>": "x"}}, "bad_language", "language"),
        ({"section": None}, "unreachable_shortcode", "invoice_number"),
        ({"section": "galaxy"}, "section_gone", "galaxy"),
        ({"name": " "}, "bad_name", "name"),
        ({"name": "x" * 81}, "bad_name", "80"),
    ],
)
def test_one_that_could_not_be_used_is_refused_with_the_reason(
    portal: Portal, fields: dict[str, Any], code: str, says: str
) -> None:
    """M5"""
    with pytest.raises(SmsError, match=says) as refused:
        written(portal, **fields)
    assert refused.value.code == code


def test_an_empty_text_may_be_kept(portal: Portal) -> None:
    assert stored(portal, written(portal, texts={"en": ""})).texts == {"en": ""}


def test_one_without_a_section_may_use_the_companys_shortcodes(portal: Portal) -> None:
    assert stored(portal, written(portal, section=None, texts={"en": "{company_name}"})).section is None


def test_a_name_is_taken_once(portal: Portal) -> None:
    written(portal)
    with pytest.raises(SmsError) as refused:
        written(portal)
    assert refused.value.code == "name_taken"
    written(portal, name="due")


def test_a_template_in_use_is_not_deleted_and_says_where(portal: Portal) -> None:
    id = written(portal)
    use(portal, id)
    use(portal, id, "charge_due_soon")
    with portal.fresh() as session, session.begin():
        with pytest.raises(SmsError, match="charge_created, charge_due_soon") as refused:
            delete(session, session.get_one(Template, id), who="Rui", now=NOW)
        assert refused.value.code == "template_in_use"
        assert uses(session, session.get_one(Template, id)) == ["charge_created", "charge_due_soon"]


def test_one_that_nobody_uses_is_deleted_and_what_it_said_is_in_the_record(portal: Portal) -> None:
    """X12"""
    id = written(portal)
    with portal.fresh() as session, session.begin():
        delete(session, session.get_one(Template, id), who="Rui", now=NOW)
    with portal.fresh() as session:
        assert session.get(Template, id) is None
    (said,) = [detail["texts"] for who, what, action, detail in trail(portal) if action == "deleted"]
    assert said == {"en": "Pay {invoice_number}"}


def test_a_change_is_recorded_with_who_and_from_what_to_what(portal: Portal) -> None:
    """X12"""
    id = written(portal)
    changed(portal, id, description="new", texts={"en": "Pay now"})
    assert [each for each in trail(portal) if each[2] == "changed"] == [
        (
            "Eva",
            "template Due",
            "changed",
            {"description": ["", "new"], "texts": [{"en": "Pay {invoice_number}"}, {"en": "Pay now"}]},
        )
    ]


def test_nothing_changed_is_nothing_recorded(portal: Portal) -> None:
    id = written(portal)
    changed(portal, id)
    assert len(trail(portal)) == 1


def test_another_section_that_does_not_reach_a_shortcode_is_refused_naming_it(portal: Portal) -> None:
    """M2, M5"""
    id = written(portal)
    with pytest.raises(SmsError, match=r"\{invoice_number\}") as refused:
        changed(portal, id, section="clients")
    assert refused.value.code == "unreachable_shortcode"
    assert stored(portal, id).section == "invoice"


def test_a_section_that_reaches_them_all_may_be_chosen(portal: Portal) -> None:
    id = written(portal)
    changed(portal, id, section="payment")
    assert stored(portal, id).section == "payment"


def test_a_text_that_a_trigger_could_not_fill_in_is_refused_naming_both(portal: Portal) -> None:
    id = written(portal, section="payment")
    use(portal, id)
    with pytest.raises(SmsError, match=r"charge_created cannot fill in \{payment_amount\}") as refused:
        changed(portal, id, texts={"en": "{payment_amount}"})
    assert refused.value.code == "trigger_left"


def test_of_two_who_change_one_the_later_is_told(portal: Portal) -> None:
    id = written(portal)
    seen = stored(portal, id).changed_at - dt.timedelta(seconds=1)
    with pytest.raises(SmsError) as refused:
        changed(portal, id, seen, texts={"en": "Mine"})
    assert refused.value.code == "changed_meanwhile"
    changed(portal, id, stored(portal, id).changed_at, texts={"en": "Mine"})


def test_a_trigger_takes_only_a_template_that_it_can_fill_in(portal: Portal) -> None:
    template = stored(portal, written(portal, section="payment", texts={"en": "{payment_amount} {invoice_number}"}))
    registry = portal.state.registry
    check_fit(template, "invoice_payment_recorded", registry=registry)
    with pytest.raises(SmsError, match=r"cannot fill in \{payment_amount\}"):
        check_fit(template, "charge_created", registry=registry)


class TestASectionThatIsGone:
    """The same database, after the developer took a declaration away."""

    @pytest.fixture
    def id(self, portal: Portal) -> int:
        return written(portal, name="Task", section="task", texts={"en": "{task_name}"})

    @pytest.fixture
    def later(self, portal: Portal, database_url: str, id: int) -> Portal:
        kept = [each for each in declarations() if getattr(each, "section", "") != "task"]
        return make_portal(database_url, *kept, tables=False)

    def test_its_template_is_kept_but_cannot_be_enabled(self, later: Portal, id: int) -> None:
        with later.app.app_context():
            with pytest.raises(SmsError, match="task") as refused:
                changed(later, id, description="x")
            assert refused.value.code == "section_gone"
            changed(later, id, description="x", enabled=False)
            kept = stored(later, id)
        assert (kept.section, kept.texts, kept.enabled) == ("task", {"en": "{task_name}"}, False)

    def test_no_trigger_takes_it(self, later: Portal, id: int) -> None:
        with later.app.app_context(), pytest.raises(SmsError, match="not declared any more") as refused:
            check_fit(stored(later, id), "charge_created", registry=later.state.registry)
        assert refused.value.code == "template_section"

    def test_a_trigger_that_used_it_sends_nothing(self, later: Portal, id: int) -> None:
        later_on = dt.datetime.now(dt.UTC)
        with later.app.app_context():
            use(later, id, "birthday_greeting")
            with later.fresh() as session, session.begin():
                session.get_one(TriggerRow, "birthday_greeting").on_since = later_on
            later.session.add(Client(name="Ana", phone="912345678"))
            later.session.flush()
            later.sms.fire("birthday_greeting", later.session.scalars(sa.select(Client)).one())
            later.session.commit()
            assert later.messages() == []
