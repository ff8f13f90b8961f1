"""Worker processes for code that may hang, crash or be taken over by its input.

    service process                   fork server                    workers
    pool.py  ── start, kill ────────► server.py ── fork ───────────► worker.py
             ◄──────── exit codes ──  (libraries loaded,             (one call at a time)
             │                         no input, no secrets)            ▲
             └─ wire.py: calls ──►  one socket for each worker  ◄── answers

A call that crashes, hangs or exceeds a limit costs only itself. Answers are JSON, validated against the
return type of the called function: nothing that a worker sends can run code in the service.

    from streams.processes.pool import WorkerPool      the pool
    from streams.processes.errors import ProcessError  why a call has no result
    from streams.processes.forked import Forks         services that are forked with the same server

Nothing is imported here, because the fork server loads this package too and should stay small.
"""
