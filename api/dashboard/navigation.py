"""What the navigation lists."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Item:
    """An entry: where it leads, what it is called, and its icon (`macros.html`). `admin`: for admin keys that
    are not limited to databases."""

    path: str
    name: str
    icon: str
    admin: bool = False

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
            Item("/topics", "Topics", "topics", admin=True),
        ),
    ),
    (
        "Access",
        (
            Item("/keys", "Keys", "keys", admin=True),
            Item("/credentials", "Credentials", "credentials", admin=True),
        ),
    ),
)
