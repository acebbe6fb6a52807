"""The project's own benchmarks: real processes, beside peers, against a double of the Bot API."""
