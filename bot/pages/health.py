"""Whether the process is up, and whether it can serve."""

from aiohttp import web

from bot.clock import Clock
from bot.delivery import outbox
from bot.errors import StoreUnreachable
from bot.store.threads import Store


class Health:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/healthz", self.up)
        app.router.add_get("/readyz", self.ready)

    async def up(self, request: web.Request) -> web.Response:
        return web.json_response({"status": "up"})

    async def ready(self, request: web.Request) -> web.Response:
        """200 with how many messages wait, 503 while the database does not answer."""
        try:
            waiting = await self._store.read(outbox.count_open, self._clock.now())
        except StoreUnreachable:
            return web.json_response({"status": "no database"}, status=503)
        return web.json_response({"status": "ready", "owed": waiting})
