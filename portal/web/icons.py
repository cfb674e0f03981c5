"""How is an icon drawn inside a page, and which one stands for a service?

From the vendored set, inline, so that it takes the colour of the text.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from flask import Flask, current_app
from markupsafe import Markup

from portal.domain.service import Service, ServiceType

_INSIDE = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)

OF_CATEGORY: Mapping[str, str] = {
    "medical": "stethoscope",
    "telemedicine": "video",
    "restaurant": "utensils",
    "hotel": "bed-double",
    "coaching": "message-square",
    "education": "graduation-cap",
    "fitness": "flower-2",
    "sport": "volleyball",
    "vehicle": "car",
    "business": "presentation",
    "entertainment": "music",
    "creative": "palette",
    "training": "laptop",
    "certification": "award",
    "delivery": "bike",
}
OF_TYPE: Mapping[ServiceType, str] = {
    ServiceType.APPOINTMENT: "calendar-check",
    ServiceType.TABLE: "utensils",
    ServiceType.ROOM: "door-open",
    ServiceType.RENTAL: "key-round",
    ServiceType.EVENT: "ticket",
    ServiceType.COURSE: "book-open",
    ServiceType.CUSTOM: "package",
}


def register(app: Flask) -> None:
    """Make the drawings known to the templates."""
    app.jinja_env.globals["drawing"] = drawing
    app.jinja_env.filters.update(service_icon=service_icon, category_icon=category_icon)


def drawing(name: str) -> Markup:
    """Return the lines of an icon of `static/vendor/lucide`, without the element around them.

    Raises FileNotFoundError for a name that was not vendored: a template with a typing mistake fails its first test.
    """
    return _read(str(current_app.static_folder), name)


def service_icon(service: Service) -> str:
    """Name the icon of a service: by where it takes place, by its category, else by its type."""
    if service.location and service.location.type == "virtual":
        return "video"
    if service.is_by_night:
        return "bed-double"
    return OF_CATEGORY.get(service.category or "", OF_TYPE[service.type])


def category_icon(category: str) -> str:
    """Name the icon of a category; one that staff made up has a tag."""
    return OF_CATEGORY.get(category, "tag")


@cache
def _read(folder: str, name: str) -> Markup:
    inside = _INSIDE.search(Path(folder, "vendor", "lucide", f"{name}.svg").read_text("utf-8"))
    # our own vendored file: nothing in it was written by a person on the other side
    assert inside, "every file of the set is one svg element"
    return Markup(re.sub(r"\s+", " ", inside[1]).strip())  # noqa: S704 # nosec B704
