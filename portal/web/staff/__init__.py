"""The pages of the team, under /staff: one blueprint a subject, below one that lets nobody else in."""

from dataclasses import dataclass

from flask import Blueprint, Flask, Response, current_app, request

from portal.domain.errors import N_
from portal.usecases.access import require_staff
from portal.web.session import account, must_sign_in


@dataclass(frozen=True)
class Entry:
    """A line of the menu: the page it leads to, its name (to be translated), its icon."""

    endpoint: str
    label: str
    icon: str
    others: tuple[str, ...] = ()  # blueprints that belong to the subject as well

    @property
    def is_here(self) -> bool:
        """Tell whether the page that is shown belongs to the subject."""
        return request.blueprint in {self.endpoint.rpartition(".")[0], *self.others}


MENU: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    (
        "",
        (
            Entry("staff.today.index", N_("Today"), "sun", ("staff.welcome",)),
            Entry("staff.bookings.index", N_("Bookings"), "list", ("staff.booking", "staff.new_booking")),
            Entry("staff.door.index", N_("Arrivals"), "scan-line"),
        ),
    ),
    (
        N_("Offer"),
        (
            Entry("staff.services.index", N_("Services"), "layout-dashboard"),
            Entry("staff.resources.index", N_("Resources"), "package"),
            Entry("staff.team.index", N_("Team"), "users"),
            Entry("staff.closures.index", N_("Closures"), "calendar-x"),
        ),
    ),
    (N_("Follow-up"), (Entry("staff.customers.index", N_("Customers"), "id-card"),)),
)


def register(app: Flask) -> None:
    """Add the pages of the team and their menu."""
    from portal.web.staff.booking import pages as booking
    from portal.web.staff.bookings import pages as bookings
    from portal.web.staff.closures import pages as closures
    from portal.web.staff.customers import pages as customers
    from portal.web.staff.door import pages as door
    from portal.web.staff.hits import pages as hits
    from portal.web.staff.new_booking import pages as new_booking
    from portal.web.staff.resources import pages as resources
    from portal.web.staff.service_filters import register as register_filters
    from portal.web.staff.services import pages as services
    from portal.web.staff.team import pages as team
    from portal.web.staff.today import pages as today
    from portal.web.staff.welcome import pages as welcome
    from portal.web.staff.words import register as register_words

    staff = Blueprint("staff", __name__, url_prefix="/staff")
    staff.before_request(must_be_staff)
    for pages in (
        today,
        welcome,
        bookings,
        new_booking,
        booking,
        door,
        services,
        customers,
        closures,
        hits,
        resources,
        team,
    ):
        staff.register_blueprint(pages)
    app.register_blueprint(staff)
    register_words(app)
    register_filters(app)
    app.jinja_env.globals["staff_menu"] = menu


def must_be_staff() -> Response | None:
    """Send who is not signed in to sign in and back; raise Forbidden for customers."""
    asked = must_sign_in()
    if asked is None:
        require_staff(account())
    return asked


def menu() -> list[tuple[str, list[Entry]]]:
    """Return the menu, in groups: the subjects that have pages."""
    known = current_app.view_functions
    groups = [(label, [one for one in entries if one.endpoint in known]) for label, entries in MENU]
    return [(label, entries) for label, entries in groups if entries]
