"""The public page on which anybody books a visit, and the page of a booking that its SMS leads to (T18, X24)."""

# mypy: allow-untyped-calls

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import SelectField, StringField, TelField
from wtforms.validators import InputRequired, Length

from host_demo.booking import PLACES, SERVICES, BookingRefused, book, days, digest, times
from host_demo.booking_words import WORDS
from host_demo.clock import now
from host_demo.database import db
from host_demo.formats import day
from host_demo.models import Booking
from sms_plugin import SmsError

public_booking = Blueprint("public_booking", __name__)


class BookingForm(FlaskForm):
    """What a visitor fills in. ``website`` is for those who fill in everything: nobody else sees it."""

    service = SelectField(validators=[InputRequired()])
    place = SelectField(validators=[InputRequired()])
    on = SelectField(validators=[InputRequired()])
    at = SelectField(validators=[InputRequired()])
    name = StringField(validators=[InputRequired(), Length(max=80)], render_kw={"autocomplete": "name"})
    phone = TelField(validators=[InputRequired(), Length(max=40)], render_kw={"autocomplete": "tel"})
    website = StringField(validators=[Length(max=0)], render_kw={"autocomplete": "off", "tabindex": "-1"})

    def offer(self, *, language: str, today: date) -> None:
        """Say all of it in a language: the choices, the labels and what is wrong."""
        words = WORDS[language]
        self.service.choices = [(key, said[language]) for key, said in SERVICES.items()]
        self.place.choices = list(PLACES.items())
        self.on.choices = [(each.isoformat(), _weekday(each, language)) for each in days(today)]
        self.at.choices = [(f"{each:%H:%M}", f"{each:%H:%M}") for each in times()]
        for field in self:
            if field.short_name in words["fields"]:
                field.label.text = words["fields"][field.short_name]
            for validator in field.validators:
                if isinstance(validator, InputRequired):
                    validator.message = words["required"]

    @property
    def starts_at(self) -> datetime:
        return datetime.combine(date.fromisoformat(self.on.data), time.fromisoformat(self.at.data))


def _weekday(value: date, language: str) -> str:
    return f"{WORDS[language]['weekdays'][value.weekday()]}, {day(value, language=language)}"


def _language() -> str:
    asked = request.args.get("lang", "")
    return asked if asked in WORDS else request.accept_languages.best_match(list(WORDS)) or "pt"


@public_booking.route("/book", methods=["GET", "POST"])
def form() -> ResponseReturnValue:
    """The form; a good one leads to the page of its booking."""
    language = _language()
    filled = BookingForm()
    filled.offer(language=language, today=now().date())
    if request.method == "GET":
        return _shown(filled, language)
    if filled.website.data:
        return redirect(url_for(".thanks", lang=language), 303)  # a machine is thanked, too, and learns nothing
    if not filled.validate():
        return _shown(filled, language, status=422)
    try:
        booked = book(
            db.session,
            service=filled.service.data,
            place=filled.place.data,
            starts_at=filled.starts_at,
            name=" ".join((filled.name.data or "").split()),
            phone=filled.phone.data or "",
            language=language,
            sender=digest(request.remote_addr or "", key=current_app.config["SECRET_KEY"]),
        )
        db.session.commit()
    except BookingRefused as refusal:
        db.session.rollback()
        status = 429 if refusal.code == "too_many" else 422
        return _shown(filled, language, problem=WORDS[language]["refused"][refusal.code], status=status)
    except SmsError as problem:
        db.session.rollback()
        told = WORDS[language]["numbers"]
        filled.phone.errors = (told.get(problem.code, told[""]),)
        return _shown(filled, language, status=422)
    return redirect(url_for(".booking", public_id=booked.public_id), 303)


def _shown(filled: BookingForm, language: str, *, problem: str = "", status: int = 200) -> ResponseReturnValue:
    page = render_template(
        "portal/book.html", form=filled, words=WORDS[language], language=language, languages=WORDS, problem=problem
    )
    return page, status


@public_booking.get("/book/thanks")
def thanks() -> ResponseReturnValue:
    """What is said where nothing was booked."""
    language = _language()
    return render_template("portal/booked.html", booking=None, words=WORDS[language], language=language)


@public_booking.get("/b/<public_id>")
def booking(public_id: str) -> ResponseReturnValue:
    """One booking, in its language; by a link that only its number is sent. It tells no name and no number."""
    found = db.first_or_404(select(Booking).where(Booking.public_id == public_id))
    return render_template(
        "portal/booked.html",
        booking=found,
        words=WORDS[found.language],
        language=found.language,
        facts=_facts(found),
    )


def _facts(found: Booking) -> dict[str, Any]:
    fields = WORDS[found.language]["fields"]
    return {
        fields["service"]: SERVICES[found.service][found.language],
        fields["on"]: _weekday(found.starts_at.date(), found.language),
        fields["at"]: f"{found.starts_at:%H:%M}",
        fields["place"]: PLACES[found.place],
    }
