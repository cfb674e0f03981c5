"""When is one service free, for whom, and what does the chosen time cost?"""

import re
from datetime import date
from typing import Any

from flask import Blueprint, Response, request

from portal.domain.account import Account
from portal.usecases.catalogue import get_service
from portal.web.context import current_rules, settings
from portal.web.forms import Choice, choice_of, price_inputs
from portal.web.fragments import render
from portal.web.picker import offer_of, parties, picker_of
from portal.web.session import signed_in
from portal.web.stays import offer_of_stay, stay_of

pages = Blueprint("services", __name__)
MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")


@pages.get("/services/<slug>")
def show(slug: str) -> Response:
    """Show the service with its slot picker; everything chosen stands in the query."""
    account = signed_in()
    service = get_service(slug, current_rules(), account)
    context = {
        **chosen_context(choice_of(service, request.args), month_asked(request.args.get("month")), account),
        "inputs": price_inputs(service),
        "parties": parties(service),
        "viewer_zone": account.time_zone if account else None,
        "house_email": settings().business_email,
    }
    return render("services/show.html", "picker", "price_box", service=service, **context)


def chosen_context(choice: Choice, month: date | None, account: Account | None) -> dict[str, Any]:
    """Lay out what can be chosen: nights in one calendar, or a day and a time."""
    if choice.service.is_by_night:
        stay = stay_of(choice, month, account)
        return {"picker": stay, "choice": stay.choice, "offer": offer_of_stay(stay, account), "staff": ()}
    picker = picker_of(choice, month, account)
    return {"picker": picker, "choice": picker.choice, "offer": offer_of(picker, account), "staff": picker.staff}


def month_asked(text: str | None) -> date | None:
    """Read a month as addresses write it, 2026-12; None for anything else."""
    found = MONTH.fullmatch(text or "")
    return date(int(found[1]), int(found[2]), 1) if found else None
