"""The company in its own texts."""

from __future__ import annotations

from collections.abc import Callable

from flask import current_app

from sms_plugin import Section


def of_card(*names: str) -> Callable[[], object]:
    """What the company's card says under these names."""
    return lambda: ", ".join(current_app.config["COMPANY_CARD"][name] for name in names)


company = Section(
    "company",
    {
        "company_name": lambda: current_app.config["COMPANY"],
        "company_payment_account": of_card("account"),
        "company_mfo": of_card("bank_code"),
        "company_passport": of_card("passport"),
        "company_registration": of_card("tax_number"),
        "company_state": of_card("state"),
        "company_info_format": of_card("full_name", "street", "house", "zip", "city", "tax_number"),
        "info_about_company_signatory": of_card("signatory"),
        "ISP_NAME_C": of_card("full_name"),
        "ISP_NAME": lambda: current_app.config["COMPANY"],
        "ISP_ADDR_B": of_card("district"),
        "ISP_ADDR": of_card("street"),
        "ISP_NUM": of_card("house"),
        "ISP_CITY": of_card("city"),
        "ISP_STATE": of_card("state"),
        "ISP_CEP": of_card("zip"),
        "ISP_CNPJ": of_card("tax_number"),
        "ISP_PHONE": of_card("phone"),
        "ISP_EMAIL": of_card("email"),
        "ISP_URL": of_card("site"),
    },
)
