"""What happens on a day, and what waits for the team?"""

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, request

from portal.domain.instants import InstantError, parse_date
from portal.usecases.board import is_late, read_board
from portal.web.context import current_rules, now
from portal.web.fragments import render
from portal.web.session import account
from portal.web.staff.welcome import TITLES, house_setup

pages = Blueprint("today", __name__)


@pages.get("")
def index() -> Response:
    """Show a day, today by default: who comes, in order, and what is to be seen to."""
    board, moment = read_board(_day(), account(), current_rules(), now()), now()
    today = moment.astimezone(ZoneInfo(current_rules().time_zone)).date()
    context: dict[str, Any] = {
        "is_today": board.day == today,
        "before": board.day - timedelta(days=1),
        "after": board.day + timedelta(days=1),
        "late": {booking.id for booking, _ in board.rows if is_late(booking, moment)},
        "now": moment,
        "setup": house_setup(),
        "titles": TITLES,
    }
    return render("staff/today.html", board=board, **context)


def _day() -> date | None:
    """Return the day of the address; one that is none means today."""
    try:
        return parse_date(request.args.get("day", ""))
    except InstantError:
        return None
