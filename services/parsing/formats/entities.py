"""Entities that a page or a feed declares in its document type."""

from __future__ import annotations

import re

#: The internal part of a document type, and the bytes in which it is looked for.
_SUBSET, _HEAD = re.compile(r"<!DOCTYPE[^>\[]{0,500}(\[[^\]]*\])\s*>", re.I), 65_536
_ENTITY = re.compile(r"<!ENTITY\s+([\w.-]{1,40})\s+[\"']([^\"'<%]{0,200})[\"']\s*>")
_OF_XML = ("amp", "lt", "gt", "quot", "apos")
#: Entities that are resolved, and how much longer they may make a page.
_MOST, _MOST_GROWTH = 100, 2


def declared_entities(text: str) -> str:
    """The text without the internal part of its document type; entities that it declares are resolved.

    None refers to another one, and together they do not make the text more than twice as long; otherwise it
    stays as it is.
    """
    found = _SUBSET.search(text[:_HEAD])
    if found is None:
        return text
    text = text[: found.start(1)] + text[found.end(1) :]
    for name, value in _ENTITY.findall(found[1])[:_MOST]:
        if name not in _OF_XML and "&" not in value.replace("&#", ""):
            text = text.replace(f"&{name};", value)
            if len(text) > _MOST_GROWTH * len(found.string):
                return found.string
    return text
