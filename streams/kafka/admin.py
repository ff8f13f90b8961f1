"""The admin client of a cluster: one per process, and freed only when it has answered everything.

librdkafka answers in a thread of its own. A client that is freed before leaves futures that never complete,
or crashes the process; one that Python's garbage collector frees in that very thread crashes it, too. So all
questions go through `SharedAdmin`, which counts them and frees clients that were given up.
"""

import atexit
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from functools import partial
from typing import Any

from confluent_kafka.admin import AdminClient

#: How long a broker may take to answer, where neither the question (`request_timeout`) nor the user says.
ANSWER_SECONDS = 15.0
#: librdkafka completes every future, at the latest when its request has timed out.
_GRACE_SECONDS = 2.0
#: What may end the process, and what to call instead. librdkafka 2.16 reads a null pointer where the
#: coordinator of a group has just begun or moved (its issue 5040), and fails an assertion where a broker that
#: is asked about groups answers late (its issue 4605).
_CRASHES = {
    "list_consumer_group_offsets": "streams.state.lags.committed_offsets",
    "alter_consumer_group_offsets": "streams.state.lags.commit_offsets",
    "describe_consumer_groups": "streams.kafka.membership.group_of",
}
#: How long the end of a process waits for a client to be freed: it may be looking up a name.
_FREE_SECONDS = 2.0


class SharedAdmin:
    """Stands for an `AdminClient` and has its methods. A call returns when all its futures are done, so the
    caller has nothing to hold. Thread-safe.

    Args:
        properties: of librdkafka.
        connect: makes a client.
    """

    def __init__(
        self, properties: Mapping[str, Any], connect: Callable[[dict[str, Any]], AdminClient] = AdminClient
    ) -> None:
        # Its calls raise, which is enough; nobody polls it for log lines.
        self._properties = {"socket.timeout.ms": int(ANSWER_SECONDS * 1000), **properties, "log_level": 0}
        self._connect, self._lock = connect, threading.Lock()
        self._current: _Client | None = None
        self._former: list[_Client] = []
        atexit.register(self.close)

    def __getattr__(self, method: str) -> Callable[..., Any]:
        if method.startswith("_"):
            raise AttributeError(method)
        if method in _CRASHES:
            raise AttributeError(f"{method} may crash: call {_CRASHES[method]}")
        return partial(self._ask, method)

    def renew(self) -> None:
        """Connect anew at the next question; the client of now is freed when it has answered."""
        self._give_up()
        self._free()

    def close(self) -> None:
        """Free what has answered. A process calls it at its end: a thread of librdkafka that still runs when
        the libraries are unloaded crashes it."""
        self._give_up()
        for thread in self._free():
            thread.join(_FREE_SECONDS)
        atexit.unregister(self.close)

    def _ask(self, method: str, *what: Any, **options: Any) -> Any:
        seconds = options.get("request_timeout", float(self._properties["socket.timeout.ms"]) / 1000)
        with self._lock:
            client = self._current = self._current or _Client(self._connect(self._properties))
            client.questions += 1
        asked: list[Future[Any]] = []
        try:
            answers = getattr(client.admin, method)(*what, **options)
            asked = _futures(answers)
            wait(asked, seconds + _GRACE_SECONDS)
            return answers
        finally:
            with self._lock:
                client.questions -= 1
                client.asked = [one for one in (*client.asked, *asked) if not one.done()]
            self._free()

    def _free(self) -> list[threading.Thread]:
        """Free those that were given up and have answered, in threads: one that is looking up a name takes
        seconds, and a poll thread must not wait for it."""
        with self._lock:
            idle = [client for client in self._former if client.has_answered]
            self._former = [client for client in self._former if client not in idle]
        threads = []
        for client in idle:
            thread = threading.Thread(target=client.free, name="free admin", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # Python 3.12 and later start none when the interpreter ends
                client.free()
            else:
                threads.append(thread)
        return threads

    def _give_up(self) -> None:
        with self._lock:
            if self._current is not None:
                self._former.append(self._current)
                self._current = None


class _Client:
    """An admin client, and what it has not answered."""

    def __init__(self, client: AdminClient) -> None:
        self.admin = client
        self.questions = 0  # calls under way
        self.asked: list[Future[Any]] = []  # of calls that gave up waiting

    @property
    def has_answered(self) -> bool:
        return not self.questions and all(one.done() for one in self.asked)

    def free(self) -> None:
        """Destroy it now, whoever still refers to it: the frames of an error do."""
        self.admin.__exit__(None, None, None)


def _futures(answers: Any) -> list[Future[Any]]:
    found = answers.values() if isinstance(answers, Mapping) else [answers]
    return [one for one in found if isinstance(one, Future)]
