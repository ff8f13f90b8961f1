"""Which runs of a Word document a reader does not see."""

from __future__ import annotations

from lxml import etree  # type: ignore[import-untyped]

from services.parsing.formats.docx.styles import Styles, W, switched_on, value
from services.parsing.reading import with_hidden

_WHITE = ("FFFFFF", "FEFEFE")
#: Half-points; text of one point cannot be read.
_SMALLEST = 2


def is_unseen(run: etree._Element, properties: etree._Element | None, styles: Styles) -> bool:
    """Whether a run is left out: hidden, too small, or in the colour of the page. A warning tells if it has
    text."""
    hidden = _is_hidden(properties, styles)
    small = not hidden and _is_small(run, properties, styles)
    if not hidden and not small and not _is_white(run, properties, styles):
        return False
    if run.find(W + "t") is None:
        return hidden
    told = "text" if hidden else "text too small to read" if small else "white text on the white page"
    return not with_hidden(told)


def is_placeholder(control: etree._Element) -> bool:
    """Whether a content control shows only what is to be filled in (`Click here to enter text`)."""
    return control.find(f"{W}sdtPr/{W}showingPlcHdr") is not None


def _is_hidden(properties: etree._Element | None, styles: Styles) -> bool:
    """A run can switch off what its style says."""
    if properties is not None and properties.find(W + "vanish") is not None:
        return switched_on(properties, "vanish")
    return styles.is_hidden(value(properties, W + "rStyle"))


def _own_or_styled(
    run: etree._Element, properties: etree._Element | None, styles: Styles, name: str, attribute: str
) -> str:
    """A property of a run: its own, or that of its style, or of the paragraph's style."""
    if own := value(properties, W + name):
        return own
    chain = styles.chain(value(properties, W + "rStyle"))
    paragraph = next(run.iterancestors(W + "p"), None)
    if paragraph is not None:
        chain += styles.chain(value(paragraph, f"{W}pPr/{W}pStyle"))
    return next((found for style in chain if (found := getattr(style, attribute))), "")


def _is_small(run: etree._Element, properties: etree._Element | None, styles: Styles) -> bool:
    size = _own_or_styled(run, properties, styles, "sz", "size")
    return size.isdigit() and int(size) <= _SMALLEST


def _is_white(run: etree._Element, properties: etree._Element | None, styles: Styles) -> bool:
    """White, with nothing behind it that may be dark: no shading, table style, text box or page colour."""
    if _own_or_styled(run, properties, styles, "color", "colour").upper() not in _WHITE:
        return False
    if any(properties is not None and properties.find(W + name) is not None for name in ("shd", "highlight")):
        return False
    if any(style.shaded for style in styles.chain(value(properties, W + "rStyle"))):
        return False
    for around in run.iterancestors():
        if around.tag == W + "txbxContent" or (
            around.tag == W + "document" and around.find(W + "background") is not None
        ):
            return False
        own = around.find(f"{W}{around.tag.rpartition('}')[2]}Pr")
        if own is not None and any(own.find(W + name) is not None for name in ("shd", "tblStyle")):
            return False
        if any(style.shaded for style in styles.chain(value(own, W + "pStyle"))):
            return False
    return True
