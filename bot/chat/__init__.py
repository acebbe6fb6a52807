"""The words of a conversation: types and pure functions, no I/O."""
