"""Made-up legal details: every number in them is invented."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from host_demo.billing import AnySession
from host_demo.models import Client, Papers, Staff

PAPERS: tuple[dict[str, Any], ...] = (
    {
        "client": "Padaria Carvalho, Lda.",
        "agent": "Rui Tavares",
        "name": "Padaria Carvalho, Limitada",
        "website": "padariacarvalho.example",
        "address": "Rua do Forno 8",
        "zip": "4700-010",
        "state": "Braga",
        "legal_street": "Rua do Forno 8",
        "legal_city": "Braga",
        "legal_state": "Braga",
        "legal_zip": "4700-010",
        "legal_country": "Portugal",
        "delivery_street": "Travessa da Levada 2",
        "delivery_city": "Braga",
        "delivery_state": "Braga",
        "delivery_zip": "4700-011",
        "delivery_country": "Portugal",
        "vat_number": "PT000000001",
        "register_code": "00000001",
        "tax_number": "000000001",
        "account": "PT00 0000 0000 0000 0000 0000 1",
        "bank_code": "0000",
        "signatory": "Inês Carvalho",
        "director": "da gerente Inês Carvalho",
        "papers_email": "papeis@padariacarvalho.example",
        "more_contacts": "Contabilidade: 910 000 042",
    },
    {
        "client": "ТОВ «Карпатські меблі»",
        "agent": "Oksana Melnyk",
        "name": "ТОВАРИСТВО «КАРПАТСЬКІ МЕБЛІ»",
        "address": "вул. Лісова, 3",
        "zip": "79000",
        "state": "Львівська область",
        "legal_street": "вул. Лісова, 3",
        "legal_city": "Львів",
        "legal_state": "Львівська область",
        "legal_zip": "79000",
        "legal_country": "Україна",
        "register_code": "00000014",
        "tax_number": "000000000014",
        "account": "UA00 000000 0000000000000000014",
        "bank_code": "000000",
        "signatory": "Ірина Коваль",
        "director": "директорки Ковал Ірини",
        "papers_email": "buh@karpatski-mebli.example",
    },
)


def file_papers(session: AnySession, *, clients: Mapping[str, Client], staff: Mapping[str, Staff]) -> None:
    """Add the legal details of those clients that gave them. Does not commit."""
    for row in PAPERS:
        session.add(Papers(**row | {"client": clients[row["client"]], "agent": staff[row["agent"]]}))
