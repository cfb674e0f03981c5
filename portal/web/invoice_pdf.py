"""How does an invoice become a PDF, and what if this machine cannot draw one?

Drawing needs the system's Pango. Where that is missing there is no PDF: the page says so and is there to be printed.
"""

import logging
from importlib import import_module

from portal.domain.invoices import Invoice

_LOG = logging.getLogger(__name__)


class NoPdf(Exception):
    """This machine cannot draw a PDF."""


def pdf_of(invoice: Invoice) -> bytes:
    """Draw an invoice; the same invoice gives the same bytes. Takes about half a second.

    Raises NoPdf.
    """
    try:  # imported late: Pango is not on every machine, and the libraries take a second
        drawing = import_module("portal.web.invoice_drawing")
    except (ImportError, OSError) as error:
        _LOG.warning("invoices are offered as pages only: Pango is missing (%s)", type(error).__name__)
        raise NoPdf from error
    drawn: bytes = drawing.draw(invoice)
    return drawn
