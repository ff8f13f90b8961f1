"""The modules that most documents need, imported once by the server from which workers are forked."""

import services.parsing.formats.html.article
import services.parsing.parser
import services.parsing.sandbox.confinement  # noqa: F401
