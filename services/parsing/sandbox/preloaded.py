"""The modules that most documents need, imported once by the server from which workers are forked."""

import os

# One of several workers needs one thread of NumPy. More of them spin: a web page takes twice the CPU time.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import services.parsing.formats.html.article
import services.parsing.parser
import services.parsing.sandbox.confinement  # noqa: F401
