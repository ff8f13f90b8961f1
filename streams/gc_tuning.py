"""How often Python looks for reference cycles in a process that has thousands of records under way."""

import gc

#: New objects before the youngest are looked through. Python's 700 suit a program whose objects die young;
#: the records of a window (a dozen objects each, 60,000 records at most) live on, and were looked through
#: again and again: a third of the CPU time of tracking. A cycle is found later; 50,000 objects are ~10 MB.
_YOUNG_OBJECTS = 50_000


def collect_seldom() -> None:
    """To be called once by a process that is a service. Reference counts free nearly everything at once, as
    ever: this is about cycles alone."""
    gc.set_threshold(_YOUNG_OBJECTS, 10, 10)
