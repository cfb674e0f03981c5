"""Which refusals exist, and what does each say to a person?"""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar


def N_(message: str) -> str:
    """Mark a message for translation; who shows it translates it."""
    return message


def counted(count: int, one: str, many: str) -> str:
    """Return the form of a message that goes with a number; French and English part ways only at 0."""
    return one if count == 1 else many


@dataclass(frozen=True)
class FieldError:
    """One thing wrong at one field.

    `field` is the path in the API's spelling (`customFieldValues.symptoms`); `message` is an English template
    with `%(name)s` placeholders that `params` fills after translation.
    """

    field: str
    code: str
    message: str
    params: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def part(self) -> str:
        """The part of the request that the field belongs to: `customFieldValues` of `customFieldValues.symptoms`."""
        return self.field.partition(".")[0]

    def at(self, prefix: str) -> "FieldError":
        """Move the error below a parent field."""
        path = f"{prefix}.{self.field}" if self.field else prefix
        return FieldError(path, self.code, self.message, self.params)


class BookingError(Exception):
    """Any refusal of the product; each subclass has a stable `code` for API clients."""

    code: ClassVar[str] = "REFUSED"
    message: ClassVar[str] = N_("This is not possible.")

    def __init__(self, message: str | None = None, /, **params: Any) -> None:
        self.text = message or self.message
        self.params: dict[str, Any] = params
        super().__init__(self.text % params if params else self.text)


class Malformed(BookingError):
    """The request cannot be read at all."""

    code = "MALFORMED"
    message = N_("The request could not be read. Check that it is valid JSON.")


class Invalid(BookingError):
    """The request can be read, but fields are wrong: all of them are named at once."""

    code = "INVALID"
    message = N_("Some answers need your attention.")

    def __init__(self, errors: Iterable[FieldError]) -> None:
        super().__init__()
        self.errors = tuple(errors)


class NotSignedIn(BookingError):
    """The caller has to sign in first."""

    code = "UNAUTHENTICATED"
    message = N_("Sign in to continue.")


class SignInFailed(NotSignedIn):
    """The e-mail address and the password do not belong together."""

    code = "SIGN_IN_FAILED"
    message = N_("This e-mail address and password do not match. Check both and try again.")


class Forbidden(BookingError):
    """The caller's role may not do this."""

    code = "FORBIDDEN"
    message = N_("Your account may not do this. Ask the team if you need it.")


class Banned(Forbidden):
    """The account is banned."""

    code = "ACCOUNT_BANNED"
    message = N_("This account is closed. Contact the team.")


class NotFound(BookingError):
    """There is no such thing, or it is somebody else's."""

    code = "NOT_FOUND"
    message = N_("This does not exist, or is no longer here.")


class LinkOver(NotFound):
    """A link of a mail was used already, or is too old."""

    code = "LINK_OVER"
    message = N_("This link was used already or is too old. Ask for a new one.")


class NoSlot(NotFound):
    """No free slot in the time asked for."""

    code = "NO_SLOT"
    message = N_("There is no free time within the next %(hours)s hours. Ask for a longer period.")

    def __init__(self, hours: int) -> None:
        one = N_("There is no free time within the next hour. Ask for a longer period.")
        super().__init__(counted(hours, one, self.message), hours=hours)


class Conflict(BookingError):
    """The state of things does not allow it."""

    code = "CONFLICT"
    message = N_("Something changed in between. Load the page again and look before you repeat it.")


class SlotUnavailable(Conflict):
    """The time asked for cannot be booked; `alternatives` are the nearest slots that can."""

    code = "SLOT_UNAVAILABLE"
    message = N_("This time is not available. Choose another one.")

    def __init__(self, alternatives: Iterable[Any] = ()) -> None:
        super().__init__()
        self.alternatives = tuple(alternatives)


class AlreadyBooked(Conflict):
    """The customer has this very time already, and was not told so yet; `bookings` are those he has."""

    code = "ALREADY_BOOKED"
    message = N_("You have already booked this time. Nothing was booked twice.")

    def __init__(self, bookings: Iterable[Any]) -> None:
        super().__init__()
        self.bookings = tuple(bookings)


class PriceChanged(Conflict):
    """The price that the customer was shown no longer holds; `quote` is the new one."""

    code = "PRICE_CHANGED"
    message = N_("The price has changed since it was shown. Look at the new total, then confirm.")

    def __init__(self, quote: Any) -> None:
        super().__init__()
        self.quote = quote


class WrongState(Conflict):
    """The booking's status does not allow this step."""

    code = "WRONG_STATE"
    message = N_("This booking can no longer be changed in this way: it is %(status)s.")


class AlreadyCancelled(WrongState):
    """The booking is cancelled already."""

    code = "ALREADY_CANCELLED"
    message = N_("This booking is already cancelled. Nothing more is to be done.")


class AlreadyCheckedIn(WrongState):
    """The customer was checked in before."""

    code = "ALREADY_CHECKED_IN"
    message = N_("The customer of this booking was checked in already. Nothing was changed.")


class NotCheckedIn(WrongState):
    """Nobody leaves who did not come."""

    code = "NOT_CHECKED_IN"
    message = N_("The customer of this booking was not checked in yet. Do that first.")


class AlreadyCheckedOut(WrongState):
    """The customer was checked out before."""

    code = "ALREADY_CHECKED_OUT"
    message = N_("The customer of this booking was checked out already. Nothing was changed.")


class NotBegun(WrongState):
    """Whether somebody came is known only once a booking has begun."""

    code = "NOT_BEGUN"
    message = N_("This booking has not begun yet. Wait for its start, or cancel it.")


class TooLateToChange(Conflict):
    """The cutoff of the cancellation policy has passed."""

    code = "CUTOFF_PASSED"
    message = N_("It is too late to change or cancel this booking online. Call the team.")


class NotCancellable(Conflict):
    """The service does not allow customers to cancel."""

    code = "NOT_CANCELLABLE"
    message = N_("This service cannot be cancelled online. Call the team.")


class InUse(Conflict):
    """Something cannot go or shrink because live bookings need it."""

    code = "IN_USE"
    message = N_("%(count)s live bookings need this. Move or cancel them first.")

    def __init__(self, message: str | None = None, /, *, count: int) -> None:
        one = N_("A live booking needs this. Move or cancel it first.")
        super().__init__(message or counted(count, one, self.message), count=count)


class HitsBookings(Conflict):
    """A change leaves live bookings outside, and not each of them was agreed to; `booking_ids` are all it hits."""

    code = "HITS_BOOKINGS"
    message = N_("%(count)s live bookings lie in this time. Decide about each of them first.")

    def __init__(self, booking_ids: Iterable[str]) -> None:
        self.booking_ids = tuple(sorted(booking_ids))
        one = N_("A live booking lies in this time. Decide about it first.")
        count = len(self.booking_ids)
        super().__init__(counted(count, one, self.message), count=count)


class AlreadyExists(Conflict):
    """Another thing has this name already."""

    code = "ALREADY_EXISTS"
    message = N_("This already exists. Choose another name.")


class ChangedMeanwhile(Conflict):
    """Somebody else changed the same thing after it was read."""

    code = "CHANGED_MEANWHILE"
    message = N_("Somebody changed this in the meantime. Look at what changed, then save again.")


class KeyReused(BookingError):
    """An idempotency key came back with another body."""

    code = "KEY_REUSED"
    message = N_("This idempotency key was used for another request. Use a new key.")


class LimitReached(Conflict):
    """The customer has as many bookings ahead as the rules allow."""

    code = "LIMIT_REACHED"
    message = N_("You already have %(limit)s bookings ahead, the most allowed. Cancel one or call the team.")

    def __init__(self, limit: int) -> None:
        one = N_("You already have a booking ahead, and one is the most allowed. Cancel it or call the team.")
        super().__init__(counted(limit, one, self.message), limit=limit)


class TooManyRequests(BookingError):
    """Too much in too short a time."""

    code = "TOO_MANY_REQUESTS"
    message = N_("That was too much in a short time. Wait a little, then try again.")

    def __init__(self, message: str | None = None, /, *, retry_after: int = 60, **params: Any) -> None:
        super().__init__(message, **params)
        self.retry_after = retry_after


class TooManyBookings(TooManyRequests):
    """The customer makes more bookings an hour than the rules allow."""

    code = "TOO_MANY_BOOKINGS"
    message = N_("You made %(limit)s bookings within an hour, the most allowed. Try again later.")


class Overloaded(BookingError):
    """The database is too busy to answer now; nothing was changed."""

    code = "OVERLOADED"
    message = N_("The portal is very busy. Nothing was changed; try again in a few seconds.")
    retry_after = 3


# ---------------------------------------------------------------- money


class AmountNotChargeable(BookingError):
    """The total cannot be charged by card: it is below the least amount, or finer than what can be moved."""

    code = "AMOUNT_NOT_CHARGEABLE"
    message = N_("%(total)s cannot be paid by card: the least is %(least)s. Book more, or call the team.")


class TooManyHolds(LimitReached):
    """The customer has as many unpaid bookings as the rules allow."""

    code = "TOO_MANY_HOLDS"
    message = N_("%(limit)s of your bookings wait to be paid, the most allowed. Pay one or drop one first.")


class PaymentOff(Conflict):
    """No payment by card is taken here."""

    code = "PAYMENT_OFF"
    message = N_("Nothing is paid by card here: the price is due on site.")


class NothingToPay(Conflict):
    """The booking does not wait for a payment."""

    code = "NOTHING_TO_PAY"
    message = N_("Nothing is to be paid for this booking.")


class AlreadyPaid(NothingToPay):
    """The booking is paid already."""

    code = "ALREADY_PAID"
    message = N_("This booking is already paid. Nothing was charged twice.")


class PaidMeanwhile(Conflict):
    """A payment arrived while its booking was being cancelled."""

    code = "PAID_MEANWHILE"
    message = N_(
        "Your payment has just arrived, so nothing was cancelled. Look at what a cancellation gives back, then decide."
    )


class HoldOver(Conflict):
    """The time to pay is over, and the place is no longer kept."""

    code = "HOLD_OVER"
    message = N_("The time to pay is over and the place is no longer kept for you. Nothing was charged; book again.")


class PaymentProcessing(Conflict):
    """The bank has not decided about a payment yet."""

    code = "PAYMENT_PROCESSING"
    message = N_("Your bank is still deciding about your payment. Wait for its answer: we write to you.")


class PaymentNotTaken(Conflict):
    """The provider refuses this payment for good."""

    code = "PAYMENT_NOT_TAKEN"
    message = N_("This payment cannot be taken, and nothing was charged. Call the team.")


class PaymentUnavailable(BookingError):
    """The payment provider does not answer; nothing was charged by this request."""

    code = "PAYMENT_UNAVAILABLE"
    message = N_("The payment service does not answer. You were not charged; try again in a minute.")
    retry_after = 30


class RefundTooLarge(Conflict):
    """More is to be given back than is left of what was paid."""

    code = "REFUND_TOO_LARGE"
    message = N_("At most %(left)s can still be given back.")


class RefundBlocked(Conflict):
    """The customer's bank disputes the payment: the money is with the bank."""

    code = "REFUND_BLOCKED"
    message = N_(
        "The customer's bank disputes this payment. Answer the bank in Stripe; until then nothing is given back."
    )


class BadSignature(Malformed):
    """An event was not signed by the payment provider, or too long ago."""

    code = "BAD_SIGNATURE"
    message = N_("This event is not signed as it should be.")
