"""Shell blocks as commands: what a person types, and what the page says that it prints."""

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_SEPARATORS = set("();|&\n")
_KEYWORDS = {"if", "then", "fi", "do", "done"}
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")


@dataclass(frozen=True)
class Command:
    """A command as it is written, up to the newline that ends it, and the comments after it: its output."""

    text: str
    output: str

    def calls(self) -> list[Sequence[str]]:
        """Programs with their arguments: `a=1 b c | d` are [b, c] and [d]."""
        return list(_calls(_without_documents(self.text)))


def commands(text: str, prompt: str = "") -> list[Command]:
    """The commands of a block. With a prompt, lines without it continue a command or are output."""
    found: list[Command] = []
    lines = iter(text.splitlines())
    for line in lines:
        if not line.strip():
            continue
        if line.startswith("#") or (prompt and not line.startswith(prompt)):
            if found:
                last = found.pop()
                found.append(Command(last.text, f"{last.output}{line.removeprefix('# ')}\n"))
            continue
        typed = line.removeprefix(prompt)
        while not _is_whole(typed):
            typed += f"\n{next(lines)}"
        found.append(Command(typed, ""))
    return found


def _is_whole(typed: str) -> bool:
    document = re.search(r"<<'(\w+)'", typed)
    if typed.endswith("\\") or (document and typed.split("\n")[-1] != document[1]):
        return False
    if typed.startswith("for ") and typed.split("\n")[-1] != "done":
        return False
    try:
        shlex.split(_without_documents(typed), comments=True)
    except ValueError:
        return False  # a quote is open
    return True


def _without_documents(text: str) -> str:
    """Without the bodies of here documents."""
    return re.sub(r"<<'(\w+)'\n.*?^\1$", "", text, flags=re.DOTALL | re.MULTILINE)


def _calls(text: str) -> Iterator[list[str]]:
    lexer = shlex.shlex(text.replace("\\\n", " "), posix=True, punctuation_chars="();|&\n")
    lexer.whitespace, lexer.whitespace_split = " \t", True
    words: list[str] = []
    for token in [*lexer, "\n"]:
        if set(token) <= _SEPARATORS:
            if words and words[0] != "for":
                yield words
            words = []
        elif not words and token in _KEYWORDS:
            continue
        elif words or not (_ASSIGNMENT.match(token) or token in ("{", "}", "export")):
            words.append(token)
