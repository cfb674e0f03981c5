"""How is an invoice said: in the language of its customer, whoever reads it, and what the law wants word by word?"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal

from babel.dates import format_date
from babel.numbers import format_currency
from flask import Flask
from flask_babel import force_locale, gettext

from portal.config import LANGUAGES
from portal.domain.errors import N_
from portal.domain.invoices import EXEMPT, FRANCHISE, Content, Invoice, InvoiceKind, InvoiceLine
from portal.domain.money import minor_digits
from portal.web.context import settings
from portal.web.language import current_language

TITLES = {InvoiceKind.INVOICE: N_("Invoice"), InvoiceKind.CREDIT_NOTE: N_("Credit note")}
EXPLAINED = {
    FRANCHISE: N_("VAT not applicable, article 293 B of the French tax code"),
    EXEMPT: N_("Exempt from VAT"),
}
EXACT = 4  # decimals of a unit price that does not come out even


def register(app: Flask) -> None:
    """Make the filters known to the templates."""
    app.jinja_env.filters.update(
        {"invoice_title": title, "full_date": full_date, "unit_net": unit_net, "exemption": exemption, "siren": siren}
    )


@contextmanager
def in_its_language(invoice: Invoice) -> Iterator[None]:
    """Speak the language in which an invoice was issued."""
    language = invoice.content.language
    with force_locale(language if language in LANGUAGES else settings().booking_locale):
        yield


def title(content: Content) -> str:
    """Say what a document is."""
    return str(gettext(TITLES[content.kind]))


def full_date(moment: date) -> str:
    """Write a date with its year, always: 7 décembre 2026."""
    text = format_date(moment, "d MMMM y", current_language())
    return "1er" + text[1:] if current_language() == "fr" and text.startswith("1 ") else text


def unit_net(line: InvoiceLine, currency: str) -> str:
    """Write the price of one without tax; with four decimals where it does not come out even."""
    digits = minor_digits(currency)
    price = Decimal(line.net).scaleb(-digits) / (line.quantity or 1)
    shown = digits if price == round(price, digits) else EXACT
    pattern = ("¤#,##0" if current_language() == "en" else "#,##0") + (f".{'0' * shown}" if shown else "")
    pattern += "" if current_language() == "en" else "\u00a0¤"
    text = format_currency(price, currency, pattern, current_language(), currency_digits=False)
    return text.replace("\u202f", "\u00a0").replace("-", "\u2212")


def exemption(content: Content) -> tuple[str, str]:
    """Return why no tax is due, in the words of the law and, in another language, what they mean."""
    law = content.vat_exemption or ""
    meaning = str(gettext(EXPLAINED[law])) if law in EXPLAINED and current_language() != "fr" else ""
    return law, meaning


def siren(number: str) -> str:
    """Write a company number in its three groups: 732 829 320."""
    return "\u00a0".join(number[at : at + 3] for at in range(0, len(number), 3))
