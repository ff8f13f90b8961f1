"""The partition of a key, by Java's default rule, so that every client agrees."""

#: A topic (its name in the catalogue) and the number of a partition.
Partition = tuple[str, int]

_M = 0x5BD1E995
_MASK = 0xFFFFFFFF


def murmur2(key: bytes) -> int:
    """Murmur2 as the Java client computes it (32-bit, seed 0x9747b28c), as an unsigned number."""
    length = len(key)
    h = (0x9747B28C ^ length) & _MASK
    for at in range(0, length & ~3, 4):
        k = int.from_bytes(key[at : at + 4], "little") * _M & _MASK
        k = (k ^ (k >> 24)) * _M & _MASK
        h = (h * _M & _MASK) ^ k
    if tail := key[length & ~3 :]:
        h = (h ^ int.from_bytes(tail, "little")) * _M & _MASK
    h = (h ^ (h >> 13)) * _M & _MASK
    return h ^ (h >> 15)


def partition_of(key: str, partitions: int) -> int:
    """The partition of `key` on a topic of `partitions` partitions (the Java default and librdkafka's
    `murmur2_random` partitioner agree with it)."""
    return (murmur2(key.encode()) & 0x7FFFFFFF) % partitions
