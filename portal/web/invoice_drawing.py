"""How is an invoice drawn as a PDF that lasts: PDF/A-3b, with its Factur-X inside?

Only `invoice_pdf` imports this module, which loads the system's Pango. WeasyPrint draws the HTML that the page shows;
nothing is fetched but our own fonts.
"""

import logging
import os
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import weasyprint
from flask import current_app
from weasyprint.text.fonts import FontConfiguration

from portal.domain.invoices import Invoice
from portal.web.invoice_words import in_its_language
from portal.web.invoice_xml import can_be_structured, xml_of

FILE_NAME = "factur-x.xml"  # by this name programs look for it
SHEETS = ("invoice-pdf.css", "invoice.css")

# fontTools stamps each font that it cuts down, with the hour unless told one: each download would be another file.
os.environ.setdefault("SOURCE_DATE_EPOCH", "0")

# It would name, with each invoice, the rules of the common sheet that are for browsers.
logging.getLogger("weasyprint").setLevel(logging.ERROR)

_NAMESPACE = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
_PROPERTIES = {
    "DocumentFileName": FILE_NAME,
    "DocumentType": "INVOICE",
    "Version": "1.0",
    "ConformanceLevel": "EN 16931",
}
_VALUES = "".join(f"<fx:{name}>{value}</fx:{name}>" for name, value in _PROPERTIES.items())
_DECLARED = "".join(
    f'<rdf:li rdf:parseType="Resource"><pdfaProperty:name>{name}</pdfaProperty:name>'
    "<pdfaProperty:valueType>Text</pdfaProperty:valueType><pdfaProperty:category>external</pdfaProperty:category>"
    f"<pdfaProperty:description>{name} of the invoice</pdfaProperty:description></rdf:li>"
    for name in _PROPERTIES
)
# What the file says of its Factur-X. PDF/A wants properties of one's own declared, beside their values (ISO 19005-3,
# 6.6.2.3); names and order are those of the Factur-X specification, "XMP extension schema".
_FACTURX = (
    f'<rdf:Description rdf:about="" xmlns:fx="{_NAMESPACE}">{_VALUES}</rdf:Description>'
    '<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"'
    ' xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">'
    '<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">'
    "<pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>"
    f"<pdfaSchema:namespaceURI>{_NAMESPACE}</pdfaSchema:namespaceURI><pdfaSchema:prefix>fx</pdfaSchema:prefix>"
    f"<pdfaSchema:property><rdf:Seq>{_DECLARED}</rdf:Seq></pdfaSchema:property>"
    "</rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>"
).encode()


class OwnFonts(weasyprint.URLFetcher):
    """Fetch nothing but the fonts beside the style sheets, whatever an invoice names."""

    def fetch(self, url: str, headers: Any = None) -> Any:
        """Open a font; raises ValueError for everything else."""
        parts = urlsplit(url)
        path = Path(unquote(parts.path)).resolve()
        if parts.scheme != "file" or path.parent != (_static() / "vendor" / "fonts").resolve():
            raise ValueError("an invoice fetches nothing but its fonts")
        return super().fetch(path.as_uri(), headers)


def draw(invoice: Invoice) -> bytes:
    """Draw an invoice, with Factur-X inside where the norm can say it."""
    template = current_app.jinja_env.get_template("invoices/pdf.html")  # without what pages get: a mail has no reader
    with in_its_language(invoice):
        html = template.render(invoice=invoice, content=invoice.content)
    fetcher, fonts = OwnFonts(), FontConfiguration()
    sheets = [_sheet(name, url_fetcher=fetcher, font_config=fonts) for name in SHEETS]
    document = weasyprint.HTML(string=html, url_fetcher=fetcher).render(font_config=fonts, stylesheets=sheets)
    attachments = []
    if can_be_structured(invoice):
        attachments = [_attached(invoice)]
        _describe_facturx(document.metadata)
    # Without an identifier of its own WeasyPrint takes the time, and each download would be another file.
    identifier = sha256(f"{invoice.id} {invoice.buyer}".encode()).hexdigest()[:32].encode()
    drawn: bytes = document.write_pdf(pdf_variant="pdf/a-3b", pdf_identifier=identifier, attachments=attachments)
    return drawn


def _sheet(name: str, **given: Any) -> weasyprint.CSS:
    return weasyprint.CSS(filename=str(_static() / "css" / name), **given)


def _attached(invoice: Invoice) -> weasyprint.Attachment:
    return weasyprint.Attachment(
        string=xml_of(invoice),
        name=FILE_NAME,
        description="Factur-X",
        created=invoice.issued_at,
        modified=invoice.issued_at,
        relationship="Alternative",
    )


def _describe_facturx(metadata: Any) -> None:
    """Add what is inside to the file's own description: XMP reads one RDF only, and WeasyPrint would add a second."""
    describe = metadata.generate_rdf_metadata

    def described(*given: Any) -> bytes:
        found: bytes = describe(*given)
        return found.replace(b"</rdf:RDF>", _FACTURX + b"</rdf:RDF>")

    metadata.generate_rdf_metadata = described


def _static() -> Path:
    return Path(str(current_app.static_folder))
