"""How does a customer read an invoice, and take it home?"""

from typing import Any

from flask import Blueprint, Response, make_response, render_template, request
from markupsafe import Markup

from portal.domain.invoices import Invoice
from portal.usecases.invoices import get_invoice
from portal.web.fragments import render
from portal.web.invoice_pdf import NoPdf, pdf_of
from portal.web.invoice_words import in_its_language
from portal.web.session import account, must_sign_in

pages = Blueprint("invoices", __name__)
pages.before_request(must_sign_in)


@pages.get("/invoices/<invoice_id>")
def show(invoice_id: str) -> Response:
    """Show an invoice, to be read or printed."""
    return _page(get_invoice(invoice_id, account()))


@pages.get("/invoices/<invoice_id>.pdf")
def download(invoice_id: str) -> Response:
    """Send an invoice as PDF; where none can be drawn, the page, which says so."""
    invoice = get_invoice(invoice_id, account())
    try:
        response = make_response(pdf_of(invoice))
    except NoPdf:
        return _page(invoice, has_no_pdf=True)
    response.mimetype = "application/pdf"
    response.headers.set("Content-Disposition", "inline", filename=f"{invoice.content.number}.pdf")
    response.headers["Cache-Control"] = "private, no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response


def _page(invoice: Invoice, has_no_pdf: bool = False) -> Response:
    missing = invoice.content.seller.missing if account().is_staff else ()
    with in_its_language(invoice):
        sheet = Markup(render_template("invoices/document.html", **_context(invoice)))  # noqa: S704 # nosec B704
    notes: dict[str, Any] = {"missing": [f"BUSINESS_{name.upper()}" for name in missing], "has_no_pdf": has_no_pdf}
    return render("invoices/show.html", **_context(invoice), **notes, sheet=sheet)


def _context(invoice: Invoice) -> dict[str, Any]:
    return {"invoice": invoice, "content": invoice.content}
