"""Memory of long-lived processes: the cyclic garbage collector, and what the C library keeps."""

import ctypes
import gc

#: Threshold of the youngest generation, in new objects. Python's 700 suits programs whose objects die young.
#: The records of a window (a dozen objects each, 60,000 records at most) live on; scanning them again and
#: again took a third of tracking's CPU time. Cycles are now freed later; 50,000 objects are ~10 MB.
_YOUNG_OBJECTS = 50_000


def collect_seldom() -> None:
    """Collect less often. Call it once in a service process. Only cycles are affected; reference counting
    still frees nearly everything at once."""
    gc.set_threshold(_YOUNG_OBJECTS, 10, 10)


def return_freed_memory() -> None:
    """Give memory that was freed back to the system, where the C library (glibc) keeps it for later. Worth a
    call after work that needed much for a moment, such as loading a model."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
