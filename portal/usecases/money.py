"""With what is money moved, and how is the provider asked?"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from portal.domain.errors import PaymentOff, PaymentUnavailable
from portal.domain.invoices import Issuer
from portal.domain.rules import Rules
from portal.gateways.payments import PaymentGateway, PaymentsAway, PaymentsBroken
from portal.store.db import db

T = TypeVar("T")
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Money:
    """The payment provider, None where payment is off, the rules of the house, and who issues its invoices.

    Raises ValueError where money is taken and nobody invoices it.
    """

    gateway: PaymentGateway | None
    rules: Rules
    issuer: Issuer | None = None

    def __post_init__(self) -> None:
        if self.gateway is not None and self.issuer is None:
            raise ValueError("who takes money invoices it")

    def invoicing(self) -> Issuer:
        """Return who issues the invoice of money that moved."""
        assert self.issuer is not None, "money moves only where somebody invoices it"
        return self.issuer

    def ask(self, question: Callable[[PaymentGateway], T]) -> T:
        """Ask the provider, with nothing of the database kept waiting meanwhile.

        Raises PaymentOff where there is none, PaymentUnavailable where it does not answer or we ask wrongly, and
        PaymentRefused where it says no.
        """
        if self.gateway is None:
            raise PaymentOff
        db.session.rollback()
        try:
            return question(self.gateway)
        except PaymentsAway as away:
            _LOG.warning("the payment provider is away: %s", away)
            raise PaymentUnavailable from away
        except PaymentsBroken as broken:
            _LOG.error("the payment provider refuses how it was asked: %s", broken)
            raise PaymentUnavailable from broken


def is_kept(away: PaymentUnavailable) -> bool:
    """Tell whether the provider answered with a failure that it repeats for a day under the same key."""
    return isinstance(away.__cause__, PaymentsAway) and away.__cause__.is_kept
