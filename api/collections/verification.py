"""Compare collections with what is recorded of them, in the background; and repair them.

A comparison reads the recorded states and all rows: minutes for a large collection. One runs at a time in a
gateway process, which keeps its results until it ends. Whoever asked gets an answer at once, and follows the
comparison if it likes to: its end does not depend on a connection.
"""

import asyncio

import structlog

from api.access import Caller
from api.clock import now
from api.collections.queries import require_collection
from api.dependencies import Dependencies
from api.errors import BadRequest, NotFound, Unavailable
from api.sync.invocations import start_run
from api.verification.running import Verification
from api.verification.verifier import Compared, Verifier
from api.views.documents import DocumentFilter, Place
from schemas.errors import IngestError, RequestError
from schemas.sources import SOURCE_TYPES

log = structlog.get_logger("api")

#: Documents of the largest collection that a gateway compares: some 5 KB of memory each while it runs.
MAX_DOCUMENTS = 200_000


async def start_verification(
    parts: Dependencies, caller: Caller, database: str, collection: str, repair: bool = False
) -> Verification:
    """Begin to compare a collection, and to repair it if `repair` is set.

    For admin keys. Raises NotFound, Forbidden, BadRequest for one that is too large, Conflict while another
    one runs.
    """
    caller.require_admin("compare and repair collections")
    place, found = await require_collection(parts, caller, database, collection)
    verifier = parts.gateway.verifier
    if verifier is None:
        raise Unavailable("this gateway cannot compare collections; use `headrace verify`")
    await parts.index.ready()
    wanted = DocumentFilter(caller.tenant, database=database, collection=collection)
    documents = sum(one.documents for one in parts.index.totals(wanted))
    if documents > MAX_DOCUMENTS:
        raise BadRequest(
            f"collection {collection!r} has {documents:,} documents, and a gateway compares at most "
            f"{MAX_DOCUMENTS:,}: use `headrace verify -d {database} -c {collection}`"
        )
    rows = await parts.legs.records.count(parts.target(place, found))
    made = Verification(Place(caller.tenant, database, collection), repair, rows, now())
    parts.verifications.start(made, lambda: asyncio.create_task(_run(parts, verifier, made)))
    return made


def newest_verification(parts: Dependencies, caller: Caller, database: str, collection: str) -> Verification:
    """The newest comparison of a collection in this process. Raises NotFound."""
    caller.require_database(database)
    found = parts.verifications.newest(Place(caller.tenant, database, collection))
    if found is None:
        raise NotFound(f"collection {collection!r} was not compared since this gateway process began")
    return found


async def _run(parts: Dependencies, verifier: Verifier, one: Verification) -> None:
    def tell(rows: int) -> None:
        one.rows_read = rows
        one.changed.set()

    try:
        async with verifier.open(one.place) as comparing:
            found = await comparing.compare(tell)
            one.take(found)
            if one.repair and found.findings:
                await comparing.doubt()
                await _write_again(parts, one, found)
        one.state = "complete"
    except (IngestError, RequestError) as error:
        one.state, one.error = "failed", str(error)
    except asyncio.CancelledError:
        one.state, one.error = "failed", "the gateway stopped"
        raise
    except Exception:
        log.exception("comparison failed", collection=one.place.collection)
        one.state, one.error = "failed", "unexpected error; see the log of the gateway"
    finally:
        one.ended_at = now()
        one.changed.set()


async def _write_again(parts: Dependencies, one: Verification, found: Compared) -> None:
    """Run the sources of documents that differ."""
    for source_id in found.sources:
        source = parts.catalogue.source(source_id)
        # States name their source, and any program may have written the events behind them.
        foreign = source is not None and (source.tenant, source.database) != (
            one.place.tenant,
            one.place.database,
        )
        if source is None or foreign or not SOURCE_TYPES[source.type].lists:
            gone = source is None or foreign
            why = "does not exist in this database" if gone else "has uploads, which must be sent again"
            one.remarks.append(f"source {source_id} {why}")
            continue
        try:
            run = await start_run(parts, source, one.place.collection, trigger="repair")
        except (IngestError, RequestError) as error:
            one.remarks.append(f"source {source_id} cannot be run: {error}")
        else:
            one.invocation_ids.append(run)
    one.remarks += [f"{key}: upload or send it again; no source can read it" for key in found.others[:100]]
