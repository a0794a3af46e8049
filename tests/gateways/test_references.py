"""References made of a batch's id and a number."""

from __future__ import annotations

from sms_plugin.gateways.references import batch_of, joined


def test_a_verdict_and_a_receipt_make_the_same_reference_however_the_number_is_written() -> None:
    assert joined("42", "+55 (11) 98765-0001") == joined("42", "5511987650001")


def test_two_numbers_of_a_batch_and_two_batches_differ() -> None:
    references = {joined(batch, number) for batch in ("42", "43") for number in ("+5511987650001", "+5511987650002")}
    assert len(references) == 4


def test_the_number_cannot_be_read_from_it() -> None:
    """Promise 9."""
    assert joined("42", "+5511987650001") == "42/" + joined("42", "+5511987650001")[-8:]
    assert "98765" not in joined("42", "+5511987650001")


def test_the_batch_is_had_back_also_where_it_holds_the_separator_itself() -> None:
    assert batch_of(joined("a/b", "+5511987650001")) == "a/b"
    assert batch_of("SM123") == "SM123"
    assert batch_of("a/b") == "a/b"
