"""The main content of a web page."""

from __future__ import annotations

from lxml.html import HtmlElement  # type: ignore[import-untyped]


def main_part(root: HtmlElement) -> str:
    from services.parsing.html.page import render

    return render(root)
