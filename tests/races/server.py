"""A bot in a process of its own, to be killed: `python -m tests.races.server DATABASE_URL TELEGRAM_URL TOKEN`."""

import os
import signal
import sys

from bot.cli.run import main


def start() -> None:
    import argparse

    from bot import logs, settings

    url, telegram, token = sys.argv[1:4]
    os.environ["PASSERELLE_DATABASE_URL"] = url
    os.environ["PASSERELLE_TELEGRAM_API_URL"] = telegram
    os.environ["PASSERELLE_TELEGRAM_TOKEN"] = token
    os.environ["PASSERELLE_EMBEDDER"] = "none"
    os.environ.setdefault("PASSERELLE_TELEGRAM_RATE", "0")  # no pace: the load is what is tested
    os.environ["PASSERELLE_CLOCK"] = "2014-11-06T09:00"
    logs.set_up("json")
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main(argparse.Namespace(host="127.0.0.1", port=int(sys.argv[4]), role="all"), settings.load()))


if __name__ == "__main__":
    start()
