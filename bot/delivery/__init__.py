"""What is owed to people: the outbox, who sends it, how fast, and what became of it."""
