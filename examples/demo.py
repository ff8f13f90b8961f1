"""`make demo`: documentation, examples and engine of this repository into a collection, and three questions.

Everything stays in `build/demo/` of the checkout, so a second run finds what the first one did, and your own
data are not touched. The invented documents in `examples/documents/` are among what is synced.
"""

import asyncio
import sys
from pathlib import Path

from headrace.cli.content import run_sync
from headrace.cli.display import Startup
from headrace.cli.output import console, fail
from headrace.cli.query import print_hits
from headrace.cli.settings import load_settings
from headrace.client.connect import Endpoint, with_gateway
from headrace.client.gateway import GatewayClient
from headrace.client.search import hits_of
from headrace.client.sync import SyncRequest, SyncResult
from headrace.local.running_file import Interrupted
from schemas.api import SearchPayload
from schemas.errors import IngestError
from schemas.limits import BM25

ROOT = Path(__file__).resolve().parent.parent
DATA_DIR = ROOT / "build" / "demo"
COLLECTION = "headrace-demo"
DATABASE = "default_database"
#: Text and code of a quarter of the repository, so that the first question comes after a minute or two.
INCLUDED = ("/README.md", "/docs/", "/examples/", "/streams/")

#: One is answered by the repository, one by a PDF, one by a Word document.
QUESTIONS = (
    "What keeps a stale version of a document from overwriting a newer one?",
    "How often does the trash rack have to be raked?",
    "What do I do when the motor of the flood gate fails?",
)


async def demonstrate(endpoint: Endpoint) -> SyncResult | None:
    """Sync, then ask."""
    request = SyncRequest(str(ROOT), DATABASE, COLLECTION, include=INCLUDED, sparse=BM25)
    result = await run_sync(endpoint, request, wait=True, as_json=False)
    async with GatewayClient(endpoint.url, endpoint.key) as client:
        for question in QUESTIONS:
            asked = SearchPayload(collection_name=COLLECTION, query=question, limit=2)
            console().print(f"\n[bold yellow]? {question}[/]\n")
            print_hits(hits_of(await client.search(asked)), question)
    return result


def main() -> int:
    """Run the demo; the exit status."""
    settings = load_settings(DATA_DIR)
    end = "done"
    with Startup() as startup:

        async def use(endpoint: Endpoint) -> SyncResult | None:
            nonlocal end
            startup.ready()
            end = "stopped" if endpoint.ours else "done; what ran before runs on"
            return await demonstrate(endpoint)

        try:
            result = asyncio.run(with_gateway(settings, use, startup.changed, root=str(ROOT)))
        except IngestError as error:
            fail(str(error))
            return 1
        except (Interrupted, KeyboardInterrupt):
            startup.ready()  # whatever it still showed
            fail("broken off; the next run goes on from here")
            return 130
    ask = f'headrace query "your question" -c {COLLECTION} --data-dir {DATA_DIR.relative_to(ROOT)}'
    console().print(f"[green]✓[/] {end}. What was filled stays: [bold].venv/bin/{ask}[/]")
    return 0 if result is not None and result.ok else 1


if __name__ == "__main__":
    sys.exit(main())
