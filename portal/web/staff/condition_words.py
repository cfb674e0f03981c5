"""What does a condition ask, in plain words? So that who writes one can hear what he wrote."""

import operator
from collections.abc import Callable, Mapping
from datetime import date, timedelta

from flask_babel import gettext, ngettext, pgettext

from portal.domain.condition_tree import Arithmetic, Both, Comparison, Either, Literal, Name, Node, Opposite, is_number
from portal.domain.conditions import compile_condition
from portal.domain.errors import N_
from portal.web.filters import duration, number, wall, weekday

NAMES: Mapping[str, str] = {
    "participants": N_("the number of people"),
    "group_size": N_("the number of people"),
    "duration": N_("the length in minutes"),
    "dayOfWeek": N_("the weekday (1 is Monday)"),
    "hour": N_("the hour of the start"),
    "month": N_("the month"),
    "booking_date": N_("the day of booking"),
    "event_date": N_("the day of the visit"),
    "today": N_("today"),
    "advance_days": N_("the days between booking and visit"),
}
SIGNS: Mapping[str, str] = {
    "==": N_("%(left)s is %(right)s"),
    "===": N_("%(left)s is %(right)s"),
    "!=": N_("%(left)s is not %(right)s"),
    "!==": N_("%(left)s is not %(right)s"),
    "<": N_("%(left)s is below %(right)s"),
    "<=": N_("%(left)s is at most %(right)s"),
    ">": N_("%(left)s is above %(right)s"),
    ">=": N_("%(left)s is at least %(right)s"),
}
TURNED: Mapping[str, str] = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
HOLDS: Mapping[str, Callable[[int, int], bool]] = {
    "==": operator.eq,
    "===": operator.eq,
    "!=": operator.ne,
    "!==": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
MONDAY = date(2024, 1, 1)


def condition_words(text: str) -> str:
    """Say a condition; raise ConditionError where it is none."""
    return _said(compile_condition(text).root)


def _said(node: Node, inside: bool = False) -> str:
    match node:
        case Both(children):
            return _joined(children, pgettext("condition", "and"), inside)
        case Either(children):
            return _joined(children, pgettext("condition", "or"), inside)
        case Opposite((child,)):
            return str(gettext("not (%(what)s)", what=_said(child)))
        case Comparison(sign, (left, right)):
            if isinstance(left, Literal) and not isinstance(right, Literal):
                return _compared(right, TURNED.get(sign, sign), left)
            return _compared(left, sign, right)
        case Name(text) if text.startswith("user."):
            return str(gettext("the customer has the mark “%(name)s”", name=_attribute(text)))
        case Name():
            return str(gettext("%(name)s is given", name=_value(node)))
        case Literal(content):
            return str(gettext("always") if content else gettext("never"))
    return _value(node)


def _joined(children: tuple[Node, ...], word: str, inside: bool) -> str:
    text = f" {word} ".join(_said(child, True) for child in children)
    return f"({text})" if inside else text


def _compared(left: Node, sign: str, right: Node) -> str:
    special = _special(left, sign, right)
    return special or str(gettext(SIGNS[sign])) % {"left": _value(left), "right": _value(right)}


def _special(left: Node, sign: str, right: Node) -> str | None:
    """Say what people have words for."""
    match left, sign, right:
        case Name("participants" | "group_size"), ">=", Literal(int(count)):
            return str(ngettext("there is %(num)s person or more", "there are %(num)s people or more", count))
        case Name("duration"), ">=", Literal(int(minutes)) if 0 < minutes < 10**7:
            return str(gettext("it lasts %(time)s or longer", time=duration(minutes)))
        case Name("dayOfWeek"), _, Literal(int(day)):
            return _days(sign, day)
        case Name("hour"), ">=", Literal(int(hour)) if 0 <= hour < 24:
            return str(gettext("it begins at %(time)s or later", time=wall(hour * 60)))
        case Name("hour"), "<", Literal(int(hour)) if 0 <= hour < 24:
            return str(gettext("it begins before %(time)s", time=wall(hour * 60)))
        case Name("booking_date"), "<", Arithmetic(("-",), (Name("event_date"), Literal(int(days)))):
            return _ahead(days + 1)
        case Name("advance_days"), ">=", Literal(int(days)):
            return _ahead(days)
        case Name(text), "==" | "===", Literal(True) if text.startswith("user."):
            return _said(left)
    return None


def _ahead(days: int) -> str:
    return str(ngettext("it is booked at least %(num)s day ahead", "it is booked at least %(num)s days ahead", days))


def _days(sign: str, day: int) -> str | None:
    """Name the weekdays for which a comparison with 1 to 7, from Monday, holds."""
    holds = HOLDS[sign]
    names = [weekday(MONDAY + timedelta(days=one - 1), long=True) for one in range(1, 8) if holds(one, day)]
    if not 0 < len(names) < 7:
        return None
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {pgettext('condition', 'or')} {names[-1]}"
    return str(gettext("the day is %(days)s", days=listed))


def _value(node: Node) -> str:
    match node:
        case Name(text) if text.startswith("user."):
            return str(gettext("the customer's “%(name)s”", name=_attribute(text)))
        case Name(text):
            known = NAMES.get(text)
            return str(gettext(known) if known else gettext("“%(name)s”, which the customer is asked", name=text))
        case Literal(content) if isinstance(content, bool):
            return str(gettext("yes") if content else gettext("no"))
        case Literal(content):
            return number(float(content)) if is_number(content) else f"“{content}”"
        case Arithmetic(signs, (first, *rest)):
            return " ".join([_value(first), *(f"{sign} {_value(one)}" for sign, one in zip(signs, rest, strict=True))])
    return f"({_said(node)})"


def _attribute(name: str) -> str:
    return name.removeprefix("user.")
