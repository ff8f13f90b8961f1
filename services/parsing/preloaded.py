"""Imported once by the server that workers are forked from: what most documents need."""

from services.parsing.environment import forget_environment

forget_environment()  # first: what is imported next takes the memory that is freed

import services.parsing.detect  # noqa: E402
import services.parsing.docx  # noqa: E402
import services.parsing.formats  # noqa: E402
import services.parsing.html.article  # noqa: E402
import services.parsing.html.page  # noqa: E402, F401
