"""Which days are public holidays in a country? The one module that imports the `holidays` package."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

import holidays

MAX_NAME = 255


@dataclass(frozen=True)
class PublicHoliday:
    """A day on which a country, or a part of it, does not work; its name in one language."""

    day: date
    name: str


@cache
def regions_by_country() -> Mapping[str, Sequence[str]]:
    """Return every country by its two letters, with the codes of its parts."""
    return holidays.list_supported_countries(include_aliases=False)


@cache
def region_names(country: str) -> Mapping[str, str]:
    """Name the parts of a country by their codes: by the longest of their spellings, which is the one in words."""
    spellings = holidays.utils.country_holidays(country).get_subdivision_aliases()
    return {code: max([code, *spellings.get(code, ())], key=len) for code in regions_by_country()[country]}


def public_holidays(country: str, region: str | None, years: Sequence[int], language: str) -> list[PublicHoliday]:
    """List the public holidays of some years in order, named in a language, or where the package lacks it
    in the country's own.

    Country and region are ones of `regions_by_country`.
    """
    kind = holidays.utils.country_holidays(country)
    known = next((one for one in kind.supported_languages if one.split("_")[0] == language), kind.default_language)
    found = holidays.country_holidays(country, subdiv=region, years=list(years), language=known)
    return [PublicHoliday(day, name[:MAX_NAME]) for day, name in sorted(found.items()) if day.year in years]
