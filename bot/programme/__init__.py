"""Sessions, seats, the published versions of the programme, what is on now, the agenda."""
