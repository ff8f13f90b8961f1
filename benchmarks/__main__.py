"""`python -m benchmarks [NAME [options]]`: runs every benchmark at its short size, or one as it is told."""

import subprocess
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.rule import Rule

#: Name, what it measures, and the options of its short run.
BENCHMARKS: dict[str, tuple[str, Sequence[str]]] = {
    "pipeline": ("the whole pipeline beside a plain loop, and the time from upload to found", ()),
    "start": ("time, CPU and memory of `headrace up`: its start, and a quiet minute", ("--rounds", "1")),
    "codec": ("microseconds to encode and decode an event, beside fastavro", ()),
    "embedding": ("texts per second of the embedding core beside naive batching", ()),
    "soak": ("whether the embedding core keeps its memory", ("--rounds", "40")),
    "embedding_gpu": (
        "tokens per second of the torch backend beside plain encode",
        ("--tiny", "--texts", "300", "--rounds", "1"),
    ),
    "indexing": ("rows per second into Chroma, beside the package chromadb", ("--rows", "1200")),
    "sparse": (
        "BM25, rows into the sparse index, and sparse queries over HTTP",
        ("--rows", "10000", "--queries", "200"),
    ),
    "updates": (
        "what an edit costs in Chroma beside the first indexing",
        ("--chunks", "300", "--files", "200", "--bare", "300"),
    ),
    "recall": (
        "whether Chroma finds the best chunk, by the settings of its graph",
        ("--chunks", "600", "--rounds", "3", "--settings", "16/100/100,32/200/300"),
    ),
    "tracking": ("progress events per second", ("--events", "20000")),
    "stages": (
        "chunks per second through the stages, with a model and a store that cost nothing",
        ("--documents", "300", "--rounds", "2"),
    ),
    "tracing": ("what traces cost a stage, off and on", ("--records", "5000", "--rounds", "3")),
    "repositories": (
        "a repository that changes a little: from the commit to found, and a run with nothing new",
        ("--files", "500", "--rounds", "3"),
    ),
    "compare": ("a listing of unchanged documents against what is indexed", ("--documents", "20000")),
    "dashboard": (
        "pages of the dashboard over many invocations and documents",
        ("--invocations", "2000", "--documents", "20000"),
    ),
    "listing": ("the gateway's index of documents, from records to pages", ("--documents", "20000")),
    "buckets": ("a bucket in which nothing has changed", ("--objects", "10000")),
    "inbox": (
        "events as fast as a producer can, and uploads beside them",
        ("--events", "20000", "--seconds", "20"),
    ),
    "autosync": ("from the event of a bucket to found", ("--objects", "15")),
    "web": ("pages per second of a crawl, and of a second one", ("--pages", "300")),
    "crawl": ("a packaged documentation through the whole pipeline, and again", ("--pages", "300")),
    "webhooks": ("milliseconds to the answer of a delivery of GitHub", ("--seconds", "6")),
    "search": ("whether answers are found by meaning, by words and by both", ()),
    "endpoint": ("requests to Chroma through the gateway beside direct ones", ()),
    "documents": ("markdown and chunks beside today's best tools, on real documents", ()),
}


def main(arguments: Sequence[str]) -> int:
    """Exit status: 0 when every benchmark that ran has ended well."""
    if not arguments:
        return max([run(name, options) for name, (_, options) in BENCHMARKS.items()])
    name, *options = arguments
    if name not in BENCHMARKS:
        known = "\n".join(f"  {known:<12}{what}" for known, (what, _) in BENCHMARKS.items())
        print(f"usage: python -m benchmarks [NAME [options]]\n\n{known}\n\nNAME --help shows its options")
        return 0 if name in {"-h", "--help"} else 2
    return run(name, options)


def run(name: str, options: Sequence[str]) -> int:
    """One benchmark in a process of its own, so that none leaves threads or a warm model to the next."""
    Console().print(Rule(f"{name}: {BENCHMARKS[name][0]}", align="left"))
    status = subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *options], check=False).returncode
    if status:
        print(f"{name} ended with status {status}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
