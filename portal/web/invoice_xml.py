"""How is an invoice written for programs: Factur-X, profile EN 16931?

The names BT-… and BG-… are those of the European norm EN 16931-1; the library turns them into XML.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import facturx

from portal.domain.invoices import FRANCHISE, Invoice, InvoiceKind, InvoiceLine, VatRow
from portal.domain.money import minor_digits

PROFILE = "en16931"
TYPE_CODES: Mapping[InvoiceKind, str] = {InvoiceKind.INVOICE: "380", InvoiceKind.CREDIT_NOTE: "381"}  # UNTDID 1001
ONLINE_PAYMENT = "68"  # UNTDID 4461, online payment service
PIECE = "C62"  # UN/ECE recommendation 20, one
SIRENE = "0002"  # ISO 6523, register of French companies
STANDARD, EXEMPT = "S", "E"  # UNTDID 5305
CENTS = 2  # decimals that the norm allows an amount (rules BR-DEC)


def can_be_structured(invoice: Invoice) -> bool:
    """Tell whether the norm can say this: a seller with name and number, amounts of two decimals at most."""
    seller, currency = invoice.content.seller, invoice.content.currency
    return bool(seller.name and (seller.vat_number or seller.siren)) and minor_digits(currency) <= CENTS


def xml_of(invoice: Invoice) -> bytes:
    """Write an invoice that `can_be_structured` as Factur-X; the same invoice gives the same bytes."""
    # Neither check is for a customer to wait for, and the second would look for a server: the tests do both.
    made: bytes = facturx.generate_cii_xml(_data(invoice), level=PROFILE, check_xsd=False, check_schematron=None)
    return made


def _data(invoice: Invoice) -> dict[str, Any]:
    content = invoice.content
    data: dict[str, Any] = {
        "BT-1": content.number,
        "BT-2": content.issued_on,
        "BT-3": TYPE_CODES[content.kind],
        "BT-5": content.currency,
        "BT-12": content.booking_reference,
        "BT-72": content.supplied_to,
        "BT-73": content.supplied_from,
        "BT-74": content.supplied_to,
        "BT-81": ONLINE_PAYMENT,
        "BG-4": _seller(invoice),
        "BG-7": _buyer(invoice),
        "BG-23": [_vat(row, invoice) for row in content.vat_table],
        "BG-25": [_line(index, line, content.currency) for index, line in enumerate(content.lines, 1)],
        **_totals(invoice),
    }
    if content.corrects:
        data["BG-3"] = [{"BT-25": content.corrects.number, "BT-26": content.corrects.issued_on}]
    return data


def _totals(invoice: Invoice) -> dict[str, str]:
    content = invoice.content
    sums = {
        "BT-106": content.net,
        "BT-109": content.net,
        "BT-110": content.vat,
        "BT-112": content.gross,
        "BT-113": content.paid,
        "BT-115": content.gross - content.paid,
    }
    return {name: _amount(value, content.currency) for name, value in sums.items()}


def _seller(invoice: Invoice) -> dict[str, Any]:
    seller = invoice.content.seller
    party: dict[str, Any] = {"name": seller.name, "country_code": seller.country}
    party |= dict(zip(("addr_l1", "addr_l2", "addr_l3"), seller.address_lines, strict=False))
    if seller.legal_form:
        party["legal_info"] = seller.legal_form
    if seller.siren:
        party |= {"legal_identifier": seller.siren, "legal_identifier_schemeid": SIRENE}
    if seller.vat_number:
        party["vat_identifier"] = seller.vat_number.replace(" ", "")
    else:  # the norm wants a number for the tax authority from who charges none, too (rule BR-E-02)
        party["tax_identifier"] = seller.siren
    return party


def _buyer(invoice: Invoice) -> dict[str, Any]:
    """Write the customer; the norm wants a country (BR-11), and the one known is where the service is given."""
    return {"name": invoice.buyer.name or "-", "country_code": invoice.content.seller.country}


def _vat(row: VatRow, invoice: Invoice) -> dict[str, str]:
    content = invoice.content
    data = {
        "BT-116": _amount(row.net, content.currency),
        "BT-117": _amount(row.vat, content.currency),
        "BT-118": _category(row.rate),
        "BT-119": _rate(row.rate),
    }
    if not row.rate:
        data["BT-120"] = content.vat_exemption or ""
    if not row.rate and content.vat_exemption == FRANCHISE:
        data["BT-121"] = "VATEX-FR-FRANCHISE"
    return data


def _line(index: int, line: InvoiceLine, currency: str) -> dict[str, str]:
    """Write a line; a discount is a negative number of something, for no price may be negative (BR-27)."""
    sign = -1 if line.net < 0 else 1
    quantity = abs(line.quantity) or 1
    price = Decimal(abs(line.net)).scaleb(-minor_digits(currency)) / quantity
    return {
        "BT-126": str(index),
        "BT-129": str(sign * quantity),
        "BT-130": PIECE,
        "BT-131": _amount(line.net, currency),
        "BT-146": f"{price:.4f}",
        "BT-151": _category(line.rate),
        "BT-152": _rate(line.rate),
        "BT-153": line.label,
    }


def _category(rate: Decimal) -> str:
    return STANDARD if rate else EXEMPT


def _rate(rate: Decimal) -> str:
    return f"{rate:.2f}"


def _amount(minor: int, currency: str) -> str:
    return str(Decimal(minor).scaleb(-minor_digits(currency)))
