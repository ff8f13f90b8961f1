"""Patterns as in `.gitignore`: the language of `include_globs` and `exclude_globs`, and of those files.

    syntax      a line → `Glob`: its path components as tokens, and one regular expression that is bounded
    matching    `Ignored`: the patterns of one file, as git reads them; `Choice`: a list that chooses files
    choice      whether lists can choose anything at all, and lists that mean the same

Git's own rules, byte for byte: gitignore(5), and `wildmatch.c` where that is silent; tests compare with git.
(One oddity is left out: git reads `foo**/bar` as `foo` with `**/bar` right behind it.)
"""

from schemas.globs.choice import normalized, require_choice
from schemas.globs.matching import Choice, Ignored
from schemas.globs.syntax import Glob, encoded, parse

__all__ = ["Choice", "Glob", "Ignored", "encoded", "normalized", "parse", "require_choice"]
