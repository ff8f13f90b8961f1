"""Compiles the modules that are imported, by importing every module of ours; the image itself writes nothing.

Modules of extras that are not installed are left out, and anything else that is missing is an error.
"""

import importlib
import pkgutil
import sys

#: What only extras and `headrace up` install.
OPTIONAL = {"torch", "openvino", "mcp", "jgo", "chromadb"}

sys.dont_write_bytecode = False
for package in ("schemas", "streams", "services", "api", "headrace"):
    for found in pkgutil.walk_packages(importlib.import_module(package).__path__, package + "."):
        if not found.name.endswith("__main__"):
            try:
                importlib.import_module(found.name)
            except ModuleNotFoundError as error:
                if error.name not in OPTIONAL:
                    raise
