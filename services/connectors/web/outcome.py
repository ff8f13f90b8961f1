"""The results of a crawl, and which of them become documents."""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from schemas.events import MetadataValue
from services.connectors.lister import Entry, Item, LeftOut, Skipped, Unreadable
from services.connectors.web.memo import MAIN, WHOLE, Page, packed
from services.connectors.web.pages.furniture import learnt

SAME_TEXT = "the same text as another page"
NOT_FOUND = "not found"
BLOCKED = "shows the same new text as other pages, so the site may block the crawler"
#: Share of equal blocks from which two pages count as copies.
ALIKE = 0.9
#: Number of known pages that get the same new text from which it counts as a block page.
_BLOCKED_FROM = 3


@dataclass(slots=True)
class Found:
    """The results of a crawl by page.

    Attributes:
        pages: pages with content, by key.
        unreadable, skipped: key → reason.
        left_out: reason → number of pages.
        answers: key → URL of the response in the spool; `sizes` are those of the bodies in bytes.
        fetched, not_modified: numbers of responses with content, and of 304.
    """

    pages: dict[str, Page] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)
    answers: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    fetched: int = 0
    not_modified: int = 0


@dataclass(frozen=True, slots=True)
class Documents:
    """The documents of a crawl.

    Attributes:
        furniture: the blocks that `read` removes from pages.
        html: keys of documents that are pages, not files.
    """

    entries: list[Entry]
    furniture: frozenset[int]
    html: frozenset[str]


def documents(
    found: Found,
    remembered: Callable[[str], Page | None],
    known: frozenset[str],
    limit: int,
    mode: str = MAIN,
) -> Documents:
    """The entries of a finished crawl of this mode. Blocking."""
    _refuse_blocks(found, remembered, known)
    _drop_copies(found, known)
    order = sorted(found.pages.values(), key=lambda page: (page.depth is None, page.depth or 0, page.key))
    if len(order) > limit:  # the limit was lowered: known pages come first
        order.sort(key=lambda page: page.key not in known)
        found.left_out[f"beyond the limit of {limit:,} pages"] += len(order) - limit
        order = order[:limit]
    furniture = frozenset[int]() if mode == WHOLE else _furniture(found, order, remembered, known)
    entries: list[Entry] = []
    for number, page in enumerate(order):
        carried = furniture if number == 0 else frozenset[int]()
        entries.append(_item(page, furniture, remembered(page.key), carried, mode))
    entries += [Unreadable(key, why, alone=True) for key, why in sorted(found.unreadable.items())]
    entries += [Skipped(key, why) for key, why in sorted(found.skipped.items())]
    entries += [LeftOut(why, count) for why, count in sorted(found.left_out.items())]
    return Documents(entries, furniture, frozenset(page.key for page in order if page.numbers is not None))


def alike(one: Page, other: Page) -> bool:
    """Whether two pages have the same text except for a line or so."""
    if one.digest == other.digest:
        return True
    first, second = set(one.numbers or ()), set(other.numbers or ())
    together = len(first | second)
    return bool(together) and len(first & second) / together >= ALIKE


def _refuse_blocks(found: Found, remembered: Callable[[str], Page | None], known: frozenset[str]) -> None:
    """Keep the old texts of pages that had different texts and now all have the same new one."""
    groups: dict[str, list[str]] = defaultdict(list)
    for page in found.pages.values():
        groups[page.digest].append(page.key)
    for digest, keys in groups.items():
        if len(keys) < _BLOCKED_FROM:
            continue
        memos = [remembered(key) for key in keys if key in known]
        before = {memo.digest for memo in memos if memo is not None}
        if digest not in before and len(before) >= _BLOCKED_FROM:
            for key in keys:
                del found.pages[key]
                found.unreadable[key] = BLOCKED


def _drop_copies(found: Found, known: frozenset[str]) -> None:
    """Keep one page per text: the one that the others name as canonical, else a known one, else the nearest
    to the start."""
    pages, copies = found.pages, set()
    for page in list(pages.values()):
        target = pages.get(page.canonical or "")
        if target is not None and target is not page and target.key not in copies and alike(page, target):
            copies.add(page.key)
    chosen: dict[str, str] = {}
    for page in sorted(pages.values(), key=lambda p: (p.key not in known, p.depth or 0, len(p.key), p.key)):
        if page.key not in copies and chosen.setdefault(page.digest, page.key) != page.key:
            copies.add(page.key)
    for key in copies:
        del pages[key]
    if copies:
        found.left_out[SAME_TEXT] += len(copies)


def _furniture(
    found: Found, order: list[Page], remembered: Callable[[str], Page | None], known: frozenset[str]
) -> frozenset[int]:
    before: frozenset[int] = frozenset()
    texts = [page.numbers for page in order if page.numbers is not None]
    for key in known:
        memo = remembered(key)
        if memo is None:
            continue
        before |= memo.furniture
        if key in found.unreadable and memo.numbers is not None:  # it still belongs to the site
            texts.append(memo.numbers)
    return learnt(texts, before)


def _item(
    page: Page, furniture: frozenset[int], before: Page | None, carried: frozenset[int], mode: str
) -> Item:
    version = page.version_without(furniture)
    if before is not None and before.version == version:  # a new date alone is not a change
        page = replace(page, last_modified=before.last_modified)
    page = replace(page, version=version, furniture=carried)
    facts: dict[str, MetadataValue] = {"url": page.key}
    given = {"title": page.title, "page_language": page.language, "last_modified": page.last_modified}
    facts |= {name: value for name, value in given.items() if value is not None}
    return Item(page.key, version, facts=facts, memo=packed(page, mode))
