"""Markup becomes one line of plain text (M3)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_plugin.text.formats import one_line
from sms_plugin.text.plain import plain

MARKUP = [
    *"<>&;!-[] ab\n\"'",
    "<p>",
    "</p>",
    "<br/>",
    "<td",
    "<![if",
    "<!--",
    "-->",
    "<script>",
    "</script",
    "&amp",
    "&#",
]


@pytest.mark.parametrize(
    ("markup", "line"),
    [
        ("<p>Maresia Net<br>Rua do Mar, 5<br/>Setúbal</p>", "Maresia Net, Rua do Mar, 5, Setúbal"),
        ("<div><b>Total:</b> 5<sup>00</sup></div>", "Total: 500"),
        ("<p>One.</p><p>Two</p>\n<p></p><p>three</p>", "One. Two, three"),
        ("Items:<ul>\n<li>Router</li>\n<li>Cable</li></ul>", "Items: Router; Cable"),
        ("<ol><li>A<li>B<ul><li>C</ul></ol>D", "A; B; C; D"),
        ("a<hr>b", "a, b"),
        ("<dl><dt>Plan<dd>Fibra</dl>", "Plan; Fibra"),
        ("bo<b>ld</b> <i>and</i> so", "bold and so"),
        ("", ""),
        ("<p> &nbsp; </p>", ""),
    ],
)
def test_what_stands_apart_on_a_page_is_separated_in_a_line(markup: str, line: str) -> None:
    assert plain(markup) == line


def test_a_table_is_read_by_rows_and_cells() -> None:
    """``contract_items``."""
    table = """
    <table class="items"><thead><tr><th>Item</th><th>Qty</th></tr></thead>
      <tbody>
        <tr><td><b>Fibra 500</b><br/><span>24 months</span></td><td>24&nbsp;x 39,90</td></tr>
        <tr><td>Router</td><td>1 x 60,00</td></tr>
      </tbody></table>
    """
    assert plain(table) == "Item, Qty; Fibra 500, 24 months, 24 x 39,90; Router, 1 x 60,00"


@pytest.mark.parametrize(
    "markup",
    [
        '<script>document.write("<p>no</p>")</script>seen',
        "<style>p { color: red }</style><p>seen</p>",
        "<html><head><title>no</title><meta charset=utf-8></head><body>seen</body></html>",
        "<head><title>no<body>seen",
        "<p>seen<!-- <b>no</b> --></p>",
        "<noscript>no</noscript>seen",
        "<select><option>no</select>seen",
        '<svg><title>no</title><rect width="3"/></svg><svg/>seen',
        "<template><template>no</template>no</template>seen",
        "seen<script>never closed <p>no",
    ],
)
def test_what_no_reader_of_the_page_sees_is_left_out(markup: str) -> None:
    assert plain(markup) == "seen"


def test_a_picture_is_what_its_alternative_says() -> None:
    """``stock_orders_barcode_ttn``."""
    assert plain('<img src="data:image/png;base64,iVBO=" alt="20450123456789">') == "20450123456789"
    assert plain('<img src="x.png">') == ""


@pytest.mark.parametrize(
    ("markup", "line"),
    [
        ("<p>5 &lt; 6 &amp;&#32;&quot;&#x20AC;&quot; &copy; &ccedil;</p>", '5 < 6 & "€" © ç'),
        ("Reis &amp; Filhos", "Reis & Filhos"),
        ("<p>&amp;lt;b&amp;gt;</p>", "&lt;b&gt;"),
        ("<p>&unheard; &#xD800; &#0;</p>", "&unheard; \ufffd \ufffd"),
    ],
)
def test_references_become_their_characters_once(markup: str, line: str) -> None:
    assert plain(markup) == line


@pytest.mark.parametrize(
    "text", ["a < b & c > d", "x<y and z>w", "<3 you", "AT&T", "R&D;", "if (a<b) {c}", "<Ana> said hi", "100 % <- here"]
)
def test_text_that_is_no_markup_stays_as_it_is(text: str) -> None:
    assert plain(text) == text


def test_what_word_processors_write_does_no_harm() -> None:
    assert plain("<![if !mso]>a<![endif]><!--[if mso]>no<![endif]--><p>b</p><o:p>c</o:p>") == "a, b, c"
    assert plain("<![foo bar]><p>a</p>") == "a"


def test_long_markup_is_read_to_a_bound() -> None:
    assert len(plain("<p>word</p>" * 100_000)) < 20_000


@given(st.lists(st.sampled_from(MARKUP), max_size=40).map("".join))
def test_no_markup_fails_or_leaves_more_than_a_line(markup: str) -> None:
    line = plain(markup)
    assert line == one_line(line)
    assert "<p>" not in line
    assert "<script>" not in line


@given(st.text(st.characters(exclude_characters="<&"), max_size=60))
def test_plain_text_is_only_put_into_one_line(text: str) -> None:
    assert plain(text) == one_line(text)
