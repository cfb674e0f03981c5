"""What can be booked, and when is each next free?"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, request
from werkzeug.datastructures import MultiDict

from portal.domain.instants import InstantError, parse_date
from portal.domain.text import alphabetical
from portal.usecases.setup import has_admin
from portal.usecases.slots import Card, catalogue_cards
from portal.web.cards import view_of
from portal.web.context import current_rules, now
from portal.web.filters import page_url
from portal.web.forms import whole
from portal.web.fragments import asks_for_fragment, render
from portal.web.language import category_name

pages = Blueprint("catalogue", __name__)
MAX_SEARCH = 100
PARTIES = range(2, 21)  # sizes to choose from; one person is what everybody else is
FIRST = 9  # cards shown before the rest is asked for: three rows


@dataclass(frozen=True)
class Search:
    """What is looked for; all of it stands in the address."""

    words: str = ""
    category: str = ""
    start: date | None = None
    party: int | None = None
    shows_all: bool = False

    @property
    def is_any(self) -> bool:
        """Tell whether anything is looked for."""
        return bool(self.words or self.category or self.start or self.party)

    @property
    def most(self) -> int | None:
        """Return how many cards to show; None for all."""
        return None if self.shows_all else FIRST

    def query(self, **changes: Any) -> dict[str, Any]:
        """Return the query of the catalogue's address, with something chosen differently."""
        own = {"q": self.words, "category": self.category, "from": self.start, "for": self.party}
        return {**own, **changes}


@pages.get("/")
def index() -> Response:
    """Show the services that match, with their next free times."""
    rules, moment = current_rules(), now()
    today = moment.astimezone(ZoneInfo(rules.time_zone)).date()
    search = _search(request.args, today)
    found = catalogue_cards(rules, moment, search=search.words, party=search.party, start=search.start)
    cards = sorted((one for one in found if search.category in ("", one.service.category)), key=_next_start)
    context: dict[str, Any] = {
        "cards": [view_of(card, search.party, search.start, moment) for card in cards[: search.most]],
        "total": len(cards),
        "count": len(found),
        "categories": _categories(found, search.category),
        "is_unmanned": not found and not search.is_any and not has_admin(),
    }
    response = render("catalogue/index.html", "results", search=search, parties=PARTIES, today=today, **context)
    return _with_address(response, search)


def _search(args: MultiDict[str, str], today: date) -> Search:
    """Read an address; what cannot be read, or says only what holds anyway, counts as not said."""
    words = "".join(char for char in args.get("q", "") if char.isprintable()).strip()[:MAX_SEARCH]
    start, party = _date(args.get("from", "")), whole(args.get("for"))
    return Search(
        words=words,
        category=args.get("category", ""),
        start=start if start and start > today else None,
        party=party if party in PARTIES else None,
        shows_all="all" in args,
    )


def _date(text: str) -> date | None:
    try:
        return parse_date(text)
    except InstantError:
        return None


def _categories(found: Sequence[Card], chosen: str) -> list[tuple[str, int]]:
    """Count the services of each category, the largest first; the chosen one stays even if nothing is left in it."""
    counts = Counter(card.service.category for card in found if card.service.category)
    counts.update({chosen: 0} if chosen else {})
    return sorted(counts.items(), key=lambda one: (-one[1], alphabetical(category_name(one[0]))))


def _with_address(response: Response, search: Search) -> Response:
    """Let the address bar show what was looked for, without the empty fields of the form."""
    if asks_for_fragment():
        query = search.query(all=1 if search.shows_all else None)
        response.headers["HX-Push-Url"] = page_url("catalogue.index", query)
    return response


def _next_start(card: Card) -> datetime:
    return card.next_slots[0].slot.starts_at if card.next_slots else datetime.max.replace(tzinfo=UTC)
