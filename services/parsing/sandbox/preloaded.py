"""Imported once by the server that workers are forked from: what most documents need."""

import services.parsing.formats.html.article
import services.parsing.parser
import services.parsing.sandbox.confinement  # noqa: F401
