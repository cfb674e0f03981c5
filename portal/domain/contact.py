"""Can this person be called, written to and addressed: by telephone number, e-mail address and name?

Only the form is checked: nothing is called, written to or looked up.
"""

import unicodedata
from typing import Any

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat

from portal.domain.errors import N_, FieldError
from portal.domain.text import has_controls, is_blank

MAX_EMAIL = 255
MAX_NAME = 255
ELSEWHERE = "+33 1 23 45 67 89"  # the example where a region has none


class ContactError(ValueError):
    """The text is no telephone number or e-mail address; `message` is a template that `params` fill."""

    def __init__(self, code: str, message: str, /, **params: Any) -> None:
        super().__init__(message % params if params else message)
        self.code = code
        self.message = message
        self.params = params

    def at(self, field: str) -> FieldError:
        """Say it at a field."""
        return FieldError(field, self.code, self.message, self.params)


def name_errors(name: str) -> list[FieldError]:
    """Name what keeps a text from being a person's name: one error, or none."""
    if is_blank(name):
        return [FieldError("name", "blank", N_("Fill this in."))]
    if len(name) > MAX_NAME:
        message = N_("Use at most %(max_length)s characters.")
        return [FieldError("name", "too_long", message, {"max_length": MAX_NAME})]
    if has_controls(name):
        return [FieldError("name", "control_character", N_("Remove the invisible control characters."))]
    return []


def normal_phone(text: str, region: str) -> str:
    """Return a telephone number in E.164; one without a country code is read as dialled in `region` ("FR").

    Raises ContactError, also for letters and extensions: E.164 cannot hold them, and without them we misdial.
    """
    if not any(char.isalpha() for char in text):
        number = _parsed(text, region)
        if number and not number.extension and phonenumbers.is_valid_number(number):
            return phonenumbers.format_number(number, PhoneNumberFormat.E164)
    message = N_("Give a telephone number such as %(example)s. From abroad, begin with + and the country code.")
    raise ContactError("phone", message, example=example_phone(region))


def _parsed(text: str, region: str) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except NumberParseException:
        return None


def example_phone(region: str) -> str:
    """Return a number of the region as people there write it."""
    number = phonenumbers.example_number(region)
    return phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL) if number else ELSEWHERE


def phone_spellings(phone: str, region: str) -> tuple[str, ...]:
    """Return how an E.164 number may be written: as it is and, if it is of the region, as dialled there."""
    number = phonenumbers.parse(phone)
    if number.country_code != phonenumbers.country_code_for_region(region):
        return (phone,)
    dialled = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    return phone, dialled, "".join(char for char in dialled if char.isdigit())


def checked_email(text: str) -> str:
    """Return an e-mail address in the spelling typed, without the spaces around it.

    Raises ContactError.
    """
    address = text.strip()
    if len(address) > MAX_EMAIL:
        message = N_("This e-mail address is too long: use at most %(limit)s characters.")
        raise ContactError("email_too_long", message, limit=MAX_EMAIL)
    if not _is_address(address) or _has_lookalikes(address):
        raise ContactError("email", N_("Give an e-mail address such as name@example.com."))
    return address


def _is_address(address: str) -> bool:
    """Tell whether mail can be addressed so; the reserved .test is taken: it reaches nobody, for try-outs."""
    try:
        validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return False
    return True


def _has_lookalikes(address: str) -> bool:
    """Tell whether `normal_email` would fold characters, so that two mailboxes passed for one account."""
    return not unicodedata.is_normalized("NFKC", unicodedata.normalize("NFC", address))
