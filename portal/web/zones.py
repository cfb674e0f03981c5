"""Which time zones may a person choose from, and what are they called in his language?"""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from babel.dates import get_timezone_location
from flask_babel import gettext

from portal.domain.errors import N_
from portal.domain.text import alphabetical

REGIONS: Mapping[str, str] = {
    "Europe": N_("Europe"),
    "Africa": N_("Africa"),
    "America": N_("America"),
    "Antarctica": N_("Antarctica"),
    "Arctic": N_("Arctic"),
    "Asia": N_("Asia"),
    "Atlantic": N_("Atlantic"),
    "Australia": N_("Australia"),
    "Indian": N_("Indian Ocean"),
    "Pacific": N_("Pacific"),
}


def zones_by_region(language: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """List the zones in use as name and city, by region, in the order of the alphabet: letters typed find a city."""
    return [(str(gettext(REGIONS[region])), list(zones)) for region, zones in _cities(language).items()]


@cache
def _cities(language: str) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {region: [] for region in REGIONS}
    for name in names_in_use():
        city = get_timezone_location(ZoneInfo(name), language, return_city=True)
        found[name.partition("/")[0]].append((name, str(city)))
    return {region: sorted(zones, key=lambda one: alphabetical(one[1])) for region, zones in found.items()}


@cache
def names_in_use() -> tuple[str, ...]:
    """Read the table of zones by country: it has each zone once, without the old spellings."""
    lines = (files("tzdata") / "zoneinfo" / "zone.tab").read_text("utf-8").splitlines()
    return tuple(line.split("\t")[2] for line in lines if line and not line.startswith("#"))
