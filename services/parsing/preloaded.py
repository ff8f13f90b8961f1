"""Imported once by the server that workers are forked from: what most documents need."""

import services.parsing.detect
import services.parsing.docx
import services.parsing.formats
import services.parsing.html.article
import services.parsing.html.page  # noqa: F401
