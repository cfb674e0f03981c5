"""How does a house get from an empty database to its first booking?"""

from collections.abc import Mapping

from flask import Blueprint, Response, abort, current_app, request, url_for

from portal.domain.errors import N_
from portal.domain.setup import Setup, Step
from portal.usecases.catalogue import list_services
from portal.usecases.setup import read_setup, skip_step
from portal.web.context import current_rules, now, settings
from portal.web.fragments import go_to, render
from portal.web.language import NAMES
from portal.web.session import account
from portal.web.staff.beginnings import BEGINNINGS
from portal.web.staff.service_filters import hours_lines

pages = Blueprint("welcome", __name__)

TITLES: Mapping[Step, str] = {
    Step.HOUSE: N_("Say who you are"),
    Step.HOURS: N_("Say when you are open"),
    Step.SUPPLY: N_("Enter people and resources"),
    Step.SERVICE: N_("Offer the first service"),
    Step.TRIAL: N_("Look at it as a customer"),
}
SUBJECTS = ("staff.closures.index", "staff.team.index", "staff.resources.index")


def house_setup() -> Setup:
    """Return how far the house is."""
    return read_setup(account(), settings().business_name is not None)


@pages.get("/welcome")
def index() -> Response:
    """Show the steps, each with what is there and one way on."""
    services = list_services(current_rules())
    return render(
        "staff/welcome.html",
        setup=house_setup(),
        titles=TITLES,
        given=settings(),
        languages=NAMES,
        hours=hours_lines(current_rules().business_hours),
        beginnings=BEGINNINGS,
        first=services[0] if services else None,
        ways={one: url_for(one) for one in SUBJECTS if one in current_app.view_functions},
    )


@pages.post("/welcome/<step>")
def skip(step: str) -> Response:
    """Leave out a step, or take it up again."""
    if step not in list(Step):
        abort(404)
    skip_step(account(), Step(step), request.form.get("do") != "again", now())
    return go_to(url_for("staff.welcome.index"))
