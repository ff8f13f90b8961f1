"""Files attached to a PDF, parsed like the attachments of a mail."""

from __future__ import annotations

import re
from contextlib import closing

from services.parsing.formats.mail.attachments import Attached, Attachment, attached

#: Attachments are named in the file itself or in a compressed object stream.
_MAY_HOLD = re.compile(rb"/EmbeddedFiles?\b|/ObjStm\b")


def attachments_of(data: bytes) -> Attached:
    """The attached files as blocks, and warnings for those that could not be read."""
    if not _MAY_HOLD.search(data):
        return Attached()
    import pypdfium2  # type: ignore[import-untyped]

    found = []
    try:
        with closing(pypdfium2.PdfDocument(data)) as document:
            for at in range(document.count_attachments()):
                one = document.get_attachment(at)
                content = bytes(one.get_data())
                if content:
                    found.append(Attachment(one.get_name(), content))
    except pypdfium2.PdfiumError:
        pass  # an attachment without data ends the list
    return attached(found)
