"""What does an invoice say, which number has it, and how do its sums come about?

Prices include the tax. The tax of a rate is taken out of the sum of that rate's lines and rounded half-up, once; what a
line shows of it is the difference between running sums, so that lines, rates and total agree to the last minor unit.
The law leaves method and place of rounding to the member states (CJEU C-484/06, Ahold); France asks for tax and net
amount per rate (CGI, annexe II, art. 242 nonies A, I, 11°).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from zoneinfo import ZoneInfo

from portal.domain.money import half_up, tax_in

SUPPLY_IN_FRANCE = "FR"
FRANCHISE = "TVA non applicable, art. 293 B du CGI"
EXEMPT = "Opération exonérée de TVA"


class InvoiceKind(StrEnum):
    """What a document is; both are numbered in one series."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit-note"


class PaymentMeans(StrEnum):
    """How it was paid."""

    ONLINE = "online"


@dataclass(frozen=True)
class Seller:
    """Who issues the invoices; None is what the house has not set. `country` has two letters."""

    name: str | None
    country: str
    address: str | None = None
    legal_form: str | None = None
    siren: str | None = None
    vat_number: str | None = None
    vat_exemption: str | None = None
    email: str | None = None
    phone: str | None = None

    @property
    def missing(self) -> tuple[str, ...]:
        """Name what French law wants on an invoice and is not set (242 nonies A, I, 1°; code de commerce R123-237).

        A VAT number is not among it: who is below the threshold of art. 293 B has none to show.
        """
        wanted = {"name": self.name, "address": self.address, "legal_form": self.legal_form, "siren": self.siren}
        return tuple(name for name, value in wanted.items() if not value)

    @property
    def address_lines(self) -> tuple[str, ...]:
        """Return the lines of the address, without empty ones."""
        return tuple(line.strip() for line in (self.address or "").splitlines() if line.strip())


@dataclass(frozen=True)
class Issuer:
    """Who issues invoices, by whose clock they are dated, in which language where the customer chose none."""

    seller: Seller
    zone: ZoneInfo
    language: str


@dataclass(frozen=True)
class Buyer:
    """Whom an invoice is made out to."""

    name: str
    email: str | None = None


@dataclass(frozen=True)
class Item:
    """What is invoiced, before its tax is known: minor units, tax included; `rate` in percent, 0 where none is due."""

    label: str
    quantity: int
    unit_price: int
    amount: int
    rate: Decimal = Decimal(0)


@dataclass(frozen=True)
class InvoiceLine:
    """A line with its tax; `unit_price` includes the tax, `net` + `vat` = `gross`."""

    label: str
    quantity: int
    unit_price: int
    rate: Decimal
    net: int
    vat: int
    gross: int


@dataclass(frozen=True)
class VatRow:
    """The sums of one rate."""

    rate: Decimal
    net: int
    vat: int
    gross: int


@dataclass(frozen=True)
class Reference:
    """Another invoice, by number and date."""

    number: str
    issued_on: date


@dataclass(frozen=True)
class Content:
    """What an invoice says, kept as it was issued; amounts in minor units of `currency`, dates of the seller's clock.

    `language` is the customer's. `supplied_from` and `supplied_to` are the booking's first and last local date.
    `vat_exemption` is why no tax is due where a line has no rate; None where every line has one.
    A credit note names what it corrects; its amounts are positive, as is what was given back.
    """

    kind: InvoiceKind
    number: str
    issued_on: date
    language: str
    currency: str
    seller: Seller
    subject: str
    booking_reference: str
    supplied_from: date
    supplied_to: date
    lines: tuple[InvoiceLine, ...]
    paid_on: date
    means: PaymentMeans = PaymentMeans.ONLINE
    vat_exemption: str | None = None
    corrects: Reference | None = None

    @property
    def vat_table(self) -> tuple[VatRow, ...]:
        """Return the sums of each rate, the highest first."""
        rates = sorted({line.rate for line in self.lines}, reverse=True)
        return tuple(_row(rate, [line for line in self.lines if line.rate == rate]) for rate in rates)

    @property
    def net(self) -> int:
        return sum(line.net for line in self.lines)

    @property
    def vat(self) -> int:
        return sum(line.vat for line in self.lines)

    @property
    def gross(self) -> int:
        return sum(line.gross for line in self.lines)

    @property
    def paid(self) -> int:
        """Return what was paid, or given back: all of it, for invoices are issued when money has moved."""
        return self.gross


@dataclass(frozen=True)
class Invoice:
    """An invoice or credit note that was issued; the buyer may be made anonymous, the rest never changes."""

    id: str
    booking_id: str
    issued_at: datetime
    content: Content
    buyer: Buyer
    corrects_id: str | None = None


def _row(rate: Decimal, lines: Sequence[InvoiceLine]) -> VatRow:
    return VatRow(rate, sum(one.net for one in lines), sum(one.vat for one in lines), sum(one.gross for one in lines))


def number_of(year: int, sequence: int) -> str:
    """Write a number: F2026-000001.

    One series a year for invoices and credit notes, chronological and without gaps (242 nonies A, I, 7°): a credit note
    is an invoice that corrects another (CGI, art. 289, I, 5), and a second series would have to be justified.
    """
    return f"F{year}-{sequence:06}"


def exemption_of(seller: Seller, rates: Iterable[Decimal]) -> str | None:
    """Say why no tax is due on the lines without a rate: the house's own words, else those of the law (I, 12°).

    A seller in France without a VAT number who charges no tax at all is one of art. 293 B; such an invoice must say so.
    """
    found = set(rates)
    if 0 not in found:
        return None
    is_franchise = seller.country == SUPPLY_IN_FRANCE and not seller.vat_number and found == {Decimal(0)}
    return seller.vat_exemption or (FRANCHISE if is_franchise else EXEMPT)


# ---------------------------------------------------------------- lines of an invoice


def invoice_lines(items: Iterable[Item]) -> tuple[InvoiceLine, ...]:
    """Work out the tax of each line, so that the lines of a rate sum to the tax of their sum."""
    gross: dict[Decimal, int] = {}
    lines = []
    for item in items:
        before = gross.get(item.rate, 0)
        gross[item.rate] = before + item.amount
        vat = tax_in(gross[item.rate], item.rate) - tax_in(before, item.rate)
        lines.append(_line(item, vat))
    return tuple(lines)


def _line(item: Item, vat: int) -> InvoiceLine:
    return InvoiceLine(item.label, item.quantity, item.unit_price, item.rate, item.amount - vat, vat, gross=item.amount)


def items_for(items: Sequence[Item], amount: int, label: str) -> tuple[Item, ...]:
    """Return what a payment of that amount buys: the items where it pays them, else its share of each rate.

    The second is for what pays only a part of a price, or more than it (a difference after a change).
    """
    if sum(item.amount for item in items) == amount:
        return tuple(items)
    weights: dict[Decimal, int] = {}
    for item in items:
        weights[item.rate] = weights.get(item.rate, 0) + item.amount
    shares = shared_out(amount, list(weights.values())) if any(weights.values()) else [amount] + [0] * len(weights)
    parts = zip(weights or [Decimal(0)], shares, strict=False)
    return tuple(Item(label, 1, share, share, rate) for rate, share in parts if share)


def shared_out(amount: int, weights: Sequence[int]) -> list[int]:
    """Share an amount out in proportion to weights of 0 or more: whole numbers that sum to it, by largest remainder.

    No share passes its weight where the amount does not pass their sum.
    """
    whole = sum(weights)
    exact = [Fraction(amount * weight, whole) for weight in weights]
    shares = [int(one) for one in exact]
    left = amount - sum(shares)
    by_rest = sorted(range(len(weights)), key=lambda index: (shares[index] - exact[index], index))
    for index in by_rest[:left]:
        shares[index] += 1
    return shares


# ---------------------------------------------------------------- credit notes


def left_of(content: Content, credited: Iterable[Content]) -> tuple[VatRow, ...]:
    """Return what is left of each rate of an invoice after its credit notes."""
    rows = {row.rate: row for row in content.vat_table}
    for row in (row for note in credited for row in note.vat_table):
        had = rows[row.rate]
        rows[row.rate] = replace(had, net=had.net - row.net, vat=had.vat - row.vat, gross=had.gross - row.gross)
    return tuple(rows.values())


def credit_lines(content: Content, credited: Sequence[Content], amount: int, label: str) -> tuple[InvoiceLine, ...]:
    """Return the lines of a credit note: those of the invoice where all of it comes back at once, else a line a rate.

    However an invoice is given back bit by bit, its credit notes never pass it in any rate, and the last one brings
    net, tax and total to exactly those of the invoice.
    Raises ValueError where more would come back than is left.
    """
    left = left_of(content, credited)
    if not 0 < amount <= sum(row.gross for row in left):
        raise ValueError(f"{amount} of {sum(row.gross for row in left)} left cannot be credited")
    if not credited and amount == content.gross:
        return content.lines
    shares = shared_out(amount, [row.gross for row in left])
    return tuple(_credited(row, share, label) for row, share in zip(left, shares, strict=True) if share)


def _credited(row: VatRow, gross: int, label: str) -> InvoiceLine:
    """Give back a share of a rate with its share of the tax that is left: all of it with the last unit."""
    vat = half_up(Fraction(row.vat * gross, row.gross))
    return InvoiceLine(label, 1, gross, row.rate, gross - vat, vat, gross)
