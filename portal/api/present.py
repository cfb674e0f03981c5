"""How do values look in the API's answers? (SPEC §2, §4, §6, §10)"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import orjson

from portal.domain.account import Account
from portal.domain.booking import Booking
from portal.domain.instants import write_instant
from portal.domain.payments import Refund
from portal.domain.price_override import override_of
from portal.domain.pricing import Quote
from portal.domain.service import Service
from portal.domain.supply_shapes import closure_json
from portal.domain.timerange import instant_of
from portal.store.bookings import resource_json, staff_json
from portal.usecases.closures import SavedClosure
from portal.usecases.payments import OpenIntent, OpenPage, PaymentNews, Phase
from portal.usecases.slots import PricedSlot


def written(value: Any) -> bytes:
    """Write JSON."""
    return orjson.dumps(value)


def moment(instant: datetime | None) -> str | None:
    """Write an instant, or nothing."""
    return None if instant is None else write_instant(instant)


def service(one: Service, viewer: Account | None) -> dict[str, Any]:
    """Present a service with all its fields; sent back by PUT it changes nothing.

    The link to a room online is the team's: whoever booked finds it in his booking, once it is confirmed.
    """
    shown = one.model_dump(mode="json", by_alias=True, exclude={"created_at", "updated_at"})
    if shown["location"] and not (viewer and viewer.is_staff):
        shown["location"]["virtualLink"] = None
    return {**shown, "createdAt": moment(one.created_at), "updatedAt": moment(one.updated_at)}


def services(many: Iterable[Service], viewer: Account | None) -> list[dict[str, Any]]:
    """Present services."""
    return [service(one, viewer) for one in many]


def slot(priced: PricedSlot) -> dict[str, Any]:
    """Present a slot; `unitsLeft` counts bookings that still fit, `seatsLeft` places; null is unbounded."""
    one = priced.slot
    shown: dict[str, Any] = {
        "startDate": write_instant(one.starts_at),
        "endDate": write_instant(one.ends_at),
        ("seatsLeft" if priced.is_shared else "unitsLeft"): one.left,
        "priceFrom": priced.price_from,
    }
    if one.max_end is not None:
        shown["maxEndDate"] = write_instant(instant_of(one.max_end))
    if priced.is_full:
        shown["full"] = True
    return shown


def quote(one: Quote) -> dict[str, Any]:
    """Present a price; amounts are in minor units."""
    package = one.next_package
    return {
        "currency": one.currency,
        "lines": [
            {
                "kind": str(line.kind),
                "label": line.label,
                "quantity": line.quantity,
                "unitPrice": line.unit_price,
                "amount": line.amount,
            }
            for line in one.lines
        ],
        "tax": one.tax,
        "total": one.total,
        "nextPackage": package and {"name": package.name, "minutes": package.minutes, "total": package.total},
    }


def booking(one: Booking, of: Service | None, viewer: Account) -> dict[str, Any]:
    """Present a booking of a service; what only staff may see is left out for others."""
    shown = {
        "id": one.id,
        "serviceId": one.service_id,
        "userId": one.user_id,
        "parentBookingId": one.parent_booking_id,
        "startDate": write_instant(one.start),
        "endDate": write_instant(one.end),
        "status": str(one.status),
        "participants": one.participants,
        "participantDetails": [dict(detail) for detail in one.participant_details],
        "totalPrice": one.total_price,
        "currency": one.currency,
        "discounts": [dict(discount) for discount in one.discounts],
        "paymentStatus": one.payment_status and str(one.payment_status),
        "paymentMethod": one.payment_method,
        "notes": one.notes,
        "contactEmail": one.contact_email,
        "contactPhone": one.contact_phone,
        "referenceId": one.reference_id,
        "assignedResources": resource_json(one.assigned_resources),
        "assignedStaff": staff_json(one.assigned_staff),
        "virtualLink": of and one.room_online(of),
        "checkIn": moment(one.check_in),
        "checkOut": moment(one.check_out),
        "customFieldValues": dict(one.custom_field_values or {}),
        "recurringConfig": one.recurring_config,
        "waitlistInfo": one.waitlist_info,
        "source": one.source,
        "metadata": dict(one.metadata or {}),
        "createdAt": write_instant(one.created_at),
        "updatedAt": write_instant(one.updated_at),
        "rating": one.rating,
        "feedback": one.feedback,
        "referralSource": one.referral_source,
        "priceLines": [_line(line) for line in one.price_lines],
        "priceOverride": _override(one),
        "tax": one.tax,
        "holdExpiresAt": moment(one.hold_expires_at),
        "payUntil": moment(one.hold_expires_at) if one.awaits_payment else None,
        "cancellationPolicy": one.cancellation_policy
        and one.cancellation_policy.model_dump(mode="json", by_alias=True),
        "approvalNeeded": one.approval_needed,
        "paymentAuthorised": one.payment_authorised,
        "amountPaid": one.amount_paid,
        "amountRefunded": one.amount_refunded,
    }
    return {**shown, **_for_staff(one)} if viewer.is_staff else shown


def _for_staff(one: Booking) -> dict[str, Any]:
    return {
        "internalNotes": one.internal_notes,
        "unfilledRoles": list(one.unfilled_roles),
        "approvalByAdmin": one.approval_by_admin,
    }


def _override(one: Booking) -> dict[str, Any] | None:
    agreed = override_of(one)
    return {"total": agreed.total, "reason": agreed.reason} if agreed else None


def _line(stored: Any) -> dict[str, Any]:
    """Present a price line as it was stored with the booking."""
    names = {"kind": "kind", "label": "label", "quantity": "quantity", "unit_price": "unitPrice", "amount": "amount"}
    return {name: stored.get(own) for own, name in names.items()}


def user(one: Account) -> dict[str, Any]:
    """Present an account to its owner."""
    return {
        "id": one.id,
        "email": one.email,
        "name": one.name,
        "role": str(one.role),
        "locale": one.locale,
        "timeZone": one.time_zone,
    }


def customer(one: Account) -> dict[str, Any]:
    """Present an account to staff."""
    return {
        **user(one),
        "contactPhone": one.contact_phone or None,
        "internalNotes": one.internal_notes,
        "status": str(one.status),
        "attributes": dict(one.attributes),
        "bannedAt": moment(one.banned_at),
        "banReason": one.ban_reason,
    }


def closure(saved: SavedClosure) -> dict[str, Any]:
    """Present a closure that was just saved, with the number of live bookings it hits."""
    return {**closure_json(saved.closure), "affectedBookings": saved.affected_bookings}


def payment(one: OpenIntent) -> dict[str, Any]:
    """Present what a client needs to ask for the card itself."""
    return {"clientSecret": one.client_secret, "paymentIntentId": one.intent_id, "customerId": one.customer_id}


def checkout(page: OpenPage) -> dict[str, Any]:
    """Present a payment page."""
    return {"sessionId": page.session_id, "url": page.url}


def payment_state(news: PaymentNews) -> dict[str, Any]:
    """Present how paying for a booking stands."""
    is_due = news.phase is not Phase.NOTHING
    return {
        "bookingId": news.booking.id,
        "paymentStatus": news.booking.payment_status and str(news.booking.payment_status),
        "stripe": {"status": str(news.phase), "clientSecret": news.client_secret} if is_due else None,
    }


def refund(one: Refund) -> dict[str, Any]:
    """Present a refund."""
    return {"refundId": one.id, "amount": one.amount_minor, "status": str(one.status)}
