"""Group errors by reason: the error without the parts that differ between documents."""

import re

#: The parts that differ: quoted names, paths, hex digests and numbers.
_VARYING = re.compile(
    r"'[^'\n]{1,500}'|\"[^\"\n]{1,500}\"|(?<![\w.~/-])(?:[\w.~-]*+/)+[\w.~-]+|\b[0-9a-f]{12,}\b|\b[0-9a-f-]{36}\b|"
    r"\d+(?:[.,:]\d+)*"
)
#: Maximum characters of a reason.
_MOST = 300
_OMITTED = re.compile(r" \(the letter does not hold the record of [\d,]+ bytes\)$")


def reason_of(error: str | None, document_key: str | None = None) -> str:
    """The reason in an error: `page 7 of 'a.pdf' is damaged` is `page … of … is damaged`."""
    text = _OMITTED.sub("", error or "no reason was given")
    if document_key:
        text = text.replace(document_key, "…")
    text = _VARYING.sub("…", " ".join(text.split())[: 4 * _MOST])
    return re.sub(r"…(?:[ ,]*…)+", "…", text)[:_MOST]
