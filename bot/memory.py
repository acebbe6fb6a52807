"""What stays in memory, and what goes back to the system."""

import ctypes
import gc
from contextlib import suppress


def settle() -> None:
    """What is there now stays for good: the collector need not look at it again. Each of its full rounds takes 150 ms
    otherwise, in which nothing is sent or answered. To be called at the end of a start, and where much was replaced.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def give_back() -> None:
    """What was freed goes back to the system. glibc keeps the holes between what stays: some 40 MB once the answering
    engine is built. Elsewhere nothing happens.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
