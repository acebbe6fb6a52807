"""`make scaled`: two doors and two workers on this machine, as compose.yaml starts them, until Ctrl-C.

PostgreSQL: the one that answers at 127.0.0.1:5432 or TEST_POSTGRESQL, else one from a wheel. NATS: from a wheel. The
database is a new one and goes when this ends. PASSERELLE_ settings of the environment hold for every process.
"""

import asyncio
import os
import signal
import tempfile
from pathlib import Path

import pytest

from tests import databases
from tests.scaled.topology import Topology, nats


async def main() -> None:
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    port = int(os.environ.get("PASSERELLE_PORT", "8080"))
    with tempfile.TemporaryDirectory(prefix="passerelle-scaled-") as made:
        folder = Path(made)
        with databases.server(folder / "postgresql") as server, databases.database(server) as url:
            async with nats(folder / "nats") as broker, Topology(url, broker.url, folder / "bot", port=port) as bot:
                print(f"Web chat: {bot.url}/  (a proxy before {', '.join(map(str, bot.ports))})")
                for name, process in bot.processes.items():
                    print(f"{name}: pid {process.pid}, log {bot.log(name)}")
                print(f"NATS: {broker.url}\nPostgreSQL: {url}\nStop with Ctrl-C.", flush=True)
                await stop.wait()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except pytest.skip.Exception as missing:
        raise SystemExit(str(missing)) from None
