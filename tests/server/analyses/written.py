"""Documents, made for a test."""

import zipfile
from io import BytesIO
from zlib import compress

import typst
from docx import Document
from pypdf import PdfReader, PdfWriter


def pdf(*pages: str, catalog: bytes = b"") -> bytes:
    """Return a PDF with a line of text a page; a page without text is blank."""
    streams = [f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode() if text else b"" for text in pages]
    return pdf_of_streams([(stream, b"") for stream in streams], catalog)


def printed(*pages: str) -> bytes:
    """Return a PDF as a typesetter makes it: embedded fonts, ligatures and broken words."""
    source = "\n#pagebreak()\n".join(pages)
    return typst.compile(f"#set par(justify: true)\n#set text(hyphenate: true)\n{source}".encode())


def pdf_bomb(unpacked: int) -> bytes:
    """Return a PDF whose page unpacks to so many bytes."""
    return pdf_of_streams([(compress(b" " * unpacked, 9), b"/Filter /FlateDecode ")])


def pdf_of_streams(streams: list[tuple[bytes, bytes]], catalog: bytes = b"") -> bytes:
    """Return a PDF with a page for each content stream and its filter."""
    kids = b" ".join(b"%d 0 R" % (4 + 2 * n) for n in range(len(streams)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R " + catalog + b">>",
        b"<< /Type /Pages /Kids [" + kids + b"] /Count %d >>" % len(streams),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, (stream, filters) in enumerate(streams):
        objects += [
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R "
            b"/Resources << /Font << /F1 3 0 R >> >> >>" % (5 + 2 * number),
            b"<< " + filters + b"/Length %d >>\nstream\n" % len(stream) + stream + b"\nendstream",
        ]
    data, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    head = b"xref\n0 %d\n0000000000 65535 f \n" % size
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (size, len(data))
    return data + head + table + trailer


def encrypted_pdf(text: str, password: str) -> bytes:
    """Return a PDF that needs ``password``; an empty one only restricts what it is used for."""
    writer = PdfWriter(clone_from=PdfReader(BytesIO(pdf(text))))
    writer.encrypt(password, owner_password="owner", algorithm="AES-256")
    file = BytesIO()
    writer.write(file)
    return file.getvalue()


def docx(*pages: str) -> bytes:
    """Return a DOCX with a paragraph a page."""
    document = Document()
    for number, text in enumerate(pages):
        if number:
            document.add_page_break()
        document.add_paragraph(text)
    file = BytesIO()
    document.save(file)
    return file.getvalue()


def docx_of_tables(title: str, inner: str) -> bytes:
    """Return a DOCX whose table has a title over two columns and a table in its last cell."""
    document = Document()
    table = document.add_table(2, 2)
    table.cell(0, 0).merge(table.cell(0, 1)).text = title
    table.cell(1, 1).add_table(1, 1).cell(0, 0).text = inner
    file = BytesIO()
    document.save(file)
    return file.getvalue()


def zip_bomb(unpacked: int) -> bytes:
    """Return a ZIP file with an entry of so many zeros where a DOCX has its text."""
    file = BytesIO()
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("word/document.xml", "w") as entry,
    ):
        for _ in range(unpacked // 2**20):
            entry.write(bytes(2**20))
    return file.getvalue()
