"""The machine that runs a turn: an update in, replies owed. Read receive.py first."""
