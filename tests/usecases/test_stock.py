"""How far may a stock shrink?"""

from collections.abc import Callable
from datetime import timedelta

import pytest

from portal.domain.booking import Booking
from portal.domain.errors import InUse
from portal.domain.service import Service
from portal.usecases.resources import create_resource, update_resource
from tests.build import NOW, paris
from tests.invariants import check_invariants
from tests.people import People

Offer = Callable[..., Service]
Book = Callable[..., Booking]
START, END = paris("2026-12-18 09:00"), paris("2026-12-18 09:30")


def test_a_stock_shrinks_no_further_than_to_what_is_in_use_ahead(offer: Offer, book: Book, people: People) -> None:
    beamer = {"id": "beamer", "name": "Beamer", "type": "equipment"}
    create_resource(beamer | {"quantity": 3}, people.ada)
    service = offer(requiredResources=[beamer])
    for _ in range(2):
        book(service, START)
    with pytest.raises(InUse):
        update_resource("beamer", {"quantity": 1}, people.sam, END - timedelta(seconds=1))
    assert update_resource("beamer", {"quantity": 2}, people.sam, NOW).quantity == 2
    assert update_resource("beamer", {"quantity": 1}, people.sam, END).quantity == 1
    check_invariants(END)
