"""The environment's values are read as documented, and a wrong one is refused in one clear line."""

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.config import SettingError, Settings, declared, opening_hours


def read(**environ: str) -> Settings:
    return Settings.from_env(environ)


def refusal(**environ: str) -> str:
    with pytest.raises(SettingError) as refused:
        read(**environ)
    return str(refused.value)


def test_an_empty_environment_gives_the_documented_defaults():
    settings = read()
    assert settings == Settings()
    assert (settings.port, settings.host, settings.public_url) == (5000, "127.0.0.1", "http://127.0.0.1:5000")
    assert (settings.db_pool_min, settings.db_pool_max, settings.db_pool_timeout) == (2, 10, 30)
    assert (settings.booking_timezone, settings.booking_default_currency) == ("Europe/Paris", "EUR")
    assert (settings.booking_locale, settings.booking_region) == ("fr", "FR")
    assert (settings.cache_ttl, settings.rate_limit, settings.signin_limit) == (
        300,
        "100 per minute",
        "5 per 15 minutes",
    )
    assert (settings.smtp_port, settings.trusted_proxies, settings.metrics) == (587, 0, True)
    assert (settings.secret_key, settings.encryption_key, settings.redis_url) == (None, (), None)
    assert settings.stripe_secret_key is None


def test_an_empty_environment_gives_the_documented_rules():
    settings = read()
    assert (settings.min_advance_time, settings.max_advance_days) == (60, 30)
    assert (settings.allow_cancellation, settings.cancellation_deadline_hours) == (True, 24)
    assert (settings.require_approval, settings.approval_hours, settings.hold_minutes) == (False, 48, 35)
    assert (settings.max_active_bookings, settings.max_bookings_per_hour) == (10, 10)
    assert (settings.approval_over, settings.alert_over, settings.business_hours_only) == (
        100000,
        50000,
        False,
    )


def test_settings_cannot_be_changed_once_read():
    with pytest.raises(FrozenInstanceError):
        read().port = 80  # type: ignore[misc]


def test_an_empty_variable_counts_as_not_set():
    assert read(PORT="", BOOKING_TIMEZONE="  ", REDIS_URL="") == Settings()


def test_spaces_around_a_value_do_not_count():
    assert read(PORT=" 8080 ").port == 8080


def test_the_default_database_is_a_file_in_the_instance_folder():
    assert read().database_url.startswith("sqlite:////")
    assert read().database_url.endswith("/instance/creneau.db")


def test_the_public_address_follows_the_port_unless_it_is_given():
    assert read(PORT="5123").public_url == "http://127.0.0.1:5123"
    assert read(PORT="5123", PUBLIC_URL="https://b.example.org/").public_url == "https://b.example.org"


def test_a_proper_name_goes_before_its_alias():
    alias, proper = "a" * 32, "p" * 32
    assert read(BETTER_AUTH_SECRET=alias).secret_key == alias
    assert read(BETTER_AUTH_SECRET=alias, SECRET_KEY=proper).secret_key == proper
    assert read(BETTER_AUTH_URL="https://b.example.org").public_url == "https://b.example.org"


def test_a_wrong_value_under_an_alias_is_named_by_that_alias():
    assert refusal(BETTER_AUTH_URL="nowhere").startswith("BETTER_AUTH_URL=")


def test_our_own_address_is_always_a_trusted_origin():
    settings = read(PUBLIC_URL="https://b.example.org", ALLOWED_ORIGINS="https://a.example.org, http://localhost:3000")
    assert settings.trusted_origins == (
        "https://b.example.org",
        "https://a.example.org",
        "http://localhost:3000",
    )


@pytest.mark.parametrize(
    ("given", "read_as"),
    [
        ("https://Book.Example.org", "https://book.example.org"),
        ("https://book.example.org:443/", "https://book.example.org"),
        ("http://book.example.org:443", "http://book.example.org:443"),
        ("http://[::1]:5000", "http://[::1]:5000"),
    ],
)
def test_an_origin_is_spelt_as_browsers_send_it(given, read_as):
    assert read(PUBLIC_URL=given).public_url == read_as


@pytest.mark.parametrize("given", ["yes", "true", "1", "on", "YES", "True"])
def test_a_switch_is_on(given):
    assert read(REQUIRE_APPROVAL=given).require_approval is True


@pytest.mark.parametrize("given", ["no", "false", "0", "off", "No", "OFF"])
def test_a_switch_is_off(given):
    assert read(ALLOW_CANCELLATION=given).allow_cancellation is False


@pytest.mark.parametrize(
    ("given", "read_as"),
    [
        ("postgres://u:p@h/b", "postgresql+psycopg://u:p@h/b"),
        ("postgresql://u:p@h:5433/b?sslmode=require", "postgresql+psycopg://u:p@h:5433/b?sslmode=require"),
        ("postgresql+psycopg://u@h/b", "postgresql+psycopg://u@h/b"),
        ("mysql://u:p@h/b", "mysql+pymysql://u:p@h/b?charset=utf8mb4"),
        ("mariadb://u:p%40x@h:3307/b", "mysql+pymysql://u:p%40x@h:3307/b?charset=utf8mb4"),
        ("mysql://u@h/b?charset=utf8", "mysql+pymysql://u@h/b?charset=utf8"),
        ("sqlite:////data/b.db", "sqlite:////data/b.db"),
        ("file:/data/b.db", "sqlite:////data/b.db"),
        ("file:///data/b.db", "sqlite:////data/b.db"),
    ],
)
def test_a_database_address_gets_the_driver_that_is_installed(given, read_as):
    assert read(DATABASE_URL=given).database_url == read_as


@pytest.mark.parametrize("given", ["file:./b.db", "file:b.db", "sqlite:///b.db", "sqlite:///./b.db"])
def test_a_relative_database_file_lies_in_the_working_directory(given, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert read(DATABASE_URL=given).database_url == f"sqlite:///{Path.cwd() / 'b.db'}"


def test_the_password_of_a_database_shows_neither_in_a_refusal_nor_in_the_settings():
    assert "hunter2" not in refusal(DATABASE_URL="oracle://u:hunter2@h/b")
    assert "hunter2" not in repr(read(DATABASE_URL="postgres://u:hunter2@h/b"))


def test_keys_are_read_in_order():
    first, second = "f" * 44, "s" * 44
    assert read(ENCRYPTION_KEY=f"{first}, {second}").encryption_key == (first, second)


def test_business_hours_are_days_and_minutes():
    week = tuple((day, 480, 1200) for day in range(1, 7))
    assert read().business_hours == week
    assert read(BUSINESS_HOURS="Mon-Fri 08:00-12:00, sat 09:00-24:00,mon 14:00-18:30").business_hours == (
        (1, 480, 720),
        (1, 840, 1110),
        (2, 480, 720),
        (3, 480, 720),
        (4, 480, 720),
        (5, 480, 720),
        (6, 540, 1440),
    )


def test_business_hours_may_pass_the_end_of_the_week():
    days = [day for day, _, _ in read(BUSINESS_HOURS="sat-mon 10:00-11:00").business_hours]
    assert days == [0, 1, 6]


@given(
    st.integers(0, 6),
    st.integers(0, 6),
    st.tuples(st.integers(0, 1440), st.integers(0, 1440)).map(sorted).filter(lambda pair: pair[0] < pair[1]),
)
def test_business_hours_read_back_what_was_written(first, last, times):
    names = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
    clock = [f"{minute // 60:02}:{minute % 60:02}" for minute in times]
    hours = opening_hours(f"{names[first]}-{names[last]} {clock[0]}-{clock[1]}")
    assert {(opening, closing) for _, opening, closing in hours} == {tuple(times)}
    days = [day for day, _, _ in hours]
    assert days == sorted(set(days))
    assert {first, last} <= set(days)
    assert len(days) == (last - first) % 7 + 1


@pytest.mark.parametrize(
    ("variable", "wrong", "hint"),
    [
        ("PORT", "0", "from 1 to 65535"),
        ("PORT", "http", "whole number"),
        ("PORT", "5_000", "whole number"),
        ("PORT", "٥٠٠٠", "whole number"),
        ("PORT", "9" * 5000, "whole number"),
        ("CACHE_TTL", "-1", "seconds"),
        ("MIN_ADVANCE_TIME", "1.5", "minutes"),
        ("HOLD_MINUTES", "30", "from 32"),
        ("HOST", "a b", "host name"),
        ("PUBLIC_URL", "book.example.org", "https://"),
        ("PUBLIC_URL", "https://book.example.org/path", "without a path"),
        ("PUBLIC_URL", "https://u:p@book.example.org", "without a path"),
        ("PUBLIC_URL", "https://book.example.org:port", "https://"),
        ("PUBLIC_URL", "javascript:alert(1)", "https://"),
        ("ALLOWED_ORIGINS", "https://a.example.org, *", "https://"),
        ("DATABASE_URL", "oracle://u@h/b", "postgresql://"),
        ("DATABASE_URL", "postgresql://u@h:port/b", "postgresql://"),
        ("DATABASE_URL", "postgresql://u@h", "postgresql://"),
        ("DATABASE_URL", "booking.db", "sqlite:///"),
        ("DATABASE_URL", "sqlite://", "sqlite:///"),
        ("DATABASE_URL", "sqlite:///:memory:", "sqlite:///"),
        ("DATABASE_URL", "file:", "sqlite:///"),
        ("REDIS_URL", "localhost:6379", "redis://"),
        ("SECRET_KEY", "short", "at least 16"),
        ("ENCRYPTION_KEY", "k" * 44 + ",short", "at least 32"),
        ("BOOKING_TIMEZONE", "Europe/Pari", "Europe/Paris"),
        ("BOOKING_TIMEZONE", "../../etc/passwd", "Europe/Paris"),
        ("BOOKING_TIMEZONE", "localtime", "Europe/Paris"),
        ("BOOKING_DEFAULT_CURRENCY", "EURO", "ISO 4217"),
        ("BOOKING_LOCALE", "xx", "fr, en"),
        ("BOOKING_REGION", "France", "such as FR"),
        ("BUSINESS_SIREN", "732829321", "SIREN"),
        ("BUSINESS_VAT_NUMBER", "40303265045", "VAT number"),
        ("TEAM_EMAIL", "team", "mail address"),
        ("SMTP_FROM", "Créneau", "mail address"),
        ("TWILIO_PHONE_NUMBER", "0123456789", "country prefix"),
        ("RATE_LIMIT", "often", "100 per minute"),
        ("RATE_LIMIT", "0 per minute", "100 per minute"),
        ("SLACK_WEBHOOK_URL", "json://hooks.example.org", "https://"),
        ("METRICS", "maybe", "yes or no"),
        ("STRIPE_SECRET_KEY", "pk_test_x", "sk_test_"),
        ("STRIPE_PUBLISHABLE_KEY", "sk_test_x", "pk_test_"),
        ("STRIPE_WEBHOOK_SECRET", "secret", "whsec_"),
        ("BUSINESS_HOURS", "always", "mon-sat"),
        ("BUSINESS_HOURS", "mon-xyz 08:00-12:00", "mon-sat"),
        ("BUSINESS_HOURS", "mon 8:00-12:00", "mon-sat"),
        ("BUSINESS_HOURS", "mon 12:00-12:00", "closing time after the opening time"),
        ("BUSINESS_HOURS", "mon 22:00-02:00", "closing time after the opening time"),
        ("BUSINESS_HOURS", "mon 22:00-24:01", "closing time after the opening time"),
        ("BUSINESS_HOURS", "mon-fri 08:00-12:00, tue 11:00-13:00", "do not overlap"),
        ("BUSINESS_HOURS", ",", "do not overlap"),
    ],
)
def test_a_wrong_value_is_refused_in_one_line_that_names_it(variable, wrong, hint):
    message = refusal(**{variable: wrong})
    assert message.startswith(variable)
    assert hint in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"DB_POOL_MIN": "20"}, "DB_POOL_MIN"),
        ({"TWILIO_ACCOUNT_SID": "AC1"}, "TWILIO_AUTH_TOKEN"),
        ({"SMTP_USER": "me"}, "SMTP_PASS"),
        (
            {"STRIPE_SECRET_KEY": "sk_live_1", "STRIPE_PUBLISHABLE_KEY": "pk_test_1"},
            "STRIPE_PUBLISHABLE_KEY",
        ),
        ({"STRIPE_SECRET_KEY": "sk_test_1", "STRIPE_API_BASE": "http://127.0.0.1:12111"}, "STRIPE_API_BASE"),
    ],
)
def test_settings_that_do_not_fit_each_other_are_refused(environ, named):
    assert refusal(**environ).startswith(named)


def test_only_a_sandbox_key_goes_to_a_stand_in_for_stripe():
    settings = read(STRIPE_SECRET_KEY="sk_test_sandbox_1", STRIPE_API_BASE="http://127.0.0.1:12111")
    assert settings.stripe_api_base == "http://127.0.0.1:12111"


def test_values_are_kept_in_one_spelling():
    settings = read(
        BOOKING_DEFAULT_CURRENCY="jpy",
        BOOKING_LOCALE="EN",
        BOOKING_REGION="gb",
        BUSINESS_SIREN="732 829 320",
        SMTP_FROM="Créneau <book@EXAMPLE.org>",
    )
    assert (settings.booking_default_currency, settings.booking_locale) == ("JPY", "en")
    assert (settings.booking_region, settings.business_siren) == ("GB", "732829320")
    assert settings.smtp_from == "Créneau <book@example.org>"


def test_every_default_written_in_the_environment_reads_as_the_default():
    written = {about.variable: about.default for about in declared() if about.default}
    assert len(written) > 30
    assert read(**written) == Settings()


JUNK = (
    "\x00",
    "é",
    "[",
    "http://[",
    "://",
    "%",
    "a" * 100_000,
    "1e400",
    "-0",
    "'\"",
    "\ud800",
    "sqlite:///\nx",
)


def test_a_french_vat_number_ends_with_the_company_number():
    assert read(BUSINESS_SIREN="732 829 320", BUSINESS_VAT_NUMBER="FR44 732829320").business_siren == "732829320"
    assert read(BUSINESS_SIREN="732 829 320", BUSINESS_VAT_NUMBER="BE0123456789").business_vat_number
    assert refusal(BUSINESS_SIREN="732829320", BUSINESS_VAT_NUMBER="FR40303265045").startswith("BUSINESS_VAT_NUMBER: ")


def test_the_address_of_the_business_may_have_several_lines_but_its_name_may_not():
    assert read(BUSINESS_ADDRESS="1 rue X\n75001 Paris").business_address == "1 rue X\n75001 Paris"
    assert refusal(BUSINESS_NAME="Créneau\nBcc: x").startswith("BUSINESS_NAME=")
    assert refusal(SMTP_FROM="Créneau\nBcc: x <a@example.org>").startswith("SMTP_FROM=")


@pytest.mark.parametrize("about", declared(), ids=lambda about: about.variable)
def test_junk_ends_in_a_setting_or_in_a_refusal_of_one_line(about):
    refusals = []
    for junk in JUNK:
        try:
            read(**{about.variable: junk})
        except SettingError as refused:
            refusals.append(str(refused))
    assert refusals, "some of it is wrong for every setting"
    assert not [message for message in refusals if "\n" in message or len(message) > 1000]
