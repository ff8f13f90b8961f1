"""Keys to partitions: as the Java client and librdkafka do it."""

import pytest

from streams.partitions import murmur2, partition_of


@pytest.mark.parametrize(
    ("key", "expected"),
    [  # what the Java client's own tests hold (UtilsTest.testMurmur2), signed 32 bits
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_murmur2_is_that_of_the_java_client(key: bytes, expected: int) -> None:
    assert murmur2(key) == expected & 0xFFFFFFFF


def test_a_negative_hash_is_made_positive_as_the_java_client_does() -> None:
    assert partition_of("21", 12) == (-973932308 & 0x7FFFFFFF) % 12
