"""What does a person see when something is refused or fails?"""

from flask import Response, g, render_template
from flask_babel import gettext, ngettext

from portal.domain.errors import N_, BookingError
from portal.web import errors
from portal.web.fragments import asks_for_fragment, render

TITLES = {
    400: N_("This request could not be read."),
    401: N_("Sign in to continue."),
    403: N_("This is not open to your account."),
    404: N_("This page is not in its place."),
    405: N_("This page cannot do that."),
    409: N_("This is no longer possible."),
    413: N_("That was too much at once."),
    422: N_("Something here is not right."),
    429: N_("Not so fast."),
    500: N_("Something failed on our side."),
    503: N_("The portal is very busy."),
}
HELP = {
    400: N_("The form may have been open for too long. Go back, reload the page and send it again."),
    401: N_("Afterwards you come back to where you were."),
    403: N_("Ask the team if you need it."),
    404: N_("The address may have changed, or the booking does not belong to this account."),
    405: N_("Go back and use the buttons of the page."),
    409: N_("Nothing was changed. Load the page again and look before you repeat it."),
    413: N_("Shorten what you typed, then send it again."),
    422: N_("Go back and check what you chose."),
    429: N_("Too much came from here in a short time. Nothing was changed."),
    500: N_("Nothing was booked or charged by this step. We have taken note of it; try again in a moment."),
    503: N_("Nothing was changed, and nothing was charged."),
}


def render_error(status: int, error: Exception) -> Response:
    """Return the page of an error; for htmx the note alone, put above what the person was doing."""
    g.is_failing = status >= 500
    shown = status if status in TITLES else 500 if status >= 500 else 400
    context = {"code": status, "title": gettext(TITLES[shown]), "help": _help(shown, error), "retry": _retry(error)}
    if asks_for_fragment():
        response = Response(render_template("errors/note.html", **context), status)
        response.headers["HX-Retarget"], response.headers["HX-Reswap"] = "#problem", "innerHTML"
        response.vary.add("HX-Request")
        return response
    return render("errors/failure.html" if g.is_failing else "errors/page.html", status=status, **context)


def _help(status: int, error: Exception) -> str:
    """Return what the refusal itself says where it was written for people."""
    if isinstance(error, BookingError) and status < 500 and status not in {404, 401}:
        return errors.message_of(error)
    return str(gettext(HELP[status]))


def _retry(error: Exception) -> str | None:
    """Say when it is worth trying again, in seconds or whole minutes."""
    seconds = errors.retry_after(error)
    if not seconds:
        return None
    if seconds < 60:
        return str(ngettext("Possible again in %(num)s second.", "Possible again in %(num)s seconds.", seconds))
    minutes = -(-seconds // 60)
    return str(ngettext("Possible again in %(num)s minute.", "Possible again in %(num)s minutes.", minutes))
