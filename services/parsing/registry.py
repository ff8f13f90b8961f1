"""The table of formats. A new format is a module that declares its `FORMAT`, and one line here.

If two formats claim the same content, the first one wins.
"""

from __future__ import annotations

from services.parsing import pdf
from services.parsing.format import Format
from services.parsing.formats import (
    archives,
    delimited,
    doc,
    docx,
    epub,
    fb2,
    feed,
    flat,
    html,
    image,
    notebook,
    odf,
    packages,
    ppt,
    pptx,
    rtf,
    xls,
    xlsx,
)
from services.parsing.formats.mail import apple, calendar, eml, mbox, mhtml, msg, tnef

FORMATS: tuple[Format, ...] = (
    *archives.FORMATS,
    pdf.FORMAT,
    rtf.FORMAT,
    docx.FORMAT,
    *xls.FORMATS,  # before xlsx: binary workbooks have its folders
    xlsx.FORMAT,
    pptx.FORMAT,
    *packages.FORMATS,
    *odf.FORMATS,
    epub.FORMAT,
    doc.FORMAT,
    ppt.FORMAT,
    msg.FORMAT,
    tnef.FORMAT,
    *image.FORMATS,
    mhtml.FORMAT,  # before mail: web archives and mailboxes look like messages
    mbox.FORMAT,
    eml.FORMAT,
    *apple.FORMATS,
    *calendar.FORMATS,
    fb2.FORMAT,
    feed.FORMAT,
    *flat.FORMATS,
    html.FORMAT,
    notebook.FORMAT,
    *delimited.FORMATS,
)

BY_MEDIA_TYPE: dict[str, Format] = {one.media_type: one for one in FORMATS}
