"""The web chat: one light page for phones, which reconnects and misses nothing."""
