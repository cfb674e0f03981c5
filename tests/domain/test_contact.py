"""Which telephone numbers and e-mail addresses are taken, and how are they kept?"""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.contact import ContactError, checked_email, example_phone, normal_phone, phone_spellings
from portal.domain.text import normal_email


@pytest.mark.parametrize(
    ("text", "region", "kept"),
    [
        ("0123456789", "FR", "+33123456789"),
        ("01 23 45 67 89", "FR", "+33123456789"),
        ("01.23.45.67.89", "FR", "+33123456789"),
        ("+33 (0)1 23 45 67 89", "FR", "+33123456789"),
        ("0033 1 23 45 67 89", "FR", "+33123456789"),
        ("  06\u00a012\u00a034\u00a056\u00a078 ", "FR", "+33612345678"),
        ("\u202a+33 6 12 34 56 78\u202c", "FR", "+33612345678"),
        ("+44 20 7946 0958", "FR", "+442079460958"),
        ("020 7946 0958", "GB", "+442079460958"),
        ("+39 06 1234 5678", "FR", "+390612345678"),
        ("+33123456789", "GB", "+33123456789"),
    ],
)
def test_a_number_is_kept_in_e164(text: str, region: str, kept: str) -> None:
    assert normal_phone(text, region) == kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        "17",
        "3639",
        "012345678",
        "01234567890",
        "+33",
        "+",
        "call 0123456789",
        "1-800-FLOWERS",
        "0123456789 ext 12",
        "+33123456789;ext=4",
        "0123456789#12",
        "0123456789,,4",
        "01 23 45 67 89 / 06 11 22 33 44",
        "\x00",
        "\ud800",
        "9" * 1000,
    ],
)
def test_what_cannot_be_called_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ContactError, match="01 23 45 67 89") as caught:
        normal_phone(text, "FR")
    assert caught.value.code == "phone"


def test_the_example_is_one_of_the_region_and_can_be_called() -> None:
    assert example_phone("GB") == "0121 234 5678"
    assert normal_phone(example_phone("GB"), "GB") == "+441212345678"
    assert example_phone("nowhere").startswith("+33")


@given(st.text() | st.text(alphabet="+0123456789 ().-/#;,x", max_size=25))
def test_no_text_raises_anything_but_a_contact_error_and_what_is_kept_is_kept_again(text: str) -> None:
    try:
        kept = normal_phone(text, "FR")
    except ContactError:
        return
    assert kept.startswith("+")
    assert normal_phone(kept, "US") == kept


def test_the_example_of_every_region_is_taken_there() -> None:
    for region in phonenumbers.SUPPORTED_REGIONS:
        assert normal_phone(example_phone(region), region).startswith("+")


def test_a_number_of_the_region_is_also_spelt_as_people_dial_it() -> None:
    assert phone_spellings("+33612345678", "FR") == ("+33612345678", "06 12 34 56 78", "0612345678")
    assert phone_spellings("+33612345678", "GB") == ("+33612345678",)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("patient@example.com", "patient@example.com"),
        ("  Anna.Martin@Example.COM \n", "Anna.Martin@Example.COM"),
        ("o'neil+salon@mail.example.org", "o'neil+salon@mail.example.org"),
        ("zoë@exämple.com", "zoë@exämple.com"),
        ("a@b.test", "a@b.test"),
        ("x@no-such-domain-anywhere.fr", "x@no-such-domain-anywhere.fr"),
    ],
)
def test_an_address_keeps_the_spelling_typed(text: str, kept: str) -> None:
    assert checked_email(text) == kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        "anna",
        "anna@",
        "@example.com",
        "anna@localhost",
        "anna@@example.com",
        "anna@example..com",
        "anna smith@example.com",
        "Anna <anna@example.com>",
        "anna@example.com, bob@example.com",
        "anna@[127.0.0.1]",
        "anna@example.com\r\nBcc: all@example.com",
        "an\x00na@example.com",
        "\ud800@example.com",
        "ａnna@example.com",
        "anna＠example.com",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ContactError, match=r"name@example\.com") as caught:
        checked_email(text)
    assert caught.value.code == "email"


def test_an_address_too_long_for_its_column_is_refused_with_the_limit() -> None:
    with pytest.raises(ContactError, match="255"):
        checked_email("a" * 64 + "@" + "b" * 60 + "." + "c" * 200 + ".com")


@given(st.text() | st.emails())
def test_no_text_raises_anything_else_and_an_address_taken_is_taken_again(text: str) -> None:
    try:
        kept = checked_email(text)
    except ContactError:
        return
    assert checked_email(kept) == kept
    assert "@" in normal_email(kept)


def test_an_error_is_told_at_a_field() -> None:
    with pytest.raises(ContactError) as caught:
        normal_phone("17", "FR")
    error = caught.value.at("contactPhone")
    assert (error.field, error.code) == ("contactPhone", "phone")
    assert "01 23 45 67 89" in error.message % error.params
