"""Imported once by the server that workers are forked from: what most documents need."""

import services.parsing.detect
import services.parsing.formats.docx
import services.parsing.formats.html.article
import services.parsing.formats.html.page  # noqa: F401
import services.parsing.parser
import services.parsing.sandbox.confinement
