"""Tune the cyclic garbage collector for processes with thousands of records in flight."""

import gc

#: New objects before the youngest are looked through. Python's 700 suit a program whose objects die young;
#: the records of a window (a dozen objects each, 60,000 records at most) live on, and were looked through
#: again and again: a third of the CPU time of tracking. A cycle is found later; 50,000 objects are ~10 MB.
_YOUNG_OBJECTS = 50_000


def collect_seldom() -> None:
    """Call once in a service process. Reference counting still frees nearly everything at once; this affects
    only cycles."""
    gc.set_threshold(_YOUNG_OBJECTS, 10, 10)
