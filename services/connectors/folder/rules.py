"""The ignore rules of a folder during a walk: git's patterns, and tracked files."""

from dataclasses import dataclass

from services.connectors.folder.checkout import Checkout, Rule


@dataclass(frozen=True, slots=True)
class Rules:
    """The ignore rules of a folder.

    Attributes:
        own: rules of the `.gitignore` files below the root, lowest precedence first.
        cut: bytes of a key before the path relative to the checkout's folder.
        only_tracked: the folder is ignored, so only its tracked files count.
    """

    checkout: Checkout
    own: tuple[Rule, ...] = ()
    cut: int = 0
    only_tracked: bool = False

    def ignores(self, key: bytes, is_folder: bool) -> bool:
        """Whether an entry is ignored, tracked or not."""
        if self.only_tracked:
            return True
        for rule in (*reversed(self.own), *reversed(self.checkout.rules)):
            if (said := rule.says(key, is_folder)) is not None:
                return said
        return False

    def tracks(self, key: bytes, is_folder: bool) -> bool:
        """Whether an entry is tracked: a file, a folder with tracked files, or a submodule."""
        path, checkout = key[self.cut :], self.checkout
        return path in checkout.tracked or (is_folder and path in checkout.tracked_folders)
