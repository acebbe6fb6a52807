"""How many updates one browser may send: enough for the fastest thumbs, too few to trouble the others."""

from collections import OrderedDict
from time import monotonic

from pyrate_limiter import InMemoryBucket, Rate, RateItem

UPDATES, WINDOW_SECONDS = 30, 10
REMEMBERED = 20_000  # senders; the one longest silent is forgotten first


class Pace:
    """Counts per sender, in this process alone."""

    def __init__(self, updates: int = UPDATES, window_seconds: int = WINDOW_SECONDS) -> None:
        self._rates = [Rate(updates, window_seconds * 1000)]
        self._buckets: OrderedDict[str, InMemoryBucket] = OrderedDict()

    def wait_seconds(self, sender: str) -> int:
        """0 where `sender` may go on, which is then counted; else how long to wait."""
        now = int(monotonic() * 1000)
        bucket = self._buckets.setdefault(sender, InMemoryBucket(self._rates))
        self._buckets.move_to_end(sender)
        if len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)
        bucket.leak(now)
        item = RateItem(sender, now)
        if bucket.put(item):
            return 0
        wait = bucket.waiting(item)
        return max(1, -(-wait // 1000)) if isinstance(wait, int) else 1
