"""An event folder as typed data. See docs/event-data.md for the format."""
