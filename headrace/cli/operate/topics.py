"""`headrace topics`: ensure, list, grow, copy."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from headrace.cli.operate.records import wiring_of
from headrace.cli.output import console, note, print_fields, print_json, print_rows
from headrace.cli.settings import AsJson, DataDir
from headrace.usage_error import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from streams.growth import GrowthPlan
    from streams.kafka.cluster import Cluster

topics = typer.Typer(help="Topics on the cluster: ensure, list, grow, copy.", no_args_is_help=True)

_DAY_MS = 24 * 60 * 60 * 1000


@topics.command("ensure")
def ensure(data_dir: DataDir = None) -> None:
    """Create missing topics, and check existing ones."""
    from headrace.admin.topics import settled_states, topic_faults
    from streams.kafka.cluster import ensure_topics

    wiring = wiring_of(data_dir)
    settings = wiring.settings
    created = ensure_topics(wiring.cluster, settings.partitions, settings.replication)
    states = settled_states(wiring)
    for fault in topic_faults(states):
        console(stderr=True).print(f"[yellow]warning[/] {fault}")
    print(f"{len(created)} created, {len(states)} topics of {states[0].partitions} partitions each")


@topics.command("grow")
def grow_topics(
    partitions: Annotated[
        int | None, typer.Option(help="How many each topic gets.", min=1, show_default=False)
    ] = None,
    leave: Annotated[
        list[str] | None,
        typer.Option(
            help="Whole name of a topic of yours with our prefix that stays as it is.", show_default=False
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and change nothing.")
    ] = False,
    cancel: Annotated[
        bool, typer.Option("--cancel", help="Give up a growth that still waits, and whose command has died.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Give all topics more partitions, and move what is kept to where it belongs then.

    Gateways refuse changes meanwhile, and the services end, wait and begin anew by themselves.
    """
    from streams.growth import cancel_growth, grow, plan_growth

    if cancel == (partitions is not None):
        raise UsageError("expected --partitions N, or --cancel; see `headrace topics grow --help`")
    wiring = wiring_of(data_dir)
    place = wiring.cluster, wiring.codec
    if partitions is None:
        cancel_growth(*place)
        print("given up; nothing was changed")
        return
    if dry_run:
        _show_plan(plan_growth(*place, partitions, frozenset(leave or ())))
        return
    grow(*place, partitions, lambda step: print(step, flush=True), frozenset(leave or ()))
    print(f"all topics have {partitions} partitions; the services begin anew")


@topics.command("copy")
def copy(
    to: Annotated[
        Path,
        typer.Option(
            "--to",
            help="File of librdkafka properties of the other cluster.",
            exists=True,
            dir_okay=False,
            show_default=False,
        ),
    ],
    prefix: Annotated[str, typer.Option(help="Prefix of the names there.")] = "headrace.",
    partitions: Annotated[
        int | None,
        typer.Option(help="Partitions there; as many as here by default.", min=1, show_default=False),
    ] = None,
    replication: Annotated[int, typer.Option(help="Replicas there.", min=1)] = 1,
    stay_stopped: Annotated[
        bool, typer.Option("--stay-stopped", help="The system moves: its services here do not go on.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Copy all state to another cluster: to move there, or as a backup of the topics.

    Gateways refuse changes meanwhile, and the services end, wait and begin anew by themselves.
    """
    from headrace.admin.topics import quiet
    from streams.growth import copy_topics
    from streams.kafka.cluster import Cluster

    wiring, target = wiring_of(data_dir), quiet(Cluster.from_file(to, prefix))

    def told(step: str) -> None:
        print(step, flush=True)

    layout = copy_topics(wiring.cluster, target, wiring.codec, told, partitions, replication, stay_stopped)
    print(f"copied to {target.bootstrap_servers}, into topics of {layout.partitions} partitions")


def _show_plan(plan: "GrowthPlan") -> None:
    print_fields(
        [
            ("partitions", f"{plan.before} -> {plan.after}, of {plan.topics} topics"),
            ("state", f"up to {plan.records:,} records are written again"),
            ("waits for", "; ".join(plan.waits) or "nothing"),
            ("then", "gateways refuse changes, the services end, wait and begin anew"),
            ("begun", "by an earlier command, which this one would finish" if plan.resumes else None),
        ]
    )


@topics.command("list")
def list_topics(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List topics with partitions, bytes, cleanup policy, retention, and the lag of each consumer group."""
    from dataclasses import asdict

    from headrace.admin.topics import missing_topics, topic_states

    wiring = wiring_of(data_dir)
    states = topic_states(wiring)
    sizes = _sizes(wiring.cluster)
    if as_json:
        print_json([{**asdict(state), "partition_bytes": sizes.get(state.name)} for state in states])
        return
    rows = [
        (
            state.name,
            state.partitions,
            f"{sum(sizes[state.name]) / 1024**2:,.1f} MB" if state.name in sizes else "unknown",
            state.cleanup,
            f"{state.retention_ms // _DAY_MS} days" if state.retention_ms else "for ever",
            ", ".join(f"{group}: {lag:,}" for group, lag in sorted(state.lag.items())),
        )
        for state in states
    ]
    print_rows(("topic", "partitions", "on disk", "cleanup", "kept", "lag"), rows, "no topics yet")
    if missing := missing_topics(states):
        console(stderr=True).print(f"missing: {', '.join(missing)}; `headrace topics ensure` creates them")


def _sizes(cluster: "Cluster") -> "Mapping[str, Sequence[int]]":
    """Topic → bytes of each partition; none, and a note, if the brokers do not tell."""
    from schemas.errors import TransientError
    from streams.kafka.sizes import topic_sizes

    try:
        return topic_sizes(cluster).partitions
    except TransientError as error:
        note(f"sizes are unknown: {error}")
        return {}
