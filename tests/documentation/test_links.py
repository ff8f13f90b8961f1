"""Links between pages lead to files and headings that exist, as GitHub and the site name them."""

import re
from pathlib import Path

import pytest

from tests.documentation.pages import PAGES, ROOT, prose

ALL = (*PAGES, ROOT / "CHANGELOG.md")


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", prose(page.read_text()), re.MULTILINE)
    slugs: set[str] = set()
    for heading in headings:
        text = re.sub(r"\[([^]]*)\]\([^)]*\)|[`*]", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", text.lower()).strip().replace(" ", "-")
        slugs.add(slug)  # a second one of the name would be `name-1` on GitHub and `name_1` on the site
    return slugs


def links(page: Path) -> list[tuple[str, str]]:
    """The file and the anchor that each link inside the repository names."""
    text = re.sub(r"`[^`\n]*`", "", prose(page.read_text()))
    targets = re.findall(r"\]\(([^)\s]+)\)", text)
    inside = [one for one in targets if not re.match(r"[a-z]+:", one)]
    return [(one.partition("#")[0], one.partition("#")[2]) for one in inside]


@pytest.mark.parametrize("page", ALL, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for name, anchor in links(page):
        target = page.parent / name if name else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(f"{name}#{anchor}")

    assert broken == []


def test_there_are_many_links_and_anchors() -> None:
    found = [link for page in ALL for link in links(page)]

    assert len(found) > 150
    assert len([anchor for _, anchor in found if anchor]) > 30


def test_every_page_is_linked_from_the_readme_or_the_start_page() -> None:
    named = {
        name.removeprefix("docs/")
        for page in (ROOT / "README.md", ROOT / "docs" / "index.md")
        for name, _ in links(page)
    }

    assert {page.name for page in PAGES[1:]} - named - {"index.md"} == {
        "benchmarks.md",
        "decisions.md",
        "parsing_pdf.md",
    }
