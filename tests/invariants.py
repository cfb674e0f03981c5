"""Is every promise about places and money kept? Read straight from the tables, not through the code that keeps it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import orjson
from sqlalchemy import Connection, text

from portal.domain.lifecycle import BookingStatus, can_move
from portal.store.db import db

LIVE = {"confirmed", "completed", "no-show"}


def check_invariants(now: datetime, capacities: Mapping[str, int] | None = None) -> None:
    """Fail with everything that is wrong (I1 to I5 of the promises about places, I7 about money).

    `capacities` says, by service, how many may run side by side, where that is not what the service says today.
    """
    with db.engine.connect() as connection:
        tables = _Tables(connection, now)
    found = [
        *_oversold_places(tables, capacities or {}),
        *_oversold_seats(tables),
        *_wrong_allocations(tables),
        *_wrong_occurrences(tables),
        *_wrong_trails(tables),
        *_wrong_payments(tables),
        *_wrong_refunds(tables),
        *_wrong_money(tables),
        *_wrong_numbers(tables),
        *_wrong_invoices(tables),
    ]
    assert not found, "\n".join(found)


class _Tables:
    """What lies in the tables at one moment."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self.now = now
        self.bookings = {row["id"]: row for row in _rows(connection, "booking")}
        self.allocations = _rows(connection, "allocation")
        self.occurrences = {row["id"]: row for row in _rows(connection, "occurrence")}
        self.stocks = {row["id"]: row["quantity"] for row in _rows(connection, "resource")}
        self.services = {row["id"]: row for row in _rows(connection, "booking_service")}
        self.payments = {row["id"]: row for row in _rows(connection, "payment")}
        self.refunds = _rows(connection, "refund")
        self.invoices = {row["id"]: row for row in _rows(connection, "invoice")}
        self.trail = sorted(_rows(connection, "audit_entry"), key=lambda row: row["id"])

    def is_live(self, booking: Any) -> bool:
        until = _instant(booking["hold_expires_at"])
        if booking["status"] == "pending":
            return until is None or self.now < until
        return booking["status"] in LIVE

    def counts(self, allocation: Any) -> bool:
        """Tell whether an allocation's holder is live: the booking, or one of the occurrence's."""
        if allocation["booking_id"] is not None:
            return self.is_live(self.bookings[allocation["booking_id"]])
        return any(
            self.is_live(one) for one in self.bookings.values() if one["occurrence_id"] == allocation["occurrence_id"]
        )


def _rows(connection: Connection, table: str) -> list[Any]:
    return list(connection.execute(text(f"SELECT * FROM {table}")).mappings())


def _instant(stored: Any) -> datetime | None:
    if stored is None:
        return None
    found = stored if isinstance(stored, datetime) else datetime.fromisoformat(stored)
    return found.replace(tzinfo=UTC)


def _oversold_places(tables: _Tables, capacities: Mapping[str, int]) -> Iterable[str]:
    """I1, I2: at no instant from now on do live bookings use more of a place than there is.

    What is over may have used more: a stock may shrink afterwards.
    """
    uses = defaultdict(list)
    for one in tables.allocations:
        is_over = one["ends"] * 60 <= tables.now.timestamp()
        if tables.counts(one) and not is_over and not one["place"].startswith("o:"):
            uses[one["place"]].append((one["starts"], one["ends"], one["quantity"]))
    for place, taken in uses.items():
        stock, peak = _stock(tables, place, capacities), _peak(taken)
        if stock is not None and peak > stock:
            yield f"{place}: {peak} of {stock} in use at once"


def _stock(tables: _Tables, place: str, capacities: Mapping[str, int]) -> int | None:
    kind, _, own_id = place.partition(":")
    if kind == "s":
        return 1
    if kind == "r":
        stock: int = tables.stocks[own_id]
        return stock
    if own_id in capacities:
        return capacities[own_id]
    service = tables.services[own_id]
    has_supply = any(_json(service[name]) for name in ("required_resources", "required_staff"))
    shared = service["type"] in {"event", "course"}
    return service["capacity"] or (1 if shared or not has_supply else None)


def _json(stored: Any) -> Any:
    return orjson.loads(stored) if stored else None


def _peak(taken: list[tuple[int, int, int]]) -> int:
    changes = sorted([(start, units) for start, _, units in taken] + [(end, -units) for _, end, units in taken])
    level = peak = 0
    for _, change in changes:  # ends sort before starts of the same minute
        level += change
        peak = max(peak, level)
    return peak


def _oversold_seats(tables: _Tables) -> Iterable[str]:
    """I3: an occurrence counts the seats of its bookings, and no more than it has."""
    for own_id, occurrence in tables.occurrences.items():
        members = [one for one in tables.bookings.values() if one["occurrence_id"] == own_id]
        held = {one["booking_id"] for one in tables.allocations if one["occurrence_id"] == own_id}
        counted = sum(one["participants"] for one in members if one["id"] in held)
        live = sum(one["participants"] for one in members if tables.is_live(one))
        if counted != occurrence["taken"]:
            yield f"occurrence {own_id}: says {occurrence['taken']} seats, its bookings hold {counted}"
        if occurrence["seats"] is not None and live > occurrence["seats"]:
            yield f"occurrence {own_id}: {live} of {occurrence['seats']} seats sold"


def _wrong_allocations(tables: _Tables) -> Iterable[str]:
    """I4: a live booking has exactly what it says it has; one that is cancelled has nothing."""
    held = defaultdict(list)
    for one in tables.allocations:
        if one["booking_id"] is not None:
            held[one["booking_id"]].append(one)
    for own_id, booking in tables.bookings.items():
        rows = held[own_id]
        if tables.is_live(booking):
            yield from (f"booking {own_id} ({booking['status']}): {one}" for one in _missing(tables, booking, rows))
        elif booking["status"] != "pending" and rows:
            yield f"booking {own_id} is {booking['status']} and still has {len(rows)} allocations"


def _missing(tables: _Tables, booking: Any, rows: list[Any]) -> Iterable[str]:
    until = _instant(booking["hold_expires_at"])
    wanted = None if until is None or booking["status"] != "pending" else until
    if any(_expiry(row["expires_at"]) != wanted for row in rows):
        yield f"its rows expire at {[row['expires_at'] for row in rows]}, the hold at {wanted}"
    if booking["occurrence_id"] is not None:
        own = [row for row in rows if row["occurrence_id"] == booking["occurrence_id"]]
        if len(rows) != 1 or len(own) != 1 or own[0]["quantity"] != booking["participants"]:
            yield f"holds {len(own)} rows of seats for {booking['participants']}"
        return
    expected = _places_of(booking)
    minutes = _minutes(booking)
    found = Counter({row["place"]: row["quantity"] for row in rows if not row["place"].startswith("c:")})
    if found != expected:
        yield f"holds {dict(found)}, is assigned {dict(expected)}"
    for place in {row["place"] for row in rows}:
        slices = sorted((row["starts"], row["ends"]) for row in rows if row["place"] == place)
        gapless = all(one[1] == other[0] for one, other in pairwise(slices))
        if not gapless or slices[0][0] > minutes[0] or slices[-1][1] < minutes[1]:
            yield f"{place} is held in {slices}, the booking lasts {minutes}"
    if not rows:
        yield "holds nothing"


def _expiry(stored: int | None) -> datetime | None:
    return None if stored is None else datetime.fromtimestamp(0, UTC) + timedelta(microseconds=stored)


def _places_of(booking: Any) -> Counter[str]:
    resources = {f"r:{one['resourceId']}": one["quantity"] for one in _json(booking["assigned_resources"]) or ()}
    staff = {f"s:{one['staffId']}": 1 for one in _json(booking["assigned_staff"]) or ()}
    return Counter(resources | staff)


def _minutes(booking: Any) -> tuple[int, int]:
    start, end = _instant(booking["start_date"]), _instant(booking["end_date"])
    assert start is not None
    assert end is not None
    return int(start.timestamp()) // 60, int(end.timestamp()) // 60


def _wrong_occurrences(tables: _Tables) -> Iterable[str]:
    """I4 for occurrences: each has bookings, and holds what it says as long as one of them lives."""
    for own_id, occurrence in tables.occurrences.items():
        if not any(one["occurrence_id"] == own_id for one in tables.allocations if one["booking_id"]):
            yield f"occurrence {own_id} has no bookings left"
        own = [one for one in tables.allocations if one["occurrence_id"] == own_id and one["booking_id"] is None]
        found = Counter({row["place"]: row["quantity"] for row in own if not row["place"].startswith("c:")})
        if found != _places_of(occurrence):
            yield f"occurrence {own_id} holds {dict(found)}, says {dict(_places_of(occurrence))}"
        live = [one for one in tables.bookings.values() if one["occurrence_id"] == own_id and tables.is_live(one)]
        ends = [_instant(one["hold_expires_at"]) if one["status"] == "pending" else None for one in live]
        wanted = None if None in ends else max((one for one in ends if one), default=None)
        if live and any(_expiry(row["expires_at"]) != wanted for row in own):
            yield f"occurrence {own_id}: its rows expire at {[row['expires_at'] for row in own]}, its bookings {wanted}"


def _wrong_trails(tables: _Tables) -> Iterable[str]:
    """I5: the trail begins with the creation, walks along the table of steps, and ends where the booking is."""
    trails = defaultdict(list)
    for line in tables.trail:
        if line["from_status"] != line["to_status"]:
            trails[line["booking_id"]].append(line)
    for own_id, booking in tables.bookings.items():
        lines = trails[own_id]
        if not lines or lines[0]["from_status"] is not None or lines[-1]["to_status"] != booking["status"]:
            yield f"booking {own_id} is {booking['status']}, its trail {[line['to_status'] for line in lines]}"
            continue
        for before, after in pairwise(lines):
            step = BookingStatus(after["from_status"]), BookingStatus(after["to_status"])
            if after["from_status"] != before["to_status"] or not can_move(*step):
                yield f"booking {own_id}: {before['to_status']}, then {step[0]} to {step[1]}"


UNFINISHED = {"opening", "open", "processing", "authorised", "capturing", "releasing"}


def _wrong_payments(tables: _Tables) -> Iterable[str]:
    """I7: at most one attempt of a booking lasts; captured money has a live booking, a refund, or an open case."""
    for own_id, payment in tables.payments.items():
        lasts = payment["status"] in UNFINISHED - {"releasing"}
        if (payment["open_for"] is not None) != lasts:
            yield f"payment {own_id} is {payment['status']} and open for {payment['open_for']}"
        if bool(payment["amount_captured"]) != (payment["status"] == "succeeded") and not payment["flag"]:
            yield f"payment {own_id} is {payment['status']}, captured {payment['amount_captured']}"
        if payment["flag_seen_at"] is not None and not payment["flag"]:
            yield f"payment {own_id} was seen without a flag"
        booking = tables.bookings[payment["booking_id"]]
        began = payment["amount_refunded"] > 0 or any(one["payment_id"] == own_id for one in tables.refunds)
        is_used = tables.is_live(booking) or booking["status"] == "cancelled"  # cancelled: the policy may keep it
        if payment["amount_captured"] and not began and not payment["flag"]:
            if payment["is_surplus"]:
                yield f"payment {own_id} was too much, and nothing goes back"
            if not is_used:
                yield f"payment {own_id} is kept for a booking that is {booking['status']}"
        if payment["amount_captured"] and booking["lapsed_at"] is not None and not began:
            yield f"payment {own_id} is kept for a booking that lapsed"


def _wrong_refunds(tables: _Tables) -> Iterable[str]:
    """I7: 0 ≤ refunded ≤ captured, and what is counted is what the refunds say."""
    for own_id, payment in tables.payments.items():
        own = [
            one["amount_minor"] for one in tables.refunds if one["payment_id"] == own_id and one["status"] != "failed"
        ]
        captured, refunded = payment["amount_captured"], payment["amount_refunded"]
        if not 0 <= refunded <= captured or refunded != min(sum(own), captured):
            yield f"payment {own_id}: captured {captured}, says {refunded} went back, its refunds say {sum(own)}"


def _wrong_money(tables: _Tables) -> Iterable[str]:
    """I7: a booking says what its payments come to, and who waits for money is not confirmed."""
    for own_id, booking in tables.bookings.items():
        own = [one for one in tables.payments.values() if one["booking_id"] == own_id and not one["is_surplus"]]
        sums = tuple(sum(one[name] for one in own) for name in ("amount_captured", "amount_refunded"))
        said = (booking["amount_paid"] or 0, booking["amount_refunded"] or 0)
        if said != sums:
            yield f"booking {own_id} says {said} paid and refunded, its payments {sums}"
        if sum(one["amount_captured"] > 0 for one in own) > 1:
            yield f"booking {own_id} is paid more than once"
        if booking["status"] == "confirmed" and booking["payment_status"] in {"pending", "failed"}:
            yield f"booking {own_id} is confirmed, its payment {booking['payment_status']}"
        expected = _payment_status(*sums)
        if sums[0] and booking["payment_status"] != expected:
            yield f"booking {own_id}: {sums} paid and refunded, says {booking['payment_status']}"


def _payment_status(paid: int, refunded: int) -> str:
    if not refunded:
        return "paid"
    return "refunded" if refunded == paid else "partially_refunded"


def _wrong_numbers(tables: _Tables) -> Iterable[str]:
    """Invoices of a year are numbered from 1 on, without gap or twin, in the order in which they were issued."""
    years = defaultdict(list)
    for invoice in sorted(tables.invoices.values(), key=lambda one: one["number"]):
        years[invoice["number"][:5]].append(invoice)
    for year, own in years.items():
        if [int(one["number"][6:]) for one in own] != list(range(1, len(own) + 1)):
            yield f"invoices of {year} are numbered {[one['number'] for one in own]}"
        instants = [_instant(one["issued_at"]) for one in own]
        if instants != sorted(instants, key=lambda instant: instant or datetime.min.replace(tzinfo=UTC)):
            yield f"invoices of {year} are not in the order of their numbers"


def _wrong_invoices(tables: _Tables) -> Iterable[str]:
    """What a live booking was paid is invoiced, and its credit notes say what went back."""
    by_payment = {one["payment_id"]: one for one in tables.invoices.values() if one["payment_id"]}
    for own_id, payment in tables.payments.items():
        invoice, captured = by_payment.get(own_id), payment["amount_captured"]
        is_own = captured and not payment["is_surplus"]
        if is_own and tables.is_live(tables.bookings[payment["booking_id"]]) and invoice is None:
            yield f"payment {own_id} has no invoice"
        if invoice is not None and _gross(invoice) != captured:
            yield f"payment {own_id}: captured {captured}, invoiced {_gross(invoice)}"
        if invoice is not None:
            yield from _wrong_credit(tables, own_id, invoice)


def _wrong_credit(tables: _Tables, payment_id: str, invoice: Any) -> Iterable[str]:
    taken_back = {one["corrects_id"] for one in tables.invoices.values()}
    notes = [one for one in tables.invoices.values() if one["corrects_id"] == invoice["id"]]
    credited = sum(_gross(one) for one in notes if one["id"] not in taken_back)
    own = [one for one in tables.refunds if one["payment_id"] == payment_id and one["status"] == "succeeded"]
    back = sum(one["amount_minor"] for one in own)
    if credited != back:
        yield f"invoice {invoice['number']}: {credited} credited, {back} went back"


def _gross(invoice: Any) -> int:
    return sum(line["gross"] for line in orjson.loads(invoice["content"])["lines"])
