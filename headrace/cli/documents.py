"""`headrace parse` and `headrace chunk`: show how a file would be indexed."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from headrace.cli.origins.patterns import MainContent
from headrace.cli.output import console, print_json
from headrace.cli.settings import AsJson
from headrace.usage_error import UsageError

if TYPE_CHECKING:
    from services.chunking import Strategy, TextChunk
    from services.parsing import Choices, ParsedDocument
    from services.parsing.format import Input
    from services.parsing.vision import VisionReader

File = Annotated[
    Path, typer.Argument(help="Any document.", show_default=False, exists=True, dir_okay=False, readable=True)
]


def parse(
    file: File,
    main_content: MainContent = False,
    as_json: AsJson = False,
) -> None:
    """Print a document as the markdown that is indexed, with the options of its source."""
    from dataclasses import asdict

    document = _parsed(file, main_content)
    if as_json:
        print_json(asdict(document))
        return
    _warn(document)
    print(document.markdown, end="" if document.markdown.endswith("\n") else "\n")


def chunk(
    file: File,
    max_size_bytes: Annotated[
        int | None, typer.Option(help="Maximum bytes of a chunk.", show_default=False)
    ] = None,
    main_content: MainContent = False,
    lines: Annotated[bool, typer.Option("--lines", help="Cut by lines, not by structure.")] = False,
    max_lines: Annotated[
        int | None, typer.Option(help="With --lines: maximum lines of a chunk.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print the chunks of a document as they are indexed, with rules that say where each stands."""
    from dataclasses import asdict

    from services.chunking import Strategy
    from services.chunking import chunk as cut

    if max_lines is not None and not lines:
        raise UsageError("--max-lines requires --lines: otherwise chunks follow the structure of the text")
    document = _parsed(file, main_content)
    strategy: Strategy = "lines" if lines else "tree_sitter"
    text_type = document.text_type
    chunks = cut(
        document.markdown, file.name, text_type, max_size_bytes, strategy=strategy, max_lines=max_lines
    )
    _warn_of_many(len(chunks), max_size_bytes, strategy)
    if as_json:
        print_json([asdict(one) for one in chunks])
        return
    _warn(document)
    _print_chunks(chunks, document)


def _parsed(file: Path, main_content: bool) -> "ParsedDocument":
    from headrace.cli.checks import kind_of
    from headrace.cli.settings import load_settings
    from headrace.wiring.vision import vision_of
    from schemas.errors import RequestError
    from services.parsing import Choices
    from services.parsing import parse as parse_bytes
    from services.parsing.format import Input
    from services.parsing.images.ocr import tesseract

    if not file.is_file():  # a pipe is read only when somebody writes, a device without end
        raise RequestError(f"{file} {kind_of(file)}; expected a file")
    settings = load_settings()
    choices = Choices(settings.parsing_comments, settings.parsing_hidden)
    tesseract.configure(settings.ocr_models)
    vision = vision_of(settings, settings.data_dir / "cache" / "vision.sqlite")
    if vision is None:
        return parse_bytes(file.read_bytes(), file.name, main_content=main_content, choices=choices)
    source = Input(file.read_bytes(), file.name, None, main_content)
    return asyncio.run(_parsed_with(vision, source, choices))


async def _parsed_with(vision: "VisionReader", source: "Input", choices: "Choices") -> "ParsedDocument":
    from services.parsing.drafts import draft

    try:
        found = draft(source, vision.limits, choices=choices)
        if found.asked:
            answers = await vision.answers(found.asked)
            found = draft(source, vision.limits, answers, choices)
    finally:
        await vision.close()
    return found.document()


def _warn(document: "ParsedDocument") -> None:
    for warning in document.warnings:
        console(stderr=True).print(f"[yellow]warning[/] {warning}")


def _warn_of_many(count: int, max_size_bytes: int | None, strategy: "Strategy") -> None:
    from headrace.cli.settings import load_settings
    from schemas.errors import DocumentTooLarge
    from services.chunking import check_count

    try:
        check_count(count, load_settings().max_chunks, max_size_bytes, strategy)
    except DocumentTooLarge as error:
        console(stderr=True).print(f"[yellow]warning[/] it would not be indexed: {error}")


def _print_chunks(chunks: "Sequence[TextChunk]", document: "ParsedDocument") -> None:
    from headrace.client.progress import counted

    out = console()
    for number, one in enumerate(chunks, 1):
        _print_chunk(number, one)
    bytes_of = [len(one.text.encode()) for one in chunks]
    if chunks:
        mean, most = sum(bytes_of) // len(chunks), max(bytes_of)
        sizes = f", {mean:,} bytes on average, {most:,} at most"
    else:
        sizes = ""
    out.print(f"{counted(len(chunks), 'chunk')}{sizes}; {document.media_type}", style="dim")


def _print_chunk(number: int, one: "TextChunk") -> None:
    """A rule with the position of the chunk, then its text, highlighted and with line numbers."""
    import sys

    from rich.console import Console
    from rich.rule import Rule
    from rich.text import Text

    place = f"lines {one.start_line}–{one.end_line}"
    details = f"{len(one.text.encode()):,} bytes · {one.language or one.strategy}"
    if not sys.stdout.isatty():
        print(f"--- {number} · {place} · {details}" + (f" · {one.context}" if one.context else ""))
        print(one.text.rstrip("\n"))
        return
    title = Text.assemble((f"{number} ", "bold"), (place, "bold cyan"), (f" · {details}", "dim"))
    if one.context:
        title.append(f" · {one.context.splitlines()[0]}", style="magenta")
    wide = Console(highlight=False)
    wide.print(Rule(title, align="left", style="cyan"))
    wide.print(_coloured(one))


def _coloured(one: "TextChunk") -> object:
    from rich.syntax import Syntax

    # The first line may begin in its middle; the rest of it stands in the chunk before.
    text = " " * one.start_col + one.text if one.start_col and one.language != "markdown" else one.text
    return Syntax(
        text.rstrip("\n"),
        one.language or "text",
        theme="ansi_dark",
        line_numbers=True,
        start_line=one.start_line,
        word_wrap=True,
        background_color="default",
    )
