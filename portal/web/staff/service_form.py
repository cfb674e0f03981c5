"""How is a service written in the editor's form, and what does a form say as the API's JSON?

The form is the JSON with flat names; two things stand elsewhere: translations of a question or a tier stand in its
own row, so that they move with it, and an id may be left out, to be made from the name.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from werkzeug.datastructures import MultiDict

from portal.domain.errors import N_, FieldError
from portal.domain.money import is_currency, minor_digits
from portal.domain.service import Service, ServiceFields
from portal.domain.text import slug_of
from portal.web.staff.draft import (
    ByLanguage,
    Draft,
    Flag,
    Group,
    Kind,
    Lines,
    Money,
    Number,
    Row,
    Rows,
    Style,
    Text,
    Tick,
    Whole,
    draft_from,
    flat_of,
)

_RANGE: Mapping[str, Kind] = {"startTime": Text(), "endTime": Text()}
_OWN_WORDS = "translations"  # in the form a part of each row, in JSON of the whole

SERVICE = Row(
    {
        "name": Text(),
        "slug": Text(),
        "description": Text(),
        "type": Text(),
        "category": Text(),
        "isActive": Tick(),
        "translations": ByLanguage(Group({"name": Text(), "description": Text()})),
        "duration": Whole(),
        "maxDuration": Whole(),
        "slotInterval": Whole(),
        "bufferBefore": Whole(),
        "bufferAfter": Whole(),
        "checkInTime": Text(),
        "checkOutTime": Text(),
        "timeZone": Text(),
        "capacity": Whole(),
        "minParticipants": Whole(),
        "maxParticipants": Whole(),
        "participantDetailsRequired": Tick(),
        "availableSlots": Rows(Row({"dayOfWeek": Whole(), **_RANGE})),
        "specialAvailability": Rows(
            Row({"date": Text(), "slots": Rows(Row({**_RANGE, "available": Tick()}))}),
        ),
        "price": Money(),
        "currency": Text(),
        "priceUnit": Text(),
        "taxRate": Number(),
        "pricingTiers": Rows(
            Row(
                {
                    "name": Text(),
                    "condition": Text(),
                    "price": Money(),
                    "description": Text(),
                    "per": Text(),
                    "covers": Whole(),
                    _OWN_WORDS: ByLanguage(Group({"name": Text(), "description": Text()})),
                }
            )
        ),
        "customFields": Rows(
            Row(
                {
                    "id": Text(),
                    "name": Text(),
                    "type": Text(),
                    "required": Tick(),
                    "options": Lines(),
                    "validation": Text(),
                    "sample": Text(),
                    _OWN_WORDS: ByLanguage(Group({"name": Text(), "options": Lines()})),
                }
            )
        ),
        "requiredResources": Rows(
            Row({"id": Text(), "name": Text(), "type": Text(), "quantity": Whole(), "selection": Text()})
        ),
        "requiredStaff": Rows(Row({"role": Text(), "count": Whole(), "specificStaffIds": Lines()})),
        "bookingWindow": Group({"minAdvanceHours": Number(), "maxAdvanceDays": Whole()}),
        "requiresApproval": Tick(),
        "cancellationPolicy": Group(
            {"allowCancellation": Flag(), "cutoffHours": Number(), "refundPolicy": Text(), "refundPercentage": Number()}
        ),
        "recurring": Group({"enabled": Tick(), "intervals": Lines(), "maxOccurrences": Whole()}),
        "location": Group(
            {
                "type": Text(),
                "address": Text(),
                "room": Text(),
                "virtualLink": Text(),
                "coordinates": Group({"lat": Number(), "lng": Number()}),
            }
        ),
    }
)
ASIDE = frozenset({"sample"})  # on the form only
IN_ROWS = ("customFields", "pricingTiers")
NAMED_BY_ID = ("customFields", "requiredResources")


# ---------------------------------------------------------------- reading and writing


def style_of(currency: Any, has_comma: bool = False) -> Style:
    """Return how amounts are written in a currency."""
    return Style(minor_digits(currency) if isinstance(currency, str) and is_currency(currency) else 2, has_comma)


def read_service(form: MultiDict[str, str], house_currency: str) -> Draft:
    """Read the editor's form."""
    currency = form.get("currency", "").strip() or house_currency
    found: Draft = draft_from(SERVICE, form, style_of(currency))
    return found


def write_service(draft: Draft, house_currency: str, has_comma: bool = False) -> MultiDict[str, str]:
    """Return the form as it would be sent."""
    return flat_of(SERVICE, draft, style_of(draft.get("currency") or house_currency, has_comma))


def draft_of(service: Service) -> Draft:
    """Return a stored service as a draft."""
    return draft_of_json(service.model_dump(mode="json", by_alias=True, exclude_none=True))


def draft_of_json(given: Mapping[str, Any]) -> Draft:
    """Return a service in the API's form as a draft: translations of rows go into their rows."""
    draft = {name: value for name, value in given.items() if name in SERVICE.parts}
    words = dict(draft.get(_OWN_WORDS) or {})
    draft["customFields"] = [
        _with_words(row, {language: one.get("customFields", {}).get(row["id"]) for language, one in words.items()})
        for row in given.get("customFields") or ()
    ]
    draft["pricingTiers"] = [
        _with_words(row, {language: _at(one.get("pricingTiers"), index) for language, one in words.items()})
        for index, row in enumerate(given.get("pricingTiers") or ())
    ]
    draft[_OWN_WORDS] = {language: _own(one) for language, one in words.items() if _own(one)}
    return {name: value for name, value in draft.items() if value not in (None, [], {})}


def _own(words: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in words.items() if name not in IN_ROWS}


def _with_words(row: Mapping[str, Any], words: Mapping[str, Any]) -> dict[str, Any]:
    given = {language: one for language, one in words.items() if one}
    return {**row, _OWN_WORDS: given} if given else dict(row)


def _at(rows: Sequence[Any] | None, index: int) -> Any:
    return rows[index] if rows and index < len(rows) else None


# ---------------------------------------------------------------- as the API takes it


def payload(draft: Draft) -> dict[str, Any]:
    """Return the draft as the API's JSON, with every field of the form: what is blank goes back to its default."""
    draft = with_ids(draft)
    given = {name: draft.get(name, _default(name)) for name in SERVICE.parts if name in draft or name not in REQUIRED}
    for name in IN_ROWS:
        given[name] = [_bare(row) for row in draft.get(name) or ()]
    given[_OWN_WORDS] = _words(draft)
    return given


_FIELDS = {field.alias or name: field for name, field in ServiceFields.model_fields.items()}
REQUIRED = frozenset(name for name, field in _FIELDS.items() if field.is_required())


def _default(name: str) -> Any:
    field = _FIELDS[name]
    found = field.get_default(call_default_factory=True)
    return list(found) if isinstance(found, tuple) else found


def _bare(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != _OWN_WORDS and name not in ASIDE}


def _words(draft: Draft) -> dict[str, Any]:
    own = draft.get(_OWN_WORDS) or {}
    fields, tiers = draft.get("customFields") or [], draft.get("pricingTiers") or []
    languages = [*own, *(one for row in (*fields, *tiers) for one in row.get(_OWN_WORDS) or ())]
    return {language: _words_of(language, own.get(language, {}), fields, tiers) for language in languages}


def _words_of(language: str, own: Mapping[str, Any], fields: Sequence[Draft], tiers: Sequence[Draft]) -> dict[str, Any]:
    by_id = {row["id"]: words for row in fields if "id" in row and (words := row.get(_OWN_WORDS, {}).get(language))}
    in_order = [row.get(_OWN_WORDS, {}).get(language, {}) for row in tiers]
    while in_order and not in_order[-1]:
        in_order.pop()
    return {**own, **({"customFields": by_id} if by_id else {}), **({"pricingTiers": in_order} if in_order else {})}


def with_ids(draft: Draft) -> Draft:
    """Give each question and resource that has none an id made from its name."""
    return {**draft, **{name: _identified(draft[name], name) for name in NAMED_BY_ID if draft.get(name)}}


def _identified(rows: Sequence[Draft], kind: str) -> list[Draft]:
    mark = "_" if kind == "customFields" else "-"
    ids = [row.get("id") for row in rows]
    for index, row in enumerate(rows):
        if ids[index] is None and "name" in row:
            ids[index] = _free(slug_of(row["name"]).replace("-", mark), mark, ids)
    return [{**row, "id": made} if made is not None else row for row, made in zip(rows, ids, strict=True)]


def _free(wanted: str, mark: str, used: Sequence[str | None]) -> str:
    return next(one for one in (wanted, *(f"{wanted}{mark}{count}" for count in range(2, 1000))) if one not in used)


# ---------------------------------------------------------------- where an error is shown

# Checks of several fields at once, and the one to mend; API's names mean nothing to who fills in a form.
PLACES: Mapping[str, str] = {
    "percentage_missing": "refundPercentage",
    "link": "virtualLink",
    "options_missing": "options",
    "options_repeated": "options",
    "end_before_start": "endTime",
}
WORDS: Mapping[str, str] = {
    "party_bounds": N_("The smallest party cannot be above the largest."),
    "max_duration": N_("The longest time cannot be shorter than the usual one."),
    "percentage_missing": N_("Say how much is given back, from 0 to 100 percent."),
    "id_repeated": N_("Two of them have the same reference. Give each its own."),
    "too_short": N_("Add hours, or remove the date."),
}
AMOUNT = N_("Write an amount such as 30 or 12.50.")


def placed(errors: Iterable[FieldError], draft: Draft) -> list[FieldError]:
    """Return the errors at the names of the form, in its words."""
    return [_placed(one, with_ids(draft)) for one in errors if not _is_to_be_made(one)]


def _is_to_be_made(error: FieldError) -> bool:
    """Tell whether an id is missing that the name, which is missing too, will give."""
    return error.code == "missing" and error.field.split(".")[::2] in [[one, "id"] for one in NAMED_BY_ID]


def _placed(error: FieldError, draft: Draft) -> FieldError:
    name = _in_row(error.field.split("."), draft)
    if error.code in PLACES and not name.endswith(PLACES[error.code]):
        name = f"{name}.{PLACES[error.code]}"
    parts, kind = _known(name.split("."))
    is_amount = isinstance(kind, Money) and error.code == "int_type"
    message = AMOUNT if is_amount else WORDS.get(error.code, error.message)
    return replace(error, field=".".join(parts), message=message)


def _in_row(parts: list[str], draft: Draft) -> str:
    """Find the row of a translation: `translations.en.customFields.level.name` stands in the row of that question."""
    match parts:
        case ["translations", language, "customFields", *rest]:
            ids = [row.get("id") for row in draft.get("customFields") or ()]
            known = next((index for index in range(len(rest), 0, -1) if ".".join(rest[:index]) in ids), None)
            row = ids.index(".".join(rest[:known])) if known else 0
            return ".".join(["customFields", str(row), "translations", language, *rest[known or 1 :]])
        case ["translations", language, "pricingTiers", index, *rest]:
            return ".".join(["pricingTiers", index, "translations", language, *rest])
    return ".".join(parts)


def _known(parts: Sequence[str]) -> tuple[list[str], Kind]:
    """Cut off what stands below an input: a line of a text area has no place of its own."""
    kind: Kind = SERVICE
    found: list[str] = []
    for part in parts:
        below = _part(kind, part)
        if below is None:
            break
        kind = below
        found.append(part)
    return found, kind


def _part(kind: Kind, part: str) -> Kind | None:
    match kind:
        case Rows(row):
            return row
        case ByLanguage(group):
            return group
        case Group(parts):
            return parts.get(part)
    return None
