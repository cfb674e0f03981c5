"""What are the parts of services, resources and staff members called in their editors, in summaries and histories?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext

from portal.domain.errors import N_
from portal.web.language import NAMES as LANGUAGES
from portal.web.staff.draft import Draft
from portal.web.staff.service_form import draft_of_json, write_service

# By the name of the input; `*` is the number of a row or the language of a translation.
LABELS: Mapping[str, str] = {
    "name": N_("Name"),
    "slug": N_("Address of the page"),
    "description": N_("Description"),
    "type": N_("Type"),
    "category": N_("Category"),
    "isActive": N_("Customers can see and book it"),
    "translations.*.name": N_("Name"),
    "translations.*.description": N_("Description"),
    "duration": N_("Length, in minutes"),
    "maxDuration": N_("Longest, in minutes"),
    "slotInterval": N_("A start every … minutes"),
    "bufferBefore": N_("Minutes kept free before"),
    "bufferAfter": N_("Minutes kept free after"),
    "checkInTime": N_("Check-in from"),
    "checkOutTime": N_("Check-out until"),
    "timeZone": N_("Time zone"),
    "capacity": N_("Bookings at the same time, at most"),
    "minParticipants": N_("People, at least"),
    "maxParticipants": N_("People, at most"),
    "participantDetailsRequired": N_("Ask for the name of each participant"),
    "availableSlots": N_("Week"),
    "availableSlots.*": N_("Hours"),
    "availableSlots.*.dayOfWeek": N_("Weekday"),
    "availableSlots.*.startTime": N_("From"),
    "availableSlots.*.endTime": N_("Until"),
    "specialAvailability": N_("Special dates"),
    "specialAvailability.*": N_("Special date"),
    "specialAvailability.*.date": N_("Date"),
    "specialAvailability.*.slots": N_("Hours"),
    "specialAvailability.*.slots.*": N_("Hours"),
    "specialAvailability.*.slots.*.startTime": N_("From"),
    "specialAvailability.*.slots.*.endTime": N_("Until"),
    "specialAvailability.*.slots.*.available": N_("Open or closed"),
    "price": N_("Price"),
    "currency": N_("Currency"),
    "priceUnit": N_("The price is for"),
    "taxRate": N_("VAT in the price, in percent"),
    "pricingTiers": N_("Price tiers"),
    "pricingTiers.*": N_("Tier"),
    "pricingTiers.*.name": N_("Name"),
    "pricingTiers.*.condition": N_("Condition"),
    "pricingTiers.*.price": N_("Price"),
    "pricingTiers.*.description": N_("Description"),
    "pricingTiers.*.per": N_("This price is for"),
    "pricingTiers.*.covers": N_("As a package it covers … minutes"),
    "pricingTiers.*.translations.*.name": N_("Name"),
    "pricingTiers.*.translations.*.description": N_("Description"),
    "customFields": N_("Questions"),
    "customFields.*": N_("Question"),
    "customFields.*.id": N_("Reference"),
    "customFields.*.name": N_("Question"),
    "customFields.*.type": N_("Kind of answer"),
    "customFields.*.required": N_("An answer is required"),
    "customFields.*.options": N_("Options, one a line"),
    "customFields.*.validation": N_("Pattern of the answer"),
    "customFields.*.sample": N_("Try an answer"),
    "customFields.*.translations.*.name": N_("Question"),
    "customFields.*.translations.*.options": N_("Options, one a line, in the same order"),
    "requiredResources": N_("Resources"),
    "requiredResources.*": N_("Resource"),
    "requiredResources.*.id": N_("Reference"),
    "requiredResources.*.name": N_("Name"),
    "requiredResources.*.type": N_("Type"),
    "requiredResources.*.quantity": N_("Quantity"),
    "requiredResources.*.selection": N_("What a booking takes"),
    "requiredStaff": N_("Staff"),
    "requiredStaff.*": N_("Role"),
    "requiredStaff.*.role": N_("Role"),
    "requiredStaff.*.count": N_("How many"),
    "requiredStaff.*.specificStaffIds": N_("Only these people"),
    "bookingWindow": N_("When it can be booked"),
    "bookingWindow.minAdvanceHours": N_("At least … hours ahead"),
    "bookingWindow.maxAdvanceDays": N_("At most … days ahead"),
    "requiresApproval": N_("The team agrees to each booking first"),
    "cancellationPolicy": N_("Cancellation"),
    "cancellationPolicy.allowCancellation": N_("Customers may cancel"),
    "cancellationPolicy.cutoffHours": N_("Until … hours before"),
    "cancellationPolicy.refundPolicy": N_("Money back"),
    "cancellationPolicy.refundPercentage": N_("Of the price, in percent"),
    "recurring": N_("Series"),
    "recurring.enabled": N_("Can be booked as a series"),
    "recurring.intervals": N_("How often"),
    "recurring.maxOccurrences": N_("At most so many dates"),
    "location": N_("Place"),
    "location.type": N_("Where it takes place"),
    "location.address": N_("Address"),
    "location.room": N_("Room"),
    "location.virtualLink": N_("Link of the meeting"),
    "location.coordinates.lat": N_("Latitude"),
    "location.coordinates.lng": N_("Longitude"),
    "metadata": N_("Other data"),
    "quantity": N_("How many there are"),
    "seats": N_("Largest party"),
    "roles": N_("Roles"),
    "roles.*": N_("Role"),
    "workingHours": N_("Week"),
    "workingHours.*": N_("Hours"),
    "workingHours.*.dayOfWeek": N_("Weekday"),
    "workingHours.*.startTime": N_("From"),
    "workingHours.*.endTime": N_("Until"),
    "timeOff": N_("Time off"),
    "timeOff.*": N_("Time off"),
    "timeOff.*.from": N_("First day"),
    "timeOff.*.fromTime": N_("From"),
    "timeOff.*.to": N_("Last day"),
    "timeOff.*.toTime": N_("Until"),
    "userId": N_("Account"),
}


UNITS: Mapping[str, str] = {
    "participant": N_("each person"),
    "block": N_("each started length (a night for nights)"),
    "booking": N_("the whole booking"),
}
# What can be chosen, by the name of the input; "" is no choice.
OPTIONS: Mapping[str, Mapping[str, str]] = {
    "type": {
        "appointment": N_("Appointment"),
        "event": N_("Event"),
        "course": N_("Course"),
        "rental": N_("Rental"),
        "room": N_("Room"),
        "table": N_("Table"),
        "custom": N_("Something else"),
    },
    "priceUnit": {"": N_("as usual for this type"), **UNITS},
    "pricingTiers.*.per": {"": N_("the same as the price above"), **UNITS},
    "customFields.*.type": {
        "text": N_("Text"),
        "number": N_("Number"),
        "email": N_("E-mail address"),
        "phone": N_("Telephone"),
        "select": N_("One of several options"),
        "multiselect": N_("Several options"),
        "checkbox": N_("A box to tick"),
        "date": N_("Date"),
    },
    "specialAvailability.*.slots.*.available": {"true": N_("open"), "false": N_("closed")},
    "requiredResources.*.selection": {
        "": N_("as usual for this type"),
        "any": N_("one of those of this type"),
        "all": N_("all of them"),
    },
    "cancellationPolicy.allowCancellation": {"": N_("as the house does"), "true": N_("Yes"), "false": N_("No")},
    "cancellationPolicy.refundPolicy": {
        "": N_("as the house does"),
        "full": N_("all of it"),
        "partial": N_("a part of it"),
        "none": N_("nothing"),
    },
    "recurring.intervals": {"daily": N_("every day"), "weekly": N_("every week"), "monthly": N_("every month")},
    "location.type": {
        "": N_("nowhere in particular"),
        "physical": N_("at an address"),
        "virtual": N_("online"),
        "hybrid": N_("at an address or online"),
    },
}


def options_of(name: str) -> dict[str, str]:
    """Return what can be chosen at an input, and how each is called."""
    return {stored: str(gettext(shown)) for stored, shown in OPTIONS[pattern_of(name)].items()}


def pattern_of(name: str) -> str:
    """Return the name with `*` for the numbers of rows and for languages."""
    parts = name.split(".")
    return ".".join(
        "*" if one.isdigit() or (index and parts[index - 1] == "translations") else one
        for index, one in enumerate(parts)
    )


def label_of(name: str) -> str:
    """Return what an input is called by itself."""
    known = LABELS.get(pattern_of(name))
    return str(gettext(known)) if known else name


def full_label(name: str) -> str:
    """Return what an input is called among all: Questions 2, Options."""
    parts = name.split(".")
    found: list[str] = []
    for index in range(1, len(parts) + 1):
        part, path = parts[index - 1], ".".join(parts[:index])
        if part.isdigit():
            found[-1:] = [f"{found[-1]} {int(part) + 1}"] if found else [part]
        elif index > 1 and parts[index - 2] == "translations":
            found.append(str(LANGUAGES.get(part, part)))
        elif pattern_of(path) in LABELS:
            found.append(label_of(path))
    return ", ".join(found) or name


@dataclass(frozen=True)
class Difference:
    """An input that reads otherwise than before; empty is blank."""

    name: str
    label: str
    before: str
    after: str


def differences(before: Mapping[str, Any], after: Mapping[str, Any], currency: str, comma: bool) -> list[Difference]:
    """List what differs between two services in the API's form, as their forms read."""
    old, new = (_flat(draft_of_json(one), currency, comma) for one in (before, after))
    return list(differing(old, new))


def _flat(draft: Draft, currency: str, comma: bool) -> dict[str, str]:
    return {name: text for name, text in write_service(draft, currency, comma).items() if text}


def differing(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Difference]:
    """Yield what reads otherwise in one form than in another."""
    for name in [*old, *(one for one in new if one not in old)]:
        before, after = old.get(name, ""), new.get(name, "")
        if before != after:
            yield Difference(name, full_label(name), before, after)
