"""`python -m headrace.settings` writes docs/settings.md."""

from pathlib import Path

from headrace.settings.page import render

Path("docs/settings.md").write_text(render())
