"""What does a request need to know of the house: its settings, its rules, the time?"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from flask import current_app, g

from portal.config import Settings
from portal.domain.invoices import Issuer, Seller
from portal.domain.rules import Rules
from portal.usecases.money import Money


def settings() -> Settings:
    """Return the settings that the app was started with."""
    found: Settings = current_app.extensions["settings"]
    return found


def rules_of(given: Settings) -> Rules:
    """Return the rules of the house that the settings give."""
    return Rules(
        time_zone=given.booking_timezone,
        currency=given.booking_default_currency,
        region=given.booking_region,
        business_hours=given.business_hours,
        min_advance_minutes=given.min_advance_time,
        max_advance_days=given.max_advance_days,
        allow_cancellation=given.allow_cancellation,
        cancellation_deadline_hours=given.cancellation_deadline_hours,
        require_approval=given.require_approval,
        approval_hours=given.approval_hours,
        hold_minutes=given.hold_minutes,
        max_active_bookings=given.max_active_bookings,
        max_bookings_per_hour=given.max_bookings_per_hour,
        approval_over=given.approval_over,
        business_hours_only=given.business_hours_only,
        takes_payment=given.stripe_secret_key is not None,
    )


def current_rules() -> Rules:
    """Return the rules of the house."""
    found: Rules = current_app.extensions["rules"]
    return found


def current_money() -> Money:
    """Return what use-cases need that move money: the provider, the rules, who issues the invoices."""
    return Money(current_app.extensions["payments"], current_rules(), issuer_of(settings()))


def issuer_of(given: Settings) -> Issuer:
    """Return who issues the invoices, as the settings say."""
    seller = Seller(
        name=given.business_name,
        country=given.booking_region,
        address=given.business_address,
        legal_form=given.business_legal_form,
        siren=given.business_siren,
        vat_number=given.business_vat_number,
        vat_exemption=given.business_vat_exemption,
        email=given.business_email,
        phone=given.business_phone,
    )
    return Issuer(seller, ZoneInfo(given.booking_timezone), given.booking_locale)


def check_in_secret() -> str:
    """Return what the codes of tickets are sealed with."""
    return str(current_app.config["SECRET_KEY"])


def link_secret() -> str:
    """Return what the links to pay are sealed with."""
    return str(current_app.config["SECRET_KEY"])


def now() -> datetime:
    """Return the present instant, the only clock of the product."""
    return datetime.now(UTC)


def is_failing() -> bool:
    """Tell whether a failure is being told: its page asks neither the database nor the session for anything."""
    return bool(g.get("is_failing"))
