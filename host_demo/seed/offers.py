"""Made-up sales: days are counted from the first day, money is in the client's currency."""

from __future__ import annotations

from typing import Any

HELENA, RUI, OKSANA = "Helena Prata", "Rui Tavares", "Oksana Melnyk"

SUPPLIERS: tuple[dict[str, Any], ...] = (
    {
        "name": "Cabos do Ave, S.A.",
        "contact_name": "Lúcia Faria",
        "phone": "910 000 201",
        "email": "encomendas@cabosdoave.example",
        "supplies": "Fibre and ducts",
    },
    {"name": "Routerhaus", "contact_name": "Jonas Weber", "phone": "253 000 620", "supplies": "Routers"},
    {
        "name": "Вежа Зв'язок",
        "contact_name": "Роман Ткач",
        "phone": "050 000 02 01",
        "language": "uk",
        "region": "UA",
        "supplies": "Antennas",
    },
    {"name": "Escritório Verde", "supplies": "Paper and toner"},
)

LEADS: tuple[dict[str, Any], ...] = (
    {
        "name": "Paula Neves",
        "company": "Hotel da Ribeira",
        "position": "Manager",
        "phone": "910 000 301",
        "email": "paula@hoteldaribeira.example",
        "state": "Braga",
        "status": "interested",
        "source": "Fair",
        "funnel": "Companies",
        "description": "Wants Wi-Fi in 24 rooms before summer.",
        "assigned": RUI,
        "asked": 12,
    },
    {
        "name": "Андрій Шевчук",
        "phone": "050 000 03 02",
        "language": "uk",
        "region": "UA",
        "state": "Львівська область",
        "status": "contacted",
        "source": "Website",
        "funnel": "Homes",
        "repeat_request": True,
        "assigned": OKSANA,
        "asked": 6,
    },
    {
        "name": "Ruth Kay",
        "company": "Kay & Sons",
        "position": "Owner",
        "phone": "07400 000 303",
        "language": "en",
        "region": "GB",
        "status": "new",
        "source": "Telephone",
        "assigned": None,
        "asked": 1,
    },
    {
        "name": "Sérgio Lima",
        "position": "Tenant",
        "phone": None,
        "email": "sergio@correio.example",
        "status": "new",
        "source": "E-mail",
        "assigned": None,
        "asked": 0,
    },
    {
        "name": "Helder Cruz",
        "phone": "910 000 305",
        "status": "lost",
        "source": "Fair",
        "repeat_deal": True,
        "assigned": RUI,
        "asked": 60,
    },
)

ESTIMATES: tuple[dict[str, Any], ...] = (
    {"client": "Catarina Lopes", "subject": "Cabo até à garagem", "total": "180.00", "ends": -1},
    {"client": "Padaria Carvalho, Lda.", "subject": "Wi-Fi na esplanada", "total": "640.00", "ends": 3},
    {"client": "Clínica do Minho", "subject": "Segunda ligação de reserva", "total": "1250.00", "ends": 12},
    {"client": "Duarte Pinto", "subject": "Mudança de casa", "total": "75.00", "ends": 5, "status": "accepted"},
    {"client": "Carlos Matos", "subject": "Câmara no portão", "total": "310.00", "ends": -20, "status": "declined"},
)

PROPOSALS: tuple[dict[str, Any], ...] = (
    {
        "lead": "Paula Neves",
        "addressee": "Hotel da Ribeira, Gerência",
        "phone": "910 000 310",
        "address": "Rua do Rio 12",
        "state": "Braga",
        "zip": "4700-001",
        "country": "Portugal",
        "subject": "Wi-Fi em 24 quartos",
        "total": "4890.00",
        "ends": 3,
        "creator": HELENA,
        "assignee": RUI,
        "said": (
            (4, None, "O preço inclui os pontos de acesso do jardim?"),
            (3, RUI, "Inclui dois; um terceiro custaria mais 140 €."),
        ),
    },
    {
        "lead": "Андрій Шевчук",
        "subject": "Оптика в будинок",
        "total": "2600.00",
        "currency": "UAH",
        "ends": -1,
        "creator": OKSANA,
        "assignee": OKSANA,
        "said": ((2, None, "Чи можна підключити до кінця місяця?"),),
    },
    {
        "client": "Reis & Filhos, Transportes",
        "addressee": "Hugo Reis",
        "subject": "Ligação de 1 Gbit/s no armazém",
        "total": "1990.00",
        "ends": 9,
        "creator": RUI,
        "assignee": HELENA,
    },
    {
        "client": "Northgate Surf School",
        "subject": "Wi-Fi on the beach",
        "total": "820.00",
        "ends": 4,
        "status": "accepted",
        "creator": RUI,
        "assignee": RUI,
    },
    {
        "lead": "Helder Cruz",
        "subject": "Internet em casa",
        "total": "300.00",
        "ends": -40,
        "status": "declined",
        "creator": RUI,
        "assignee": RUI,
    },
)

CONTRACTS: tuple[dict[str, Any], ...] = (
    {
        "client": "Padaria Carvalho, Lda.",
        "subject": "Internet e telefone da padaria",
        "description": "Doze meses, com assistência no próprio dia.",
        "ends": 7,
        "creator": RUI,
        "discount": "19.80",
        "lines": (("Internet por fibra, 12 meses", 12, "34.90"), ("Telefone fixo, 12 meses", 12, "5.00")),
        "said": ((8, None, "Podemos renovar por mais dois anos?"), (7, RUI, "Claro, preparo uma proposta.")),
    },
    {
        "client": "ТОВ «Карпатські меблі»",
        "subject": "Інтернет для офісу",
        "currency": "UAH",
        "ends": -1,
        "creator": OKSANA,
        "lines": (("Інтернет, 12 місяців", 12, "520.00"),),
    },
    {
        "client": "Emma Hughes",
        "subject": "Fibre internet at home",
        "currency": "GBP",
        "ends": 120,
        "creator": HELENA,
        "lines": (("Fibre internet, 12 months", 12, "22.00"), ("Router", 1, "45.00")),
    },
    {
        "client": "Filipa Rocha",
        "subject": "Internet sem prazo",
        "ends": None,
        "creator": RUI,
        "lines": (("Internet por fibra, por mês", 1, "24.90"),),
    },
    {
        "client": "Vera Cunha",
        "subject": "Internet da loja",
        "ends": -90,
        "status": "ended",
        "creator": RUI,
        "lines": (("Internet por fibra, 12 meses", 12, "24.90"),),
    },
)

ORDERS: tuple[dict[str, Any], ...] = (
    {
        "client": "Marta Sousa",
        "ordered": 1,
        "pay_type": "Card",
        "delivery_method": "Collected at the shop",
        "warehouse": "Braga",
        "assigned": RUI,
        "lines": (("Router Wi-Fi 6", 1, "89.00"), ("Network cable 5 m", 2, "7.50")),
    },
    {
        "client": "Tomás Ribeiro",
        "phone": "910 000 401",
        "ordered": 2,
        "status": "approved",
        "pay_type": "Transfer",
        "delivery_method": "Courier",
        "delivery_details": "Rua Nova 3, 4710-100 Braga",
        "waybill": "CR000412",
        "warehouse": "Braga",
        "assigned": RUI,
        "lines": (("Mesh repeater", 2, "59.00"),),
    },
    {
        "first_name": "Ольга",
        "last_name": "Савчук",
        "patronymic": "Іванівна",
        "phone": "+380 50 000 04 02",
        "currency": "UAH",
        "ordered": 0,
        "pay_type": "Cash on delivery",
        "delivery_method": "Post",
        "delivery_details": "Львів, відділення 4",
        "warehouse": "Lviv",
        "assigned": OKSANA,
        "lines": (("Оптичний термінал", 1, "1450.00"),),
    },
    {
        "client": "Vera Cunha",
        "ordered": 15,
        "status": "cancelled",
        "lines": (("Set-top box", 1, "49.00"),),
    },
)

ITEMS: tuple[dict[str, Any], ...] = (
    {"name": "Router Wi-Fi 6", "serial": "NF-R6-0001", "client": "Marta Sousa"},
    {"name": "Mesh repeater", "serial": "NF-MR-0107", "client": "Tomás Ribeiro", "status": "sent"},
    {"name": "Optical terminal", "serial": "NF-OT-0042", "client": "Filipa Rocha", "status": "received"},
    {"name": "Set-top box", "serial": None, "client": "Emma Hughes"},
)
