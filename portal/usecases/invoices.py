"""When is an invoice issued, when a credit note, and who may read them?

Both are issued inside the transaction that settles the money: no number is taken for what is rolled back.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from portal.domain.account import Account
from portal.domain.booking import Booking
from portal.domain.errors import Conflict, NotFound
from portal.domain.identity import new_id
from portal.domain.invoices import (
    Buyer,
    Content,
    Invoice,
    InvoiceKind,
    InvoiceLine,
    Issuer,
    Item,
    Reference,
    credit_lines,
    exemption_of,
    invoice_lines,
    items_for,
    left_of,
    number_of,
)
from portal.domain.money import Amount
from portal.domain.reference import reference_of
from portal.domain.service import Service
from portal.domain.wording import in_language, line_name
from portal.store import accounts, invoices
from portal.store.db import db
from portal.usecases.access import owner_of_reads, require_staff
from portal.usecases.changes import find_booking

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Numbered:
    """A number that is taken, and when; `issued_on` is that instant's date by the issuer's clock."""

    number: str
    issued_at: datetime
    issued_on: date


def issue_invoice(
    session: Session, booking: Booking, service: Service, payment_id: str, paid: Amount, issuer: Issuer, now: datetime
) -> Invoice:
    """Issue the invoice of a payment inside the transaction that settles it; what was issued before is returned again.

    Call it last: it holds the year's counter until the end.
    """
    issued = invoices.invoice_of(session, InvoiceKind.INVOICE, payment_id=payment_id)
    if issued:
        return issued
    customer = accounts.account_by_id(session, booking.user_id)
    language = (customer.locale if customer else None) or issuer.language
    items = items_for(_items(booking, service, language), paid.minor, in_language(service, language).name)
    numbered = _number(session, issuer, now)
    content = Content(
        kind=InvoiceKind.INVOICE,
        number=numbered.number,
        issued_on=numbered.issued_on,
        language=language,
        currency=paid.currency,
        seller=issuer.seller,
        subject=in_language(service, language).name,
        booking_reference=reference_of(booking.id),
        supplied_from=booking.start.astimezone(service.zone).date(),
        supplied_to=booking.end.astimezone(service.zone).date(),
        lines=invoice_lines(items),
        paid_on=now.astimezone(issuer.zone).date(),
        vat_exemption=exemption_of(issuer.seller, [item.rate for item in items]),
    )
    buyer = Buyer(customer.name if customer else "", booking.contact_email or (customer.email if customer else None))
    return _keep(session, Invoice(new_id(), booking.id, numbered.issued_at, content, buyer), payment_id=payment_id)


def issue_credit_note(
    session: Session, payment_id: str, refund_id: str, amount: Amount, issuer: Issuer, now: datetime
) -> Invoice | None:
    """Issue the credit note of a refund inside the transaction that notes its success; once, as an invoice is.

    None where the payment was never invoiced: money that came for nothing and went back leaves nothing to correct.
    Raises Conflict where more would be credited than is left: an earlier refund has failed, and its news is on its way.
    """
    issued = invoices.invoice_of(session, InvoiceKind.CREDIT_NOTE, refund_id=refund_id)
    corrected = invoices.invoice_of(session, InvoiceKind.INVOICE, payment_id=payment_id)
    if issued or corrected is None:
        return issued
    numbered = _number(session, issuer, now)  # first: it keeps other credit notes of this invoice waiting
    notes = [note.content for note in invoices.standing_credit_notes(session, corrected.id)]
    if amount.minor > sum(row.gross for row in left_of(corrected.content, notes)):
        raise Conflict
    lines = credit_lines(corrected.content, notes, amount.minor, corrected.content.subject)
    content = _corrected(corrected.content, InvoiceKind.CREDIT_NOTE, lines, numbered, issuer, now)
    return _keep(session, _following(corrected, content, numbered), refund_id=refund_id)


def issue_again(session: Session, refund_id: str, issuer: Issuer, now: datetime) -> Invoice | None:
    """Issue again what a credit note took back, because its refund failed after it had succeeded.

    Neither may be taken away once it has a number. None where there was no credit note.
    """
    issued = invoices.invoice_of(session, InvoiceKind.INVOICE, refund_id=refund_id)
    note = invoices.invoice_of(session, InvoiceKind.CREDIT_NOTE, refund_id=refund_id)
    if issued or note is None:
        return issued
    numbered = _number(session, issuer, now)
    content = _corrected(note.content, InvoiceKind.INVOICE, note.content.lines, numbered, issuer, now)
    return _keep(session, _following(note, content, numbered), refund_id=refund_id)


def _corrected(
    before: Content,
    kind: InvoiceKind,
    lines: tuple[InvoiceLine, ...],
    numbered: Numbered,
    issuer: Issuer,
    now: datetime,
) -> Content:
    return replace(
        before,
        kind=kind,
        number=numbered.number,
        issued_on=numbered.issued_on,
        seller=issuer.seller,
        lines=lines,
        paid_on=now.astimezone(issuer.zone).date(),
        corrects=Reference(before.number, before.issued_on),
    )


def _following(corrected: Invoice, content: Content, numbered: Numbered) -> Invoice:
    return Invoice(new_id(), corrected.booking_id, numbered.issued_at, content, corrected.buyer, corrected.id)


def _items(booking: Booking, service: Service, language: str) -> list[Item]:
    """Return what was agreed, line by line; an adopted booking has only its total."""
    if not booking.price_lines:
        rate = service.tax_rate or Decimal(0)
        total = booking.total_price
        return [Item(in_language(service, language).name, 1, total, total, rate)]
    return [_item(line, service, language) for line in booking.price_lines]


def _item(line: Mapping[str, object], service: Service, language: str) -> Item:
    label, tier = line["label"], line.get("tier_index")
    assert isinstance(label, str)
    assert tier is None or isinstance(tier, int)
    quantity, unit_price, amount = (int(str(line[name])) for name in ("quantity", "unit_price", "amount"))
    return Item(line_name(service, language, label, tier), quantity, unit_price, amount, _rate(line, service))


def _rate(line: Mapping[str, object], service: Service) -> Decimal:
    """Return the rate that was agreed; bookings made before rates were kept go by the service's."""
    agreed = line.get("tax_rate", service.tax_rate)
    return Decimal(str(agreed or 0))


def _number(session: Session, issuer: Issuer, now: datetime) -> Numbered:
    year = now.astimezone(issuer.zone).year
    sequence, issued_at = invoices.next_number(session, year, now)
    return Numbered(number_of(year, sequence), issued_at, issued_at.astimezone(issuer.zone).date())


def _keep(session: Session, invoice: Invoice, **source: str) -> Invoice:
    invoices.add_invoice(session, invoice, source)
    missing = [f"BUSINESS_{name.upper()}" for name in invoice.content.seller.missing]
    if missing:
        _LOG.warning("invoice %s lacks what the law wants: set %s", invoice.content.number, ", ".join(missing))
    return invoice


# ---------------------------------------------------------------- reading


def get_invoice(invoice_id: str, caller: Account) -> Invoice:
    """Find an invoice: a customer his own, staff everybody's.

    Raises NotFound.
    """
    found = invoices.invoice_by_id(db.session(), invoice_id, owner_of_reads(caller))
    if found is None:
        raise NotFound
    return found


def invoices_of_customer(account_id: str, caller: Account) -> Sequence[Invoice]:
    """List the latest invoices and credit notes of a customer, newest first, twenty at most."""
    require_staff(caller)
    return invoices.invoices_of_user(db.session(), account_id, 20)


def invoices_of_booking(booking_id: str, caller: Account) -> Sequence[Invoice]:
    """List invoices and credit notes of a booking, in order.

    Raises NotFound for another's.
    """
    booking = find_booking(booking_id, caller)
    return invoices.invoices_of_booking(db.session(), booking.id)
