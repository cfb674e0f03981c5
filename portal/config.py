"""Which settings are there, what does each mean, and is the environment's value a good one?"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from email.utils import parseaddr
from functools import cache
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar, overload
from urllib.parse import SplitResult, urlsplit

import limits
import phonenumbers
from babel.numbers import list_currencies
from email_validator import EmailNotValidError, validate_email
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

INSTANCE = Path(__file__).resolve().parent.parent / "instance"
LANGUAGES = ("fr", "en")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
DRIVERS = {
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
    "mysql+pymysql": "mysql+pymysql",
}

Hours = tuple[tuple[int, int, int], ...]
Value = TypeVar("Value")


class SettingError(ValueError):
    """A setting cannot be used; the message is one line that names it and says what would be right."""


# ------------------------------------------------------------ text to value; a ValueError says what to give


def text(given: str) -> str:
    """Take one line as it is."""
    if re.search(r"[\x00-\x1f\x7f]", given):
        raise ValueError("give one line without control characters")
    return given


def lines(given: str) -> str:
    """Take text of several lines as it is."""
    for line in given.splitlines():
        text(line)
    return given


def words(given: str) -> tuple[str, ...]:
    """Split at commas; empty parts do not count."""
    return tuple(part.strip() for part in given.split(",") if part.strip())


def yes_or_no(given: str) -> bool:
    """Read a switch."""
    answers = dict.fromkeys(("yes", "true", "1", "on"), True) | dict.fromkeys(("no", "false", "0", "off"), False)
    if given.lower() not in answers:
        raise ValueError("give yes or no")
    return answers[given.lower()]


def whole(low: int, high: int) -> Callable[[str], int]:
    """Read a whole number within bounds, both included."""

    def parse(given: str) -> int:
        # int() alone would also take "1_000", "٣" and numbers of any length
        if not re.fullmatch(r"-?[0-9]{1,12}", given) or not low <= int(given) <= high:
            raise ValueError(f"give a whole number from {low} to {high}")
        return int(given)

    return parse


def one_of(choices: tuple[str, ...]) -> Callable[[str], str]:
    """Read one of a few words."""

    def parse(given: str) -> str:
        if given.lower() not in choices:
            raise ValueError(f"give one of {', '.join(choices)}")
        return given.lower()

    return parse


def matching(pattern: str, right: str) -> Callable[[str], str]:
    """Read text of one shape; `right` says to a person which."""

    def parse(given: str) -> str:
        if not re.fullmatch(pattern, given):
            raise ValueError(f"give {right}")
        return given

    return parse


def secret(least: int) -> Callable[[str], str]:
    """Read a secret of at least so many characters."""

    def parse(given: str) -> str:
        if len(given) < least:
            raise ValueError(f"give at least {least} characters, for example from: openssl rand -base64 32")
        return given

    return parse


def secrets(least: int) -> Callable[[str], tuple[str, ...]]:
    """Read comma-separated secrets."""
    return lambda given: tuple(secret(least)(part) for part in words(given))


@cache
def zone_names() -> frozenset[str]:
    """List the time zones of the tz database, the same ones on every machine."""
    return frozenset((files("tzdata") / "zones").read_text("ascii").split())


def time_zone(given: str) -> str:
    """Read the name of a time zone."""
    if given not in zone_names():
        raise ValueError("give a time zone of the tz database, such as Europe/Paris")
    return given


def currency(given: str) -> str:
    """Read an ISO 4217 code."""
    if given.upper() not in list_currencies():
        raise ValueError("give a currency code of ISO 4217, such as EUR")
    return given.upper()


def region(given: str) -> str:
    """Read an ISO 3166 country code: national telephone numbers are read as that country's."""
    if given.upper() not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError("give a country code of ISO 3166, such as FR")
    return given.upper()


def phone(given: str) -> str:
    """Read a telephone number with its country prefix, as E.164."""
    try:
        number = phonenumbers.parse(given)
    except phonenumbers.NumberParseException:
        number = phonenumbers.PhoneNumber()
    if not phonenumbers.is_possible_number(number):
        raise ValueError("give a telephone number with its country prefix, such as +33123456789")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def email(given: str) -> str:
    """Read a mail address; one inside a private network is as good as a public one."""
    try:
        checked = validate_email(given, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        raise ValueError("give a mail address, such as team@example.org") from None
    return checked.normalized


def sender(given: str) -> str:
    """Read a mail address that may have a name before it."""
    name, address = parseaddr(text(given))
    checked = email(address)
    return f"{name} <{checked}>" if name else checked


def siren(given: str) -> str:
    """Read a French company number: nine digits, the last one a Luhn check digit."""
    digits = given.replace(" ", "")
    if not re.fullmatch(r"[0-9]{9}", digits) or luhn(digits) % 10:
        raise ValueError("give the nine digits of a SIREN number, such as 732 829 320")
    return digits


def luhn(digits: str) -> int:
    """Sum digits from the right, every second one doubled (ISO/IEC 7812-1, annex B)."""
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled)


def rate(given: str) -> str:
    """Read a limit as Flask-Limiter writes it, several separated by a semicolon."""
    try:
        items = limits.parse_many(given)
    except ValueError:
        items = []
    if not items or min(item.amount for item in items) < 1:
        raise ValueError("give a number per time, such as 100 per minute or 5 per 15 minutes")
    return given


def split_url(given: str, schemes: tuple[str, ...]) -> SplitResult | None:
    """Split an address of one of these schemes; None when it is none or its port is no number."""
    try:
        parts = urlsplit(given)
        usable = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if usable and not re.search(r"[\s\\\x00-\x1f]", given) else None


def web_address(given: str) -> str:
    """Read an http or https address."""
    if split_url(given, ("http", "https")) is None:
        raise ValueError("give an address that begins with https:// or http://")
    return given


def origin(given: str) -> str:
    """Read the origin of a web site, in the spelling that browsers send."""
    parts = split_url(given, ("http", "https"))
    if parts is None or parts.username is not None or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("give scheme and host without a path, such as https://booking.example.org")
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    standard = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port not in (None, standard) else "")


def origins(given: str) -> tuple[str, ...]:
    """Read comma-separated origins."""
    return tuple(origin(part) for part in words(given))


def redis_address(given: str) -> str:
    """Read the address of a Redis server."""
    is_socket = given.startswith("unix:///")
    if not is_socket and split_url(given, ("redis", "rediss")) is None:
        raise ValueError("give an address such as redis://127.0.0.1:6379/0")
    return given


def database_address(given: str) -> str:
    """Read a database address and name the driver in it; the path of a SQLite file becomes absolute."""
    if given.startswith(("file:", "sqlite:")):
        return sqlite_address(given)
    try:
        url = make_url(given)
    except (ArgumentError, ValueError):
        url = URL.create("unknown")
    if url.drivername not in DRIVERS or not url.database:
        raise ValueError("give postgresql://USER:PASSWORD@HOST/NAME, mysql://..., sqlite:///FILE or file:FILE")
    url = url.set(drivername=DRIVERS[url.drivername])
    if url.drivername == "mysql+pymysql":
        url = url.set(query={"charset": "utf8mb4", **url.query})
    return url.render_as_string(hide_password=False)


def sqlite_address(given: str) -> str:
    """Read `sqlite:///FILE` or `file:FILE`."""
    path = re.sub(r"^(sqlite:///|file:(//(?=/))?)", "", given)
    if not path or "?" in path or path.startswith((":", "sqlite:", "//")):
        raise ValueError("give a file, such as sqlite:///booking.db or file:./booking.db")
    return f"sqlite:///{Path(path).absolute()}"


def opening_hours(given: str) -> Hours:
    """Read weekly hours such as `mon-fri 08:00-12:00, mon-fri 14:00-18:00, sat 09:00-12:00`.

    Each triple is (day of the week, opening, closing): 0 is Sunday, times are minutes since midnight, and the
    triples are in order. Ranges of days may pass the week's end (`sat-mon`).
    """
    hours = sorted(triple for part in words(given) for triple in hours_of_part(part))
    overlaps = any(a[0] == b[0] and b[1] < a[2] for a, b in pairwise(hours))
    if not hours or overlaps:
        raise ValueError("give hours that do not overlap, such as mon-fri 08:00-12:00, mon-fri 14:00-18:00")
    return tuple(hours)


def hours_of_part(part: str) -> list[tuple[int, int, int]]:
    """Read one `mon-fri 08:00-12:00`."""
    day = "(" + "|".join(WEEKDAYS) + ")"
    clock = r"([01][0-9]|2[0-4]):([0-5][0-9])"
    found = re.fullmatch(rf"{day}(?:-{day})?\s+{clock}\s*-\s*{clock}", part.lower())
    if not found:
        raise ValueError("give hours such as mon-sat 08:00-20:00")
    first = WEEKDAYS.index(found[1])
    last = WEEKDAYS.index(found[2] or found[1])
    opening, closing = int(found[3]) * 60 + int(found[4]), int(found[5]) * 60 + int(found[6])
    if not opening < closing <= 24 * 60:
        raise ValueError(
            "give a closing time after the opening time and at most 24:00; past midnight is a second entry"
        )
    return [((first + ahead) % 7, opening, closing) for ahead in range((last - first) % 7 + 1)]


# ---------------------------------------------------------------- declarations


@dataclass(frozen=True, slots=True)
class About:
    """What is known of a setting besides its value; `variable` is its name in the environment."""

    variable: str
    parse: Callable[[str], Any]
    default: str | None
    meaning: str
    unit: str = ""
    aliases: tuple[str, ...] = ()
    is_secret: bool = False

    def given_in(self, environ: Mapping[str, str]) -> tuple[str, str] | None:
        """Find the variable that is set, proper name before aliases; an empty one counts as not set."""
        for name in (self.variable, *self.aliases):
            if value := environ.get(name, "").strip():
                return name, value
        return None

    def value_of(self, name: str, given: str) -> Any:
        """Parse what `name` says; raises SettingError."""
        try:
            return self.parse(given)
        except ValueError as wrong:
            shown = name if self.is_secret else f"{name}={given[:80]!r}"
            unit = f" ({self.unit})" if self.unit else ""
            raise SettingError(f"{shown}: {wrong}{unit}") from None


@overload
def setting(
    parse: Callable[[str], Value],
    default: str,
    meaning: str,
    *,
    unit: str = "",
    aliases: tuple[str, ...] = (),
    is_secret: bool = False,
) -> Value: ...
@overload
def setting(
    parse: Callable[[str], Value],
    default: None,
    meaning: str,
    *,
    unit: str = "",
    aliases: tuple[str, ...] = (),
    is_secret: bool = False,
) -> Value | None: ...
def setting(parse: Callable[[str], Any], default: str | None, meaning: str, **more: Any) -> Any:
    """Declare one setting; its default is written as one would write it in the environment."""
    value = None if default is None else parse(default)
    about = {"parse": parse, "default": default, "meaning": meaning, **more}
    return field(default=value, repr=not more.get("is_secret", False), metadata=about)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting, checked; `Settings()` has the defaults. The variable is the name in capitals."""

    # address
    port: int = setting(whole(1, 65535), "5000", "port that the server listens on")
    host: str = setting(matching(r"[A-Za-z0-9.:_-]+", "a host name or IP address"), "127.0.0.1", "address to listen on")
    public_url: str = setting(
        origin,
        "http://127.0.0.1:5000",
        "address by which people reach the portal; left out: http://127.0.0.1 with PORT",
        aliases=("BETTER_AUTH_URL",),
    )
    allowed_origins: tuple[str, ...] = setting(
        origins, "", "other sites that may call the API and be returned to after payment, comma-separated"
    )
    trusted_proxies: int = setting(whole(0, 10), "0", "reverse proxies in front whose X-Forwarded-For counts")

    # database and Redis
    database_url: str = setting(database_address, f"sqlite:///{INSTANCE / 'creneau.db'}", "database", is_secret=True)
    db_pool_min: int = setting(whole(0, 1000), "2", "connections kept open by each process")
    db_pool_max: int = setting(whole(1, 1000), "10", "connections open at most in each process")
    db_pool_timeout: int = setting(whole(1, 600), "30", "wait for a free connection", unit="seconds")
    redis_url: str | None = setting(
        redis_address, None, "Redis for cache, limits and queue; left out: inside the process", is_secret=True
    )
    cache_ttl: int = setting(whole(0, 86_400), "300", "life of a cached service", unit="seconds")

    # secrets
    secret_key: str | None = setting(
        secret(16), None, "signs sessions and links", aliases=("BETTER_AUTH_SECRET",), is_secret=True
    )
    encryption_key: tuple[str, ...] = setting(
        secrets(32),
        "",
        "keys of the encrypted columns, comma-separated: the first encrypts, all decrypt",
        is_secret=True,
    )

    # place
    booking_timezone: str = setting(time_zone, "Europe/Paris", "time zone of services that name none")
    booking_default_currency: str = setting(currency, "EUR", "currency of services that name none")
    booking_locale: str = setting(one_of(LANGUAGES), "fr", "language of people who chose none")
    booking_region: str = setting(region, "FR", "country whose national telephone numbers are understood")

    # business
    business_name: str | None = setting(text, None, "seller on pages, mails and invoices")
    business_address: str | None = setting(lines, None, "seller's address on invoices")
    business_legal_form: str | None = setting(
        text, None, "seller's legal form, capital and register on invoices, such as SARL, capital 8 000 €, RCS Lyon"
    )
    business_siren: str | None = setting(siren, None, "seller's company number on invoices")
    business_vat_number: str | None = setting(
        matching(r"[A-Z]{2}[0-9A-Z+*. ]{2,15}", "a VAT number with its country, such as FR40303265045"),
        None,
        "seller's VAT number on invoices",
    )
    business_vat_exemption: str | None = setting(
        text, None, "why no VAT is due where a service has no rate; left out: said by the law that applies"
    )
    business_email: str | None = setting(email, None, "seller's mail address on invoices")
    business_phone: str | None = setting(phone, None, "number that customers may call, with its country prefix")
    business_hours: Hours = setting(
        opening_hours, "mon-sat 08:00-20:00", "opening hours of services that have none of their own"
    )
    team_email: str | None = setting(email, None, "where the team's notifications go")

    # rules of booking, where the service says nothing
    min_advance_time: int = setting(whole(0, 525_600), "60", "least time before the start", unit="minutes")
    max_advance_days: int = setting(whole(0, 3_650), "30", "longest time before the start", unit="days")
    allow_cancellation: bool = setting(yes_or_no, "yes", "customers may cancel")
    cancellation_deadline_hours: int = setting(
        whole(0, 8_760), "24", "customers may cancel until so long before the start", unit="hours"
    )
    require_approval: bool = setting(yes_or_no, "no", "staff approve each booking")
    approval_hours: int = setting(whole(1, 8_760), "48", "time to approve before a booking lapses", unit="hours")
    # Stripe's payment page lives at least 30 minutes, and the hold must outlive it.
    hold_minutes: int = setting(whole(32, 1_440), "35", "time to pay before a booking lapses", unit="minutes")
    max_active_bookings: int = setting(whole(0, 100_000), "10", "live bookings ahead per customer; 0: no limit")
    max_bookings_per_hour: int = setting(whole(1, 100_000), "10", "bookings that a customer makes in an hour")
    approval_over: int = setting(
        whole(0, 10**11),
        "100000",
        "a total over this needs an admin's approval",
        unit="minor units of the currency",
    )
    alert_over: int = setting(
        whole(0, 10**11), "50000", "a total over this alerts the team", unit="minor units of the currency"
    )
    business_hours_only: bool = setting(yes_or_no, "no", "only customers with the attribute vip book outside hours")

    # payment
    stripe_secret_key: str | None = setting(
        matching(r"(sk|rk)_(test|live)_\S+", "a key that begins with sk_test_ or sk_live_"),
        None,
        "Stripe's secret key; left out: payment is off",
        is_secret=True,
    )
    stripe_publishable_key: str | None = setting(
        matching(r"pk_(test|live)_\S+", "a key that begins with pk_test_ or pk_live_"),
        None,
        "Stripe's public key",
    )
    stripe_webhook_secret: str | None = setting(
        matching(r"whsec_\S+", "a secret that begins with whsec_"),
        None,
        "proves that a webhook is Stripe's",
        is_secret=True,
    )
    stripe_api_base: str | None = setting(origin, None, "Stripe's address; left out: Stripe itself")
    stripe_sandbox_port: int = setting(whole(1, 65535), "12111", "port of the local Stripe sandbox")

    # notifications
    enable_notifications: bool = setting(yes_or_no, "yes", "notifications are sent at all")
    send_confirmation: bool = setting(yes_or_no, "yes", "confirmations are sent")
    send_reminder: bool = setting(yes_or_no, "yes", "reminders are sent")
    reminder_hours: int = setting(whole(1, 8_760), "24", "reminder before the start", unit="hours")
    smtp_host: str | None = setting(text, None, "mail server; left out: mails are shown on a page")
    smtp_port: int = setting(whole(1, 65535), "587", "port of the mail server")
    smtp_user: str | None = setting(text, None, "account on the mail server")
    smtp_pass: str | None = setting(text, None, "password on the mail server", is_secret=True)
    smtp_from: str | None = setting(sender, None, "sender of mails")
    slack_webhook_url: str | None = setting(web_address, None, "Slack channel of the team", is_secret=True)
    teams_webhook_url: str | None = setting(web_address, None, "Teams channel of the team", is_secret=True)
    twilio_account_sid: str | None = setting(text, None, "Twilio account for SMS")
    twilio_auth_token: str | None = setting(text, None, "Twilio token", is_secret=True)
    twilio_phone_number: str | None = setting(phone, None, "number that SMS come from")
    google_calendar_api_key: str | None = setting(text, None, "key to read a Google calendar", is_secret=True)
    google_calendar_id: str | None = setting(text, None, "Google calendar whose events block staff time")

    # limits and measuring
    rate_limit: str = setting(rate, "100 per minute", "requests per address")
    signin_limit: str = setting(rate, "5 per 15 minutes", "failed sign-ins per account; ten times that per address")
    metrics: bool = setting(yes_or_no, "on", "/metrics is served")

    @property
    def trusted_origins(self) -> tuple[str, ...]:
        """List the origins that may call the API and be returned to: our own first."""
        return (self.public_url, *self.allowed_origins)

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Settings":
        """Read all settings; raises SettingError at the first wrong one."""
        values: dict[str, Any] = {}
        for about in declared():
            if given := about.given_in(environ):
                values[about.variable.lower()] = about.value_of(*given)
        if "public_url" not in values:
            values["public_url"] = f"http://127.0.0.1:{values.get('port', cls().port)}"
        settings = cls(**values)
        check_together(settings)
        return settings


@cache
def declared() -> tuple[About, ...]:
    """List all settings in the order of their declaration."""
    return tuple(About(variable=each.name.upper(), **each.metadata) for each in fields(Settings))


# ---------------------------------------------------------------- settings that must fit each other

ALL_OR_NONE = (
    ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_PHONE_NUMBER"),
    ("GOOGLE_CALENDAR_API_KEY", "GOOGLE_CALENDAR_ID"),
    ("SMTP_USER", "SMTP_PASS"),
)


def check_together(settings: Settings) -> None:
    """Refuse settings that are right one by one and wrong together; raises SettingError."""
    if settings.db_pool_min > settings.db_pool_max:
        raise SettingError(f"DB_POOL_MIN={settings.db_pool_min}: give at most DB_POOL_MAX ({settings.db_pool_max})")
    for group in ALL_OR_NONE:
        missing = [name for name in group if getattr(settings, name.lower()) is None]
        if missing and len(missing) < len(group):
            raise SettingError(
                f"{missing[0]}: give it too, or leave out {', '.join(sorted(set(group) - set(missing)))}"
            )
    check_stripe_keys(settings.stripe_secret_key or "", settings)
    check_seller(settings.business_siren, settings.business_vat_number)


def check_seller(siren: str | None, vat_number: str | None) -> None:
    """Refuse a French VAT number of another company: it is FR, a key of two characters and the SIREN."""
    number = (vat_number or "").replace(" ", "")
    if siren and number.startswith("FR") and not number.endswith(siren):
        raise SettingError("BUSINESS_VAT_NUMBER: give the number that ends with the digits of BUSINESS_SIREN")


def check_stripe_keys(key: str, settings: Settings) -> None:
    """Refuse test keys beside live ones, and real keys that would be sent to a stand-in for Stripe."""
    public = settings.stripe_publishable_key
    if key and public and ("_live_" in key) != ("_live_" in public):
        raise SettingError("STRIPE_PUBLISHABLE_KEY: give the key of the same mode (test or live) as STRIPE_SECRET_KEY")
    stand_in = settings.stripe_api_base not in (None, "https://api.stripe.com")
    if key and stand_in and not key.startswith("sk_test_sandbox_"):
        raise SettingError("STRIPE_API_BASE: leave it out; only a key that begins with sk_test_sandbox_ goes elsewhere")
