"""How all benchmarks print: tables that stay whole in a log, and one form of command line."""

import argparse
from collections.abc import Iterable, Sequence

from rich.console import Console, RenderableType
from rich.table import Table

#: Enough for the widest table; without a terminal rich would fold everything into 80 columns.
_WIDTH = 120


def show(*shown: RenderableType) -> None:
    """Print tables and lines."""
    console = Console()
    (console if console.is_terminal else Console(width=_WIDTH)).print(*shown)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]] = ()) -> Table:
    """A table whose first column names things and whose others are figures."""
    made = Table(title=title, title_justify="left")
    for column in columns:
        made.add_column(column, justify="right" if made.columns else "left")
    for row in rows:
        made.add_row(*row)
    return made


def command_line(name: str, description: str | None) -> argparse.ArgumentParser:
    """A parser whose help begins with the module's docstring."""
    return argparse.ArgumentParser(
        prog=f"python -m benchmarks {name}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
