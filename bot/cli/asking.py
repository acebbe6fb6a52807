"""A yes or a no from whoever runs a command."""

import sys


def agreed(question: str, flag: str) -> bool:
    """Whether a keyboard or a pipe says yes; no answer is a no. flag: what to write not to be asked."""
    try:
        return input(f"{question} [y/N] ").strip().lower() in ("y", "yes", "o", "oui", "是")
    except EOFError:
        print(f"\nNobody answered. Not to be asked: {flag}", file=sys.stderr)
        return False
