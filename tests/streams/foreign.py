"""Writes what confluent-kafka's producer cannot: headers as any other client may write them.

Speaks to the librdkafka that confluent-kafka brings, by its own C interface (rdkafka.h, `rd_kafka_producev`).
"""

import ctypes
from pathlib import Path

import confluent_kafka

# rd_kafka_vtype_t
_END, _TOPIC, _PARTITION, _VALUE, _KEY, _FLAGS, _HEADERS = 0, 1, 3, 4, 5, 7, 10
_COPY = 2  # RD_KAFKA_MSG_F_COPY


def _library() -> ctypes.CDLL:
    folder = Path(confluent_kafka.__file__).parent.parent / "confluent_kafka.libs"
    library = ctypes.CDLL(str(next(folder.glob("librdkafka*"))))
    for name in ("rd_kafka_conf_new", "rd_kafka_new", "rd_kafka_headers_new"):
        getattr(library, name).restype = ctypes.c_void_p
    return library


def write_with_header(bootstrap_servers: str, topic: str, name: bytes, value: bytes, count: int = 1) -> None:
    """Write records to partition 0 that have one header with this name. Blocks until the broker has them."""
    library = _library()
    error = ctypes.create_string_buffer(512)
    configuration = ctypes.c_void_p(library.rd_kafka_conf_new())
    library.rd_kafka_conf_set(configuration, b"bootstrap.servers", bootstrap_servers.encode(), error, 512)
    client = ctypes.c_void_p(library.rd_kafka_new(0, configuration, error, 512))
    assert client.value, error.value
    for _ in range(count):
        headers = ctypes.c_void_p(library.rd_kafka_headers_new(ctypes.c_size_t(1)))
        size = ctypes.c_ssize_t
        library.rd_kafka_header_add(
            headers, ctypes.c_char_p(name), size(len(name)), ctypes.c_char_p(b"v"), size(1)
        )
        refused = library.rd_kafka_producev(
            client,
            *(ctypes.c_int(_TOPIC), ctypes.c_char_p(topic.encode())),
            *(ctypes.c_int(_PARTITION), ctypes.c_int32(0)),
            *(ctypes.c_int(_VALUE), ctypes.c_char_p(value), ctypes.c_size_t(len(value))),
            *(ctypes.c_int(_KEY), ctypes.c_char_p(b"k"), ctypes.c_size_t(1)),
            *(ctypes.c_int(_FLAGS), ctypes.c_int(_COPY)),
            *(ctypes.c_int(_HEADERS), headers),
            ctypes.c_int(_END),
        )
        assert not refused
    assert not library.rd_kafka_flush(client, 20_000)
    library.rd_kafka_destroy(client)
