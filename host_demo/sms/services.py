"""Lines of the internet: slowed down, blocked, and back."""

from __future__ import annotations

from host_demo.models import Service, ServiceStatus
from host_demo.models.service import CUT
from sms_plugin import Entity, Hook, Trigger, changed, money

service_restored = Trigger(
    key="service_restored",
    section="service",
    label={"en": "Service restored", "pt": "Serviço reposto", "uk": "Послугу відновлено"},
    help={
        "en": "A line that was slow or blocked works as before.",
        "pt": "Uma linha que estava lenta ou bloqueada voltou ao normal.",
        "uk": "Лінія, що була сповільнена або заблокована, працює як раніше.",
    },
    text={
        "en": "{contact_firstname}, your line {service_plan} is back. Thank you. {company_name}",
        "pt": "{contact_firstname}, a sua linha {service_plan} foi reposta. Obrigado. {company_name}",
        "uk": "{contact_firstname}, вашу лінію {service_plan} відновлено. Дякуємо. {company_name}",
    },
)

worse: list[Hook[Service]] = [
    Hook(trigger, changed(Service.status, to=status), only=Service.status == status)
    for trigger, status in (
        ("service_block_warning", ServiceStatus.PENDING),
        ("service_speed_reduced", ServiceStatus.REDUCED),
        ("service_blocked", ServiceStatus.BLOCKED),
        ("service_cancelled", ServiceStatus.CANCELLED),
    )
]

service = Entity(
    Service,
    "service",
    to={"client": "client"},
    also={"clients": "client"},
    shortcodes={
        "service_plan": "plan.name",
        "service_block_date": "block_date",
        "service_cancel_date": "cancel_date",
        "service_debt_total": money("debt_total", "currency"),
    },
    hooks=[
        *worse,
        Hook(
            service_restored,
            changed(Service.status, to=ServiceStatus.ENABLED, from_=lambda old: old in CUT),
            only=Service.status == ServiceStatus.ENABLED,
        ),
    ],
)
