"""What the public page of bookings says, in its three languages."""

from __future__ import annotations

from typing import Any

WORDS: dict[str, dict[str, Any]] = {
    "pt": {
        "language": "Português",
        "title": "Marcar uma visita",
        "lead": "Escolha o serviço e a hora. Confirmamos por SMS.",
        "fields": {
            "service": "Serviço",
            "place": "Loja",
            "on": "Dia",
            "at": "Hora",
            "name": "Nome",
            "phone": "Telemóvel",
        },
        "phone_help": "De Portugal, Reino Unido, Ucrânia ou Brasil; de fora de Portugal com + e o indicativo.",
        "send": "Marcar",
        "thanks": "Obrigado!",
        "received": "Recebemos o seu pedido. Confirmamos por SMS.",
        "required": "Preencha este campo.",
        "weekdays": ["seg", "ter", "qua", "qui", "sex", "sáb", "dom"],
        "status": {"requested": "Pedida", "confirmed": "Confirmada", "done": "Feita", "cancelled": "Anulada"},
        "refused": {
            "country": "Só podemos marcar com números de Portugal, Reino Unido, Ucrânia ou Brasil.",
            "closed": "Esta hora já não pode ser marcada. Escolha outra.",
            "too_many": "Já recebemos vários pedidos seus hoje. Tente amanhã, ou ligue-nos: 253 000 400.",
        },
        "numbers": {
            "landline": "Este número é fixo e não recebe SMS. Escreva um telemóvel.",
            "too_short": "O número está incompleto.",
            "": "Este número não pode receber SMS. Confirme-o algarismo a algarismo.",
        },
    },
    "en": {
        "language": "English",
        "title": "Book a visit",
        "lead": "Choose what you need and when. We confirm by SMS.",
        "fields": {
            "service": "Service",
            "place": "Shop",
            "on": "Day",
            "at": "Time",
            "name": "Name",
            "phone": "Mobile",
        },
        "phone_help": "From Portugal, the United Kingdom, Ukraine or Brazil; from abroad with + and the code.",
        "send": "Book",
        "thanks": "Thank you!",
        "received": "We have your request, and confirm it by SMS.",
        "required": "Please fill this in.",
        "weekdays": ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
        "status": {"requested": "Requested", "confirmed": "Confirmed", "done": "Done", "cancelled": "Cancelled"},
        "refused": {
            "country": "We can book for numbers of Portugal, the United Kingdom, Ukraine and Brazil only.",
            "closed": "This time can no longer be booked. Please choose another.",
            "too_many": "We have several requests of yours today already. Try tomorrow, or call us: +351 253 000 400.",
        },
        "numbers": {
            "landline": "This is a landline, which takes no SMS. Please write a mobile number.",
            "too_short": "The number is not complete.",
            "": "This number takes no SMS. Please compare it digit by digit.",
        },
    },
    "uk": {
        "language": "Українська",
        "title": "Записатися на візит",
        "lead": "Оберіть послугу й час. Ми підтвердимо в SMS.",
        "fields": {
            "service": "Послуга",
            "place": "Магазин",
            "on": "День",
            "at": "Час",
            "name": "Ім’я",
            "phone": "Мобільний",
        },
        "phone_help": "З Португалії, Великої Британії, України чи Бразилії; з-за кордону — з + і кодом країни.",
        "send": "Записатися",
        "thanks": "Дякуємо!",
        "received": "Ми отримали вашу заявку й підтвердимо її в SMS.",
        "required": "Заповніть це поле.",
        "weekdays": ["пн", "вт", "ср", "чт", "пт", "сб", "нд"],
        "status": {
            "requested": "Очікує",
            "confirmed": "Підтверджено",
            "done": "Виконано",
            "cancelled": "Скасовано",
        },
        "refused": {
            "country": "Записуємо лише на номери Португалії, Великої Британії, України та Бразилії.",
            "closed": "На цей час записатися вже не можна. Оберіть інший.",
            "too_many": "Сьогодні ви вже надіслали кілька заявок. Спробуйте завтра або дзвоніть: +351 253 000 400.",
        },
        "numbers": {
            "landline": "Це стаціонарний номер, він не приймає SMS. Вкажіть мобільний.",
            "too_short": "Номер неповний.",
            "": "На цей номер не можна надіслати SMS. Перевірте його цифра за цифрою.",
        },
    },
}
