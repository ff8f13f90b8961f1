"""Imported once by the server that workers are forked from: what most documents need."""

from services.parsing.sandbox.environment import forget_environment

forget_environment()  # first: what is imported next takes the memory that is freed

import services.parsing.detect  # noqa: E402
import services.parsing.formats.html.article  # noqa: E402
import services.parsing.parser  # noqa: E402, F401
