"""What Headrace costs and what it is worth, each figure beside a peer measured in the same run.

    python -m benchmarks                    everything short, one after the other
    python -m benchmarks pipeline --help    one of them, with its options

Machines differ and are shared, so read the ratios first. `docs/benchmarks.md` explains every table.
"""
