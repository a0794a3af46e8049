"""Made-up people: the good numbers lie in the lowest block of a real range, some are wrong on purpose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

LISBON, AZORES, KYIV, LONDON = "Europe/Lisbon", "Atlantic/Azores", "Europe/Kyiv", "Europe/London"
SAO_PAULO, MANAUS = "America/Sao_Paulo", "America/Manaus"

ADMIN_LOGIN, ADMIN_PASSWORD = "admin@nortefibra.example", "norte-admin"
OPERATOR_LOGIN, OPERATOR_PASSWORD = "operator@nortefibra.example", "norte-operator"

STAFF = (
    (ADMIN_LOGIN, "Helena Prata", "admin", "910 000 901", ADMIN_PASSWORD, True),
    (OPERATOR_LOGIN, "Rui Tavares", "operator", "910 000 902", OPERATOR_PASSWORD, True),
    ("oksana@nortefibra.example", "Oksana Melnyk", "operator", "+351 910 000 903", OPERATOR_PASSWORD, True),
    ("artur@nortefibra.example", "Artur Leite", "operator", "", "has-left-us", False),
)


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the office knows about a client.

    ``numbers`` are (as typed, label, flags): m main mobile, b billing, o offers.
    ``contacts`` are (name, job title, phone, birthday), the primary one first.
    ``plan`` names the client's line in ``seed.invoices.PLANS``.
    """

    first: str = ""
    last: str = ""
    company: str | None = None
    language: str = "pt"
    region: str = "PT"
    timezone: str = LISBON
    city: str = "Braga"
    email: str | None = None
    born: str = ""
    billing: bool | None = True
    service: bool | None = True
    marketing: bool | None = None
    numbers: tuple[tuple[str, str, str], ...] = ()
    contacts: tuple[tuple[str, str, str | None, str], ...] = ()
    plan: str = "paid"


def _person(full_name: str, **known: Any) -> Known:
    first, _, last = full_name.partition(" ")
    return Known(first=first, last=last, **known)


def _abroad(region: str) -> dict[str, str]:
    return {
        "UA": {"language": "uk", "region": "UA", "timezone": KYIV, "city": "Львів"},
        "GB": {"language": "en", "region": "GB", "timezone": LONDON, "city": "Leeds"},
        "BR": {"language": "pt", "region": "BR", "timezone": SAO_PAULO, "city": "Campinas"},
    }[region]


FAMILY = "913 000 118"

PORTUGUESE = (
    _person("Marta Sousa", numbers=((FAMILY, "family", "mb"),), plan="due today", born="today"),
    _person("João Sousa", numbers=((FAMILY, "family", "m"),), plan="due in 3"),
    _person("Beatriz Sousa", numbers=((FAMILY, "mother's", "m"),), plan="paid", marketing=True),
    _person(
        "Inês Carvalho",
        company="Padaria Carvalho, Lda.",
        email="geral@padariacarvalho.example",
        numbers=(("253 000 410", "shop", ""), ("91 000 0041", "owner", "m"), ("910000042", "accounts", "b")),
        contacts=(
            ("Inês Carvalho", "Owner", "91 000 0041", "1979-03-14"),
            ("Tiago Carvalho", "Baker", "910 000 043", "today"),
        ),
        plan="late 1",
    ),
    _person("António Ferreira", numbers=(("+351 96 000 0012", "", "mbo"),), plan="late 20", marketing=True),
    _person("Catarina Lopes", numbers=(("00351 93 000 0013", "", "m"),), plan="part paid", city="Guimarães"),
    _person("Duarte Pinto", numbers=(("92 000-00-14", "", "m"),), plan="open", city="Porto", marketing=False),
    _person("Filipa Rocha", numbers=(("(910) 000 015", "", "mo"),), plan="due in 3", marketing=True),
    _person("Gonçalo Moreira", plan="late 6", city="Viana do Castelo", email="goncalo@correio.example"),
    _person("Leonor Azevedo", numbers=(("91 000 00 1", "", "m"),), plan="due today"),
    _person("Miguel Antunes", numbers=(("910 000 01O", "", "m"),), plan="late 20", city="Barcelos"),
    _person("Rosa Barbosa", numbers=(("253 000 418", "at home", "mb"),), plan="due in 3", born="1944-02-29"),
    _person(
        "Sofia Nunes",
        company="Clínica do Minho",
        city="Viana do Castelo",
        numbers=(
            ("258 000 500", "desk", ""),
            ("910 000 051", "director", "m"),
            ("910 000 052", "money", "b"),
        ),
        contacts=(
            ("Sofia Nunes", "Director", "910 000 051", "1984-02-29"),
            ("Pedro Vaz", "Accounts", "910 000 052", "1990-10-02"),
            ("Lara Pires", "Front desk", None, ""),
        ),
        plan="open",
    ),
    _person("Tomás Ribeiro", numbers=(("910 000 019", "", "m"), ("+351910000019", "again", "b")), plan="open"),
    _person("Vera Cunha", numbers=(("910 000 020 / 021", "hers or his", "m"),), plan="late 6", city="Porto"),
    _person(
        "Xavier Melo",
        timezone=AZORES,
        city="Ponta Delgada",
        numbers=(("910 000 022", "", "mb"),),
        plan="due in 3",
    ),
    Known(company="Quinta do Rio Cávado", numbers=(("910 000 060", "", "mb"),), plan="late 6", marketing=False),
    _person("Amélia Dias", numbers=(("910 000 023", "", "m"),), billing=False, plan="late 20", city="Barcelos"),
    _person("Carlos Matos", numbers=(("910 000 024", "", "m"),), billing=None, service=None, plan="due in 7"),
    _person(
        "Diana Fonseca",
        numbers=(("910 000 025", "", "mbo"),),
        plan="cancelled",
        born="tomorrow",
        marketing=True,
    ),
    _person("Eva Teixeira", numbers=(("", "to be asked", "m"),), plan="due today", city="Guimarães"),
    _person(
        "Hugo Reis",
        company="Reis & Filhos, Transportes",
        city="Porto",
        numbers=(("910 000 071", "driver", "m"),),
        contacts=(("Hugo Reis", "Manager", "910 000 071", "1975-06-21"),),
        plan="late 1",
    ),
)

UKRAINIAN = (
    _person(
        "Оксана Бондаренко",
        numbers=(("050 000 00 12", "", "mbo"),),
        plan="due in 3",
        marketing=True,
        born="today",
        **_abroad("UA"),
    ),
    _person("Андрій Шевчук", numbers=(("+380 67 000 00 13", "", "m"),), plan="late 6", **_abroad("UA")),
    _person(
        "Ірина Коваль",
        company="ТОВ «Карпатські меблі»",
        numbers=(("044 000 00 14", "офіс", ""), ("(067) 000-00-15", "директорка", "mb")),
        contacts=(
            ("Ірина Коваль", "Директорка", "(067) 000-00-15", "1981-08-24"),
            ("Богдан Коваль", "Бухгалтер", "067 000 00 16", "today"),
        ),
        plan="due today",
        **_abroad("UA"),
    ),
    _person("Тарас Мельник", numbers=(("67 000 00", "", "m"),), plan="late 20", **_abroad("UA")),
    _person(
        "Наталія Лисенко",
        language="uk",
        numbers=(("+351 910 000 031", "", "mb"),),
        plan="due in 3",
        city="Porto",
    ),
    _person(
        "Дмитро Гончар",
        language="uk",
        numbers=(("+38 050 000 00 32", "", "m"), ("910 000 032", "тут", "b")),
        plan="open",
    ),
    _person("Юлія Кравець", plan="paid", marketing=False, **_abroad("UA")),
)

BRITISH = (
    _person(
        "Emma Hughes",
        numbers=(("07400 000 012", "", "mbo"),),
        plan="due in 3",
        marketing=True,
        **_abroad("GB"),
    ),
    _person(
        "Oliver Grant",
        numbers=(("+44 (0)7400 000013", "", "m"),),
        plan="late 6",
        born="1968-02-29",
        **_abroad("GB"),
    ),
    _person("Amelia Ward", numbers=(("020 7946 0123", "office", "m"),), plan="open", **_abroad("GB")),
    _person("Harry Lane", numbers=(("07700 900123", "", "m"),), plan="late 1", **_abroad("GB")),
    _person(
        "Grace Bell",
        company="Northgate Surf School",
        language="en",
        city="Esposende",
        numbers=(("+44 7400 000014", "owner", "m"), ("910 000 081", "beach", "b")),
        contacts=(
            ("Grace Bell", "Owner", "+44 7400 000014", "1992-05-05"),
            ("Leo Marsh", "Coach", "910 000 082", ""),
        ),
        plan="part paid",
    ),
    _person("Jack Doyle", language="en", numbers=(("910 000 033", "", "m"),), plan="due today", city="Porto"),
)

BRAZILIAN = (
    _person(
        "Ana Clara Oliveira",
        numbers=(("(19) 90000-0012", "", "mbo"),),
        plan="due in 3",
        marketing=True,
        **_abroad("BR"),
    ),
    _person("Bruno Almeida", numbers=(("+55 11 90000-0013", "", "m"),), plan="late 6", **_abroad("BR")),
    _person("Camila Rezende", numbers=(("(19) 9000-0014", "old", "m"),), plan="late 1", **_abroad("BR")),
    _person(
        "Davi Moraes",
        company="Açaí do Porto Ltda.",
        **_abroad("BR") | {"timezone": MANAUS, "city": "Manaus"},
        numbers=(("92 99000-0015", "", "mb"),),
        contacts=(("Davi Moraes", "Sócio", "92 99000-0015", "1987-12-01"),),
        plan="due today",
    ),
    _person("Elisa Prado", region="BR", numbers=(("+351 910 000 034", "", "mb"),), plan="open", city="Braga"),
)

CLIENTS = PORTUGUESE + UKRAINIAN + BRITISH + BRAZILIAN
