"""How names are sorted as people look for them."""

from portal.domain.text import alphabetical, by_name
from tests.build import a_service


def test_accents_and_capitals_do_not_count() -> None:
    names = ["Dr Nadia", "dr émile", "Œuvre", "Dr Étienne", "Zoé", "Ode", "Łukasz", "Éric", "eric"]
    assert sorted(names, key=lambda one: (alphabetical(one), one)) == [
        "dr émile",
        "Dr Étienne",
        "Dr Nadia",
        "eric",
        "Éric",
        "Łukasz",
        "Ode",
        "Œuvre",
        "Zoé",
    ]


def test_letters_that_are_put_together_sort_as_those_that_are_one() -> None:
    assert alphabetical("E\u0301lodie") == alphabetical("\u00c9lodie") == "elodie"


def test_equal_names_always_come_in_the_same_order() -> None:
    one, other = (a_service(id=number, name="Yoga") for number in "12")
    assert sorted([other, one], key=by_name) == [one, other]
