"""python -m bot, and the console script `passerelle`."""

import os
import sys

# One thread for the matrices of the answers, said before NumPy is loaded: more of them spin on each other
# (a question cost three times the CPU) and take the cores from the conversation.
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(name, "1")

from bot.cli.main import run  # noqa: E402


def main() -> None:
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
