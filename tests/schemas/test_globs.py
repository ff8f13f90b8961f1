"""Patterns as in `.gitignore`, against git itself."""

import os
import random
import subprocess
import time
from pathlib import Path

import pytest

from schemas.globs import Choice, Ignored, normalized, parse, require_choice

#: What random patterns are made of, and the names that they meet.
PIECES = ["a", "b", "/", "*", "**", "?", "[", "[ab]", "[!a]", "\\", "!", ".", "-", "]", " ", "#", "é", "\\/"]
PIECES += ["[[:alpha:]]", "[[:nope:]]", "/**/", "**/", "/**", "[b-a]", "[a-", "[\\]]", "[a-b]", "\r"]
NAMES = ["a", "b", "ab", "ba", ".a", "a.b", "aab", "é", "-", "a b", "]", "!a", "#a", "[", "\\", "abc"]


def ignored(*lines: str) -> Ignored:
    return Ignored([glob for line in lines if (glob := parse(line.encode()))])


def lenient(lines: list[str]) -> Ignored:
    """As git reads a file: what can match nothing is passed over."""
    globs = []
    for line in lines:
        try:
            if glob := parse(line.encode()):
                globs.append(glob)
        except ValueError:
            pass
    return Ignored(globs)


def tree(root: Path, rnd: random.Random) -> list[str]:
    """A random tree; the paths in it."""
    for _ in range(60):
        path = root.joinpath(*(rnd.choice(NAMES) for _ in range(rnd.randint(1, 4))))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        except (FileExistsError, NotADirectoryError):
            continue  # it, or one above it, is of the other kind
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*"))


def ignored_by_git(root: Path, paths: list[str]) -> dict[str, bool | None]:
    """What `git check-ignore` says of each path."""
    git = ["git", "-C", str(root), "check-ignore", "--no-index", "-v", "-n", "-z", "--stdin"]
    asked = subprocess.run(git, input="\0".join(paths).encode(), capture_output=True, check=False)
    fields = asked.stdout.decode().split("\0")
    found: dict[str, bool | None] = {}
    for position in range(0, len(fields) - 1, 4):
        pattern, path = fields[position + 2 : position + 4]
        found[path] = not pattern.startswith("!") if pattern else None
    return found


def ours(patterns: Ignored, root: Path, path: str) -> bool | None:
    """The same of ours: what is in an ignored folder is ignored."""
    parts = path.encode().split(b"/")
    for depth in range(1, len(parts)):
        if patterns.says(b"/".join(parts[:depth]), is_folder=True):
            return True
    return patterns.says(path.encode(), (root / path).is_dir())


def odd(pattern: str) -> bool:
    """Whether git reads a pattern otherwise than it says: `foo**/bar` as `foo` with `**/bar` right behind."""
    literal = len(pattern) - len(pattern.lstrip("!/ab.-] #é"))
    return pattern[literal:].startswith("**") and "/" in pattern[literal:]


@pytest.mark.parametrize("seed", range(40))
def test_patterns_mean_what_they_mean_to_git(seed: int, tmp_path: Path) -> None:
    rnd = random.Random(seed)
    subprocess.run(["git", "init", "-q", str(tmp_path / "r")], check=True)
    paths = [path for path in tree(tmp_path / "r", rnd) if not path.startswith(".git")]
    for _ in range(10):
        made = ["".join(rnd.choices(PIECES, k=rnd.randint(1, 6))) for _ in range(rnd.randint(1, 4))]
        patterns = [pattern for pattern in made if not odd(pattern)]
        (tmp_path / "r/.gitignore").write_text("\n".join(patterns) + "\n", newline="")
        mine = lenient(patterns)

        assert {path: ours(mine, tmp_path / "r", path) for path in paths} == ignored_by_git(
            tmp_path / "r", paths
        ), patterns


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("!", "empty"),
        ("/", "empty"),
        ("//", "empty"),
        ("a//b", "component"),
        ("[", "never closed"),
        ("a[", "never closed"),
        ("[]", "never closed"),
        ("[/]", "no character"),
        ("C:\\temp\\", "backslash"),
        ("\\", "backslash"),
        ("[[:nope:]]", "no class"),
    ],
)
def test_what_can_match_nothing_is_told_with_the_reason(line: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse(line.encode())


@pytest.mark.parametrize("line", ["", "# notes", "   ", "\r"])
def test_blank_lines_and_comments_are_no_patterns(line: str) -> None:
    assert parse(line.encode()) is None


def test_a_range_the_wrong_way_round_is_the_one_character_that_it_begins_with_as_in_git() -> None:
    assert ignored("[z-a]").says(b"z", False)
    assert not ignored("[z-a]").says(b"a", False)


def test_spaces_at_the_end_count_only_behind_a_backslash() -> None:
    assert ignored("a  ").says(b"a", False)
    assert ignored("a\\  ").says(b"a ", False)
    assert not ignored("a\\ ").says(b"a", False)


HOSTILE = [
    ("*a" * 5 + "*b", "a" * 250),
    ("*a" * 100 + "*b", "a" * 250),
    ("*[ab]?" * 60 + "x", "ab" * 120),
    ("/" + "**/a/" * 100 + "b", "a/" * 2000 + "c"),
    ("/" + "*a*/" * 100 + "**/b", "aa/" * 1300 + "c"),
]


@pytest.mark.parametrize(("pattern", "path"), HOSTILE)
def test_no_pattern_takes_long_whatever_it_meets(pattern: str, path: str) -> None:
    """A backtracking engine takes minutes to ages for these; here it is some 10 ms each."""
    began = time.process_time()
    assert ignored(pattern).says(path.encode(), False) is None
    assert not Choice([pattern]).has(path.encode())
    assert time.process_time() - began < 5


def test_very_many_patterns_are_matched_in_their_order() -> None:
    lines = [f"file{number}" for number in range(1000)] + ["!file7", "file7", "!file500"]
    patterns = ignored(*lines)

    assert patterns.says(b"file7", False) is True
    assert patterns.says(b"file500", False) is False
    assert patterns.says(b"file999", False) is True
    assert patterns.says(b"file1000", False) is None


@pytest.mark.parametrize(
    ("patterns", "chosen"),
    [
        (["*.md"], ["a.md", "docs/b.md", "docs/deep/c.md"]),
        (["/docs/"], ["docs/b.md", "docs/d.txt", "docs/deep/c.md"]),
        (["docs"], ["docs/b.md", "docs/d.txt", "docs/deep/c.md"]),
        (["docs/**/c.*"], ["docs/deep/c.md"]),
        (["docs/", "!docs/deep/"], ["docs/b.md", "docs/d.txt"]),
        (["*.md", "!c.md", "/docs/deep/"], ["a.md", "docs/b.md", "docs/deep/c.md"]),
        (["!a.md", "*.md"], ["a.md", "docs/b.md", "docs/deep/c.md"]),
    ],
)
def test_a_choice_takes_what_the_last_pattern_says_of_a_file_or_of_a_folder_above(
    patterns: list[str], chosen: list[str]
) -> None:
    files = ["a.md", "docs/b.md", "docs/d.txt", "docs/deep/c.md", "xdocs"]
    assert [file for file in files if Choice(patterns).has(os.fsencode(file))] == chosen


@pytest.mark.parametrize(
    ("include", "exclude", "reason"),
    [
        (["!*.md"], None, "only patterns that begin with !"),
        (["*.md", "!*.md"], None, "together match nothing"),
        (["*.md", "docs/", "!*"], None, "together match nothing"),
        (["docs/", "!/docs"], None, "together match nothing"),
        (["*.m?", "!*.m[a-z]", "!*.m*"], None, "together match nothing"),
        (["*.md"], ["*.md"], "together match nothing"),
        (None, ["*"], "together match nothing"),
        (None, ["!*.md"], "only patterns that begin with !"),
        ([""], None, "an empty pattern"),
        (["*.md", "[/]"], None, r"'\[/\]', which matches nothing; expected a pattern"),
        (["*.md", "# notes"], None, "a comment"),
        (["\udcff.md"], None, "not UTF-8"),
        (["a" * 5000], None, "longer than"),
    ],
)
def test_lists_that_can_choose_nothing_are_refused(
    include: list[str] | None, exclude: list[str] | None, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        require_choice(include, exclude)


@pytest.mark.parametrize(
    ("include", "exclude"),
    [
        (None, None),
        (["*.md"], None),
        (["*.md", "!a.md"], ["a*"]),
        (["!a.md", "*.md"], None),
        (["docs/", "!docs/b.md"], None),
        (["*"], ["*.log", "[!x]"]),
        (["[[:digit:]]*"], ["*a"]),
        (["**"], ["**/x/**"]),
        (["a?c"], ["abc"]),
        (None, ["*.log"]),
    ],
)
def test_lists_that_can_choose_something_are_taken(
    include: list[str] | None, exclude: list[str] | None
) -> None:
    require_choice(include, exclude)


def test_lists_that_mean_the_same_are_equal_and_order_stays_where_it_matters() -> None:
    assert normalized(["b", "a", "b"]) == ["a", "b"]
    assert normalized(["*.md", "!a.md"]) == ["*.md", "!a.md"]
    assert normalized(["a", "!a", "a"]) == ["!a", "a"]
    assert normalized([]) is None
