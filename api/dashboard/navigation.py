"""What the navigation lists."""

from collections.abc import Sequence
from dataclasses import dataclass

from api.access import Caller


@dataclass(frozen=True)
class Item:
    """An entry: where it leads, what it is called, and its icon (`macros.html`). `admin`: for admin keys;
    `unlimited`: for those of them that are not limited to databases."""

    path: str
    name: str
    icon: str
    admin: bool = False
    unlimited: bool = False

    def is_for(self, caller: Caller) -> bool:
        """Whether a caller may see the page."""
        if self.unlimited and caller.databases is not None:
            return False
        return caller.admin or not (self.admin or self.unlimited)

    def leads_to(self, path: str) -> bool:
        """Whether a path is this page, or below it."""
        return path == self.path or (self.path != "/" and path.startswith(self.path + "/"))


NAVIGATION: Sequence[tuple[str, Sequence[Item]]] = (
    ("", (Item("/", "Overview", "overview"), Item("/search", "Search", "search"))),
    (
        "Content",
        (
            Item("/sources", "Sources", "sources"),
            Item("/documents", "Documents", "documents"),
            Item("/upload", "Upload", "upload"),
            Item("/collections", "Collections", "collections"),
        ),
    ),
    (
        "Activity",
        (
            Item("/invocations", "Invocations", "runs"),
            Item("/dead-letters", "Dead letters", "letters"),
            Item("/webhook-endpoints", "Webhooks", "webhooks", admin=True),
            Item("/topics", "Topics", "topics", unlimited=True),
        ),
    ),
    (
        "Access",
        (
            Item("/keys", "Keys", "keys", unlimited=True),
            Item("/credentials", "Credentials", "credentials", unlimited=True),
        ),
    ),
)


def navigation_of(caller: Caller | None) -> Sequence[tuple[str, Sequence[Item]]]:
    """The groups that have an entry for a caller, with those entries."""
    if caller is None:
        return ()
    groups = [(name, [item for item in items if item.is_for(caller)]) for name, items in NAVIGATION]
    return [(name, items) for name, items in groups if items]
