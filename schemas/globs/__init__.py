"""Patterns as in `.gitignore`: the language of `include_globs`, `exclude_globs` and `.gitignore` files.

    syntax      parses a line into a `Glob` and compiles it to a regular expression with bounded backtracking
    matching    `Ignored`: the patterns of one `.gitignore`; `Choice`: a list that selects files
    choice      refuses lists that match nothing, and normalises equivalent lists

The rules are git's, byte for byte: gitignore(5), else `wildmatch.c`. Tests compare with git.
(With one exception: git reads `foo**/bar` as `foo` followed directly by `**/bar`.)
"""

from schemas.globs.choice import normalized, require_choice
from schemas.globs.matching import Choice, Ignored
from schemas.globs.syntax import Glob, encoded, parse

__all__ = ["Choice", "Glob", "Ignored", "encoded", "normalized", "parse", "require_choice"]
