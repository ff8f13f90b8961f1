"""Traces are off unless the standard variables ask for them, and are free then."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from schemas.errors import RequestError
from streams import tracing
from streams.tracing import startup

ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}

_EVERYTHING = """
import sys
import api, headrace.cli.app, headrace.wiring.services, services.embedding.stage, services.indexing
import services.parsing.stage, services.tracking, services.triggers
from streams import tracing
from streams.tracing import startup
startup.start("parsing", "0", {})
assert tracing.span("x") is tracing.span("y")  # nothing is made
print(*sorted(name for name in sys.modules if name.startswith("opentelemetry")))
"""


@pytest.fixture(autouse=True)
def off_again() -> Iterator[None]:
    yield
    tracing.use(None)


def test_nothing_of_opentelemetry_is_imported_while_traces_are_off() -> None:
    found = subprocess.run([sys.executable, "-c", _EVERYTHING], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == ""


@pytest.mark.parametrize(
    ("variables", "is_it"),
    [
        ({}, False),
        ({"OTEL_SERVICE_NAME": "x"}, False),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({"OTEL_TRACES_EXPORTER": "None"}, False),
        (ENDPOINT, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://x"}, True),
        ({**ENDPOINT, "OTEL_TRACES_EXPORTER": "none"}, False),
        ({**ENDPOINT, "OTEL_SDK_DISABLED": "TRUE"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": " "}, False),
    ],
)
def test_an_exporter_or_an_endpoint_switches_them_on(variables: dict[str, str], is_it: bool) -> None:
    assert startup.wanted(variables) is is_it


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        (
            {"OTEL_TRACES_EXPORTER": "zipkin"},
            "OTEL_TRACES_EXPORTER is 'zipkin'; it can be otlp, console or none",
        ),
        (
            {**ENDPOINT, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json"},
            "OTEL_EXPORTER_OTLP_PROTOCOL is 'http/json'; it can be http/protobuf or grpc",
        ),
    ],
)
def test_what_there_is_not_is_refused_with_what_there_is(variables: dict[str, str], words: str) -> None:
    with pytest.raises(RequestError, match=words):
        startup.check(variables)
    with pytest.raises(RequestError, match=words):
        startup.start("parsing", "0", variables)


def test_a_missing_package_is_named_with_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)

    with pytest.raises(startup.MissingPackage, match=r"install headrace\[otel\]"):
        startup.start("parsing", "0", ENDPOINT)
    assert tracing.tracer() is None


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
def test_a_process_ends_while_no_collector_answers(protocol: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(startup, "FLUSH_SECONDS", 0.05)
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http", reason="NOT TESTED here: the extra otel")
    for name, value in {**ENDPOINT, "OTEL_EXPORTER_OTLP_TIMEOUT": "1"}.items():
        monkeypatch.setenv(name, value)
    end = startup.start("parsing", "0", {**ENDPOINT, "OTEL_EXPORTER_OTLP_PROTOCOL": protocol})
    with tracing.span("work"):
        pass

    end()

    assert tracing.tracer() is None


def test_a_service_is_named_by_the_variables_or_by_what_it_is(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    console = {"OTEL_TRACES_EXPORTER": "console"}
    for variables, name in [({}, "headrace-parsing"), ({"OTEL_SERVICE_NAME": "mine"}, "mine")]:
        for variable, value in variables.items():
            monkeypatch.setenv(variable, value)
        end = startup.start("parsing", "3", console)
        with tracing.span("work"):
            pass
        end()
        told = capfd.readouterr().out
        assert f'"service.name": "{name}"' in told
        assert '"service.instance.id": "parsing-3@' in told
