"""Replaces libraries that OpenCV is linked with, and nothing here calls, by empty ones: 80 MB less.

Recognising text takes OpenCV's geometry of small pictures. Its wheel also brings FFmpeg and AVIF, to open
videos and files, and OpenBLAS, for matrices of more than 25 rows. The dynamic linker wants all of their
functions, so each stays a symbol, and a call of it ends the process.

python stubs.py /opt/headrace     needs `as`, `ld`, `nm` and `readelf`
"""

import platform
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

UNUSED = re.compile(r"lib(avcodec|avformat|avutil|swscale|swresample|avif|openblas)")
#: An instruction that raises SIGILL or SIGTRAP.
TRAP = {"x86_64": "ud2", "aarch64": "brk #1"}


def run(*argv: str | Path) -> str:
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


def needed(library: Path) -> set[str]:
    """The names of the libraries that one is linked with."""
    return set(re.findall(r"\(NEEDED\).*\[(.+)\]", run("readelf", "--dynamic", "--wide", library)))


def symbols(library: Path, which: str) -> dict[str, tuple[str, str]]:
    """Type and version of each dynamic symbol; `which` is `--defined-only` or `--undefined-only`."""
    lines = re.findall(r"(\w) ([^@\s]+)(?:@+(\S+))?$", run("nm", "--dynamic", which, library), re.MULTILINE)
    return {name: (kind, version) for kind, name, version in lines}


def write_stub(library: Path, wanted: dict[str, str]) -> None:
    """Write a library of the same name with nothing but functions that trap.

    Args:
        wanted: versions by functions; an empty one for none.
    """
    code = "".join(f".globl {name}\n.type {name}, %function\n{name}:\n" for name in sorted(wanted))
    trap = TRAP[platform.machine()]
    versions = defaultdict[str, list[str]](list)
    for name, version in wanted.items():
        versions[version].append(name)
    script = "".join(
        f"{version} {{ {'; '.join(names)}; }};\n" for version, names in versions.items() if version
    )
    with tempfile.TemporaryDirectory() as folder:
        source, compiled, exports = (Path(folder) / name for name in ("stub.s", "stub.o", "versions"))
        source.write_text(f'.text\n{code}\t{trap}\n.section .note.GNU-stack,"",%progbits\n')
        exports.write_text(script)
        run("as", "-o", compiled, source)
        given = ["--version-script", exports] if script else []
        run("ld", "-shared", "-soname", library.name, *given, "-o", library, compiled)


packages = next(Path(sys.argv[1]).glob("lib/python3.*/site-packages"))
libraries = packages / "opencv_python_headless.libs"
[module] = (packages / "cv2").glob("cv2*.so")
asked = symbols(module, "--undefined-only")
for library in sorted(libraries.iterdir()):
    if not UNUSED.match(library.name):
        continue
    defined = symbols(library, "--defined-only")
    if data := [name for name in asked.keys() & defined.keys() if defined[name][0] not in "TWi"]:
        sys.exit(f"{library.name}: {data[0]} is no function; leave this library as it is")
    write_stub(library, {name: asked[name][1] for name in asked.keys() & defined.keys()})
# What only those were linked with.
kept = needed(module)
while more := {name for file in libraries.iterdir() if file.name in kept for name in needed(file)} - kept:
    kept |= more
for library in libraries.iterdir():
    if library.name not in kept:
        library.unlink()
