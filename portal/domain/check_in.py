"""Which code does a customer show at the door?

The QR code of a ticket holds the booking's id and a seal that only this portal makes: nobody can show a booking that
he merely knows the id of.
"""

from portal.domain.seals import is_sealed, seal

PURPOSE, SEAL_BYTES = "check-in", 12


def token_of(booking_id: str, secret: str) -> str:
    """Return what the QR code of a booking holds."""
    return f"{booking_id}.{seal(PURPOSE, booking_id, secret, SEAL_BYTES)}"


def booking_of(token: str, secret: str) -> str | None:
    """Return the id of the booking that a token was made for; None where we did not make it."""
    booking_id, _, given = token.rpartition(".")
    return booking_id if booking_id and is_sealed(given, PURPOSE, booking_id, secret, SEAL_BYTES) else None
