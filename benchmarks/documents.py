"""Our markdown and chunks beside today's best tools, on real documents with known answers.

    python -m benchmarks documents [--measures articles,documents,…] [--full] [--install]

Runs the evaluation kit that lies in `../shared/tools/evalkit` beside the repository, on `../shared/corpora`;
without them nothing is measured. The kit and the peers have requirements of their own, which the project
does not install; `--install` puts them and ours into an environment in the cache folder, where later runs
find it. What is not installed is left out, and said.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.tables import command_line, show
from streams.cache_dir import default_cache_dir

ROOT = Path(__file__).resolve().parents[1]
KIT = ROOT.parent / "shared" / "tools" / "evalkit"
CORPORA = ROOT.parent / "shared" / "corpora"

#: What the kit itself imports.
_KIT_MODULES = (
    "bs4",
    "fuzzysearch",
    "lxml",
    "markdown_it",
    "numpy",
    "onnxruntime",
    "rapidfuzz",
    "tokenizers",
)
#: The kit's name of each peer, and the module that must be there. Permissive licences only.
_PEERS: Mapping[str, str | None] = {
    "trafilatura-nocomments": "trafilatura",
    "readability": "readability",
    "resiliparse": "resiliparse",
    "markitdown": "markitdown",
    "kreuzberg": "kreuzberg",
    "liteparse": "liteparse",
    "pdf-oxide": "pdf_oxide",
    "pdfium": "pypdfium2",
    "lines": None,
    "chonkie": "chonkie",
    "semantic-text-splitter": "semantic_text_splitter",
    "cocoindex": "cocoindex",
    "langchain": "langchain_text_splitters",
}


@dataclass(frozen=True)
class Measure:
    """A script of the kit: the peers beside ours, and the options of the short and of the full run."""

    script: str
    what: str
    peers: Sequence[str]
    short: Sequence[str] = ()
    full: Sequence[str] = ()


#: Short runs leave out what takes minutes: slow peers, the long PDFs, all limits but one.
MEASURES: Mapping[str, Measure] = {
    "articles": Measure(
        "articles", "main content of web pages", ("trafilatura-nocomments", "readability", "resiliparse")
    ),
    "documents": Measure(
        "documents",
        "structure of office files and web pages against a reference",
        ("markitdown", "kreuzberg"),
        short=("--only", "docx,xlsx,pptx,csv,odt"),
        full=("--only", "docx,xlsx,xlsm,pptx,csv,odt,ods,odp,html,md,epub,doc,xls,ppt"),
    ),
    "pdf": Measure(
        "documents",
        "structure of PDFs against a reference",
        ("liteparse", "pdf-oxide", "kreuzberg"),
        short=("--only", "rendered"),
        full=("--only", "pdf"),
    ),
    "facts": Measure("facts", "facts of scanned and printed pages", ("liteparse", "kreuzberg", "pdfium")),
    "robust": Measure("robust", "every file: converted or a clean error", ("kreuzberg", "markitdown")),
    "chunks": Measure(
        "chunks",
        "answers retrieved at an equal budget of characters",
        ("lines", "chonkie", "semantic-text-splitter", "cocoindex", "langchain"),
        short=("--max-bytes", "1000", "--sample", "30"),
        full=("--max-bytes", "500,1000,2000,4096"),
    ),
    "code": Measure(
        "code",
        "chunks of source code",
        ("cocoindex", "semantic-text-splitter", "langchain", "lines"),
        short=("--max-bytes", "4096"),
        full=("--max-bytes", "1500,4096"),
    ),
}
#: The short run: what a few minutes allow. `facts` and `robust` read long PDFs and scans.
SHORT = ("articles", "documents", "pdf", "chunks", "code")


class Kit:
    """The evaluation kit, run by an interpreter that has what it needs."""

    def __init__(self, python: str) -> None:
        self.python = python
        wanted = [*_KIT_MODULES, *filter(None, _PEERS.values())]
        find = f"import importlib.util as u, json; print(json.dumps([m for m in {wanted} if u.find_spec(m)]))"
        answer = subprocess.run([python, "-c", find], capture_output=True, text=True, check=True)
        self._modules = frozenset(json.loads(answer.stdout))

    @property
    def missing(self) -> list[str]:
        """Modules without which the kit does nothing."""
        return [module for module in _KIT_MODULES if module not in self._modules]

    def offers(self, peer: str) -> bool:
        """Whether a peer can run."""
        module = _PEERS[peer]
        return module is None or module in self._modules

    def run(self, name: str, arguments: Sequence[str]) -> int:
        """Run a script of the kit, its tables on our standard output. Returns its exit status."""
        environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
        with tempfile.TemporaryDirectory(prefix="headrace-bench-") as folder:  # some peers leave files behind
            command = [self.python, str(KIT / f"{name}.py"), *arguments]
            return subprocess.run(command, check=False, env=environment, cwd=folder).returncode


def install(folder: Path) -> None:
    """Make an environment with the kit's requirements and our own. Raises CalledProcessError.

    Left out: pymupdf, whose licence (AGPL) we do not install for anybody.
    """
    wanted = [line for line in (KIT / "requirements.txt").read_text().splitlines() if line.strip()]
    wanted = [line for line in wanted if not line.startswith(("#", "pymupdf"))]
    if uv := shutil.which("uv"):
        subprocess.run(
            [uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)], check=True
        )
        pip = [uv, "pip", "install", "--python", str(_python_of(folder))]
    else:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        pip = [str(_python_of(folder)), "-m", "pip", "install"]
    subprocess.run([*pip, *wanted, "--editable", str(ROOT)], check=True)


def _python_of(folder: Path) -> Path:
    return folder / "bin" / "python"


def measure(kit: Kit, name: str, asked: argparse.Namespace) -> int:
    """One measure for us and its peers. Returns the script's exit status."""
    chosen = MEASURES[name]
    peers = [peer for peer in chosen.peers if kit.offers(peer)]
    show(f"\n[bold]{name}[/bold]: {chosen.what}")
    if left_out := [peer for peer in chosen.peers if peer not in peers]:
        show(f"[bold red]NOT MEASURED, not installed: {', '.join(left_out)}[/] ({_hint()})")
    options = list(chosen.full if asked.full else chosen.short)
    if name == "chunks":
        options += ["--cache", str(asked.cache.resolve())]
    sys.stdout.flush()
    source = asked.code.resolve() if name == "code" else CORPORA
    return kit.run(chosen.script, [str(source), "--impl", ",".join(["project", *peers]), *options])


def _hint() -> str:
    return "python -m benchmarks documents --install"


def main() -> int:
    """Read the command line and print the tables. Exit status: 0 when nothing failed."""
    parser = command_line("documents", __doc__)
    parser.add_argument("--measures", default=None, help=f"comma-separated, of {', '.join(MEASURES)}")
    parser.add_argument("--full", action="store_true", help="all measures, formats and limits: many minutes")
    parser.add_argument("--install", action="store_true", help="install the kit's requirements first")
    parser.add_argument("--python", help="interpreter that has the kit's requirements and ours")
    parser.add_argument("--code", type=Path, default=ROOT / "services", help="folder of source code to cut")
    parser.add_argument(
        "--cache",
        type=Path,
        default=Path(tempfile.gettempdir()) / "headrace-bench-embeddings.sqlite",
        help="embeddings of the measure chunks, kept between runs",
    )
    asked = parser.parse_args()
    if not (KIT.is_dir() and CORPORA.is_dir()):
        show(f"NOT MEASURED: no evaluation kit in {os.path.relpath(KIT, ROOT)} beside the repository")
        return 0
    environment = default_cache_dir() / "peers"
    if asked.install:
        install(environment)
    installed = _python_of(environment)
    kit = Kit(asked.python or (str(installed) if installed.exists() else sys.executable))
    if kit.missing:
        show(f"[bold red]NOT MEASURED: the kit lacks {', '.join(kit.missing)}[/] ({_hint()})")
        return 0
    names = asked.measures.split(",") if asked.measures else list(MEASURES if asked.full else SHORT)
    if unknown := set(names) - set(MEASURES):
        parser.error(f"no measure {', '.join(sorted(unknown))}; there are {', '.join(MEASURES)}")
    return max([measure(kit, name, asked) for name in names])


if __name__ == "__main__":
    sys.exit(main())
