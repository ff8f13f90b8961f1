# ruff: noqa: E501 (markup reads best on one line)
"""PDFs with what stands beside their pages: forms, notes, stamps, attached files, passwords."""

from __future__ import annotations

import hashlib
import os

from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tests.services.parsing.relatives.case import Case
from tests.services.parsing.relatives.rebuilt.fonts import WORDS, packed, show, stream
from tests.services.parsing.relatives.rebuilt.prints import LINES, raw
from tests.services.parsing.samples import docx, paragraph

_FONT = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"
_FORM = "/Type/XObject/Subtype/Form/BBox[0 0 200 20]/Resources<</Font<</F " + _FONT + ">>>>"


def _file(name: str, number: int) -> str:
    return f"<</Type/Filespec/F({name})/UF({name})/EF<</F {number} 0 R>>>>"


def _portfolio() -> bytes:
    letter = docx(paragraph("Words of the attached letter."))
    inner = raw(show("Words of the page within."))
    return raw(
        show("For the best experience, open this PDF portfolio in Acrobat X."),
        objects=[
            _file("letter.docx", 6), stream(letter, "/Type/EmbeddedFile"),
            _file("inner.pdf", 8), packed(inner, "/Type/EmbeddedFile"),
            "<</Names[(a) 5 0 R]/Limits[(a)(a)]>>", "<</Names[(b) 7 0 R]/Limits[(b)(b)]>>",
        ],
        catalog="/Collection<</Type/Collection/View/D>>/Names<</EmbeddedFiles<</Kids[9 0 R 10 0 R]>>>>",
    )  # fmt: skip


_TEMPLATE = (
    "<template xmlns='http://www.xfa.org/schema/xfa-template/3.0/'><subform name='form1'><pageSet/><subform><draw><value><text>Application for a mooring</text></value></draw>"
    "<field name='Name'><caption><value><text>Name of the boat</text></value></caption><ui><textEdit/></ui></field>"
    "<draw><value><exData contentType='text/html'><body xmlns='http://www.w3.org/1999/xhtml'><p>Send it to the <b>harbour office</b>.</p></body></exData></value></draw></subform></subform></template>"
)
_DATASETS = "<xfa:datasets xmlns:xfa='http://www.xfa.org/schema/xfa-data/1.0/'><xfa:data><form1><Name>Marigold of Lowmoor</Name></form1></xfa:data></xfa:datasets>"


def _xfa(whole: bool) -> bytes:
    waiting = show(
        "Please wait...",
        "If this message is not eventually replaced, your viewer may not be able to display it.",
    )
    head, foot = "<xdp:xdp xmlns:xdp='http://ns.adobe.com/xdp/'>", "</xdp:xdp>"
    if whole:
        return raw(
            waiting,
            objects=[packed((head + _TEMPLATE + _DATASETS + foot).encode())],
            catalog="/AcroForm<</Fields[]/XFA 5 0 R>>/NeedsRendering true",
        )
    parts = [packed(part.encode()) for part in (head, _TEMPLATE, _DATASETS, foot)]
    return raw(
        waiting,
        objects=parts,
        catalog="/AcroForm<</Fields[]/XFA[(preamble)5 0 R(template)6 0 R(datasets)7 0 R(postamble)8 0 R]>>/NeedsRendering true",
    )


def _noted(note: str, *more: str | bytes) -> bytes:
    return raw(
        show(*LINES), page="/Annots[5 0 R]", objects=[f"<</Type/Annot/Rect[72 500 272 520]{note}>>", *more]
    )


def _form(*fields: str) -> bytes:
    numbers = " ".join(f"{5 + n} 0 R" for n in range(len(fields)))
    kids = " ".join(f"{5 + n} 0 R" for n, field in enumerate(fields) if "/Widget" in field)
    roots = " ".join(f"{5 + n} 0 R" for n, field in enumerate(fields) if "/Parent" not in field)
    assert numbers
    return raw(
        show(*LINES),
        page=f"/Annots[{kids}]",
        objects=list(fields),
        catalog=f"/AcroForm<</Fields[{roots}]/DA(/F 10 Tf)/DR<</Font<</F {_FONT}>>>>>>",
    )


_WIDGET = "/Type/Annot/Subtype/Widget/DA(/F 10 Tf)"
_PAD = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")


def _aes(key: bytes, data: bytes, start: bytes | None = None, pad: bool = True) -> bytes:
    begin = os.urandom(16) if start is None else start
    if pad:
        data += bytes([16 - len(data) % 16]) * (16 - len(data) % 16)
    cipher = Cipher(algorithms.AES(key), modes.CBC(begin)).encryptor()
    return (begin if start is None else b"") + cipher.update(data) + cipher.finalize()


def _hash(password: bytes, salt: bytes) -> bytes:
    key, n = hashlib.sha256(password + salt).digest(), 0
    while True:
        mixed = _aes(key[:16], (password + key) * 64, key[16:32], False)
        key = (hashlib.sha256, hashlib.sha384, hashlib.sha512)[sum(mixed[:16]) % 3](mixed).digest()
        n += 1
        if n >= 64 and mixed[-1] <= n - 32:
            return key[:32]


def _locked_256() -> bytes:
    """AES of 256 bits with an empty password, and an attached file."""
    key, salt, owner = os.urandom(32), b"s" * 8 + b"k" * 8, b"o" * 8 + b"q" * 8
    user = _hash(b"", salt[:8]) + salt
    opens = _aes(_hash(b"", salt[8:]), key, bytes(16), False)
    rights = (-44).to_bytes(4, "little", signed=True) + b"\xff\xff\xff\xffTadbxxxx"
    block = Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(rights)
    content = _aes(key, show(*LINES).encode())
    attached = _aes(key, b"Words of the attached note.")
    encrypt = f"<</Filter/Standard/V 5/R 6/Length 256/P -44/EncryptMetadata true/CF<</StdCF<</CFM/AESV3/AuthEvent/DocOpen/Length 32>>>>/StmF/StdCF/StrF/StdCF/U<{user.hex()}>/UE<{opens.hex()}>/O<{(_hash(b'owner', owner[:8]) + owner).hex()}>/OE<{bytes(32).hex()}>/Perms<{block.hex()}>>>"
    name = _aes(key, b"note.txt").hex()
    return raw(
        content,
        objects=[
            encrypt,
            f"<</Type/Filespec/F<{name}>/UF<{name}>/EF<</F 7 0 R>>>>",
            stream(attached, "/Type/EmbeddedFile"),
        ],
        catalog=f"/Names<</EmbeddedFiles<</Names[<{name}> 6 0 R]>>>>",
    ).replace(b"/Root 1 0 R", b"/Root 1 0 R/Encrypt 5 0 R/ID[<00><00>]")


def _locked_128() -> bytes:
    """AES of 128 bits with an empty password."""
    rights = (-44).to_bytes(4, "little", signed=True)
    owner, ident = bytes(range(32)), b"\0" * 16
    key = hashlib.md5(_PAD + owner + rights + ident).digest()
    for _ in range(50):
        key = hashlib.md5(key).digest()
    own = hashlib.md5(key + (4).to_bytes(3, "little") + b"\0\0sAlT").digest()
    first = hashlib.md5(_PAD + ident).digest()
    for n in range(20):
        cipher = Cipher(ARC4(bytes(b ^ n for b in key)), None).encryptor()
        first = cipher.update(first)
    encrypt = f"<</Filter/Standard/V 4/R 4/Length 128/P -44/CF<</StdCF<</CFM/AESV2/AuthEvent/DocOpen/Length 16>>>>/StmF/StdCF/StrF/StdCF/O<{owner.hex()}>/U<{first.hex()}{'00' * 16}>>>"
    return raw(_aes(own, show(*LINES).encode()), objects=[encrypt]).replace(
        b"/Root 1 0 R", f"/Root 1 0 R/Encrypt 5 0 R/ID[<{ident.hex()}><{ident.hex()}>]".encode()
    )


_END = "rebuilt twice after great floods"

CASES = [
    Case("sumatrapdf 1557: a portfolio", "a.pdf", _portfolio(), has=["Words of the attached letter.", "Words of the page within."]),
    Case("pypdf 1224: a form in XML, in parts", "a.pdf", _xfa(False), has=["Application for a mooring", "Name of the boat", "Marigold of Lowmoor", "harbour office"]),
    Case("pdf.js 13143: a form in XML, in one", "a.pdf", _xfa(True), has=["Application for a mooring", "Name of the boat", "Marigold of Lowmoor", "harbour office"]),
    Case("pdf.js: a stamp that is only drawn", "a.pdf", _noted("/Subtype/Stamp/AP<</N 6 0 R>>", stream(show("APPROVED 2024-05-01", x=2, y=5).encode(), _FORM)), has=[_END, "APPROVED 2024-05-01"]),
    Case("pdf_oxide 92: typed text in rich form alone", "a.pdf", _noted("/Subtype/FreeText/DA(/F 10 Tf)/RC(<?xml version=\"1.0\"?><body xmlns=\"http://www.w3.org/1999/xhtml\"><p>Typed by the clerk</p></body>)/AP<</N 6 0 R>>", stream(show("Typed by the clerk", x=2, y=5).encode(), _FORM)), has=[_END, "Typed by the clerk"]),
    Case("pypdf: a file that only a note holds", "a.pdf", _noted("/Subtype/FileAttachment/Contents(see it)/FS 6 0 R", _file("note.txt", 7), stream(b"Words of the attached note.", "/Type/EmbeddedFile")), has=[_END, "Words of the attached note."]),
    Case("pdf-lib: a value of a field whose boxes are its kids", "a.pdf", _form("<</FT/Tx/T(boat)/V(Marigold of Lowmoor)/Kids[6 0 R]>>", f"<<{_WIDGET}/Parent 5 0 R/Rect[72 500 272 520]>>"), has=["Marigold of Lowmoor"]),
    Case("pdf-lib: what a list shows, not what it stands for", "a.pdf", _form(f"<<{_WIDGET}/FT/Ch/Ff 131072/T(port)/V(w)/Opt[[(e)(Eastquay)][(w)(Westquay)]]/Rect[72 500 272 520]>>"), has=["Westquay"], lacks=["Eastquay"]),
    Case("pdf.js: a field that is hidden", "a.pdf", _form(f"<<{_WIDGET}/FT/Tx/T(a)/V(ghostly)/F 2/Rect[72 500 272 520]>>", f"<<{_WIDGET}/FT/Tx/T(c)/V(Marigold)/Rect[72 420 272 440]>>"), has=["Marigold"], lacks=["ghostly"], told="fields on page 1"),
    Case("pdf.js: a field with a password", "a.pdf", _form(f"<<{_WIDGET}/FT/Tx/Ff 8192/T(b)/V(opensesame)/Rect[72 460 272 480]>>", f"<<{_WIDGET}/FT/Tx/T(c)/V(Marigold)/Rect[72 420 272 440]>>"), has=["Marigold"], lacks=["opensesame"]),
    Case("pdf.js: a button with a caption", "a.pdf", _form(f"<<{_WIDGET}/FT/Btn/Ff 65536/T(s)/MK<</CA(Send it)>>/Rect[72 500 272 520]>>"), has=[_END]),
    Case("qpdf: AES of 256 bits with an empty password", "a.pdf", _locked_256(), has=[_END, "Words of the attached note."]),
    Case("qpdf: AES of 128 bits with an empty password", "a.pdf", _locked_128(), has=[_END]),
    Case("zugferd: a bill in XML beside the page", "a.pdf", raw(show(WORDS), objects=[_file("factur-x.xml", 6), packed(b"<?xml version='1.0'?><Invoice><ID>4471</ID><Name>Miller and Sons</Name></Invoice>", "/Type/EmbeddedFile/Subtype/text#2Fxml")], catalog="/AF[5 0 R]/Names<</EmbeddedFiles<</Names[(factur-x.xml) 5 0 R]>>>>"), has=[WORDS, "Miller and Sons"]),
]  # fmt: skip
