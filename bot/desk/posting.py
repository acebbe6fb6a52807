"""Shows the team its tickets: a card each, edited in place as it changes, and a line beside it where an edit would not
be noticed. Of one process at a time.

What is to be shown stands in the database, so that a kill at any line loses nothing: at worst a card that was sent and
not written down comes a second time. A group takes 20 messages a minute: what changes meanwhile is one edit.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

import structlog

from bot.chat.action import Action
from bot.chat.channel import Channel, Failed, InDoubt, Later, Parcel, Receive, Sent, Unreachable
from bot.chat.desk import Answer, Desk, Elsewhere, Found
from bot.chat.reply import Reply
from bot.chat.update import Joined, Left, Moved, Press, Room, Update
from bot.clock import Clock
from bot.desk import room as rooms
from bot.desk import shown, tickets, undelivered
from bot.desk.room import TeamRoom
from bot.desk.shown import Post
from bot.desk.tickets import Ticket
from bot.event.model import Event
from bot.store.threads import Store
from bot.text.words import Words

LOOK_SECONDS = 1.0
AGAIN_SECONDS = 3.0  # after an answer in doubt
BACK_SECONDS = 30.0  # between two looks at a room that the bot was put out of
TRIES = 3  # at what the platform refuses for a reason of its own

log = structlog.get_logger()

# (event, ticket, args, say, now) -> what the team sees; by kind, "card" and those of posts
Wording = Callable[[str, Event, Ticket, tuple[str, ...], Words, datetime], Reply]


class Posting:
    """The showing half of a desk. `wake` after what has changed is committed; it looks by itself every second too."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        desk: Desk | None,
        channel: Channel | None,
        event: Callable[[], Event],
        words: Callable[[str], Words],
        wording: Wording,
        receive: Receive,
    ) -> None:
        """desk, channel: None where there is no room; answers to delegates are looked after all the same."""
        self._store, self._desk, self._channel, self._clock = store, desk, channel, clock
        self._event, self._words, self._wording, self._receive = event, words, wording, receive
        self._name = channel.name if channel else "desk"
        self._awake = asyncio.Event()
        self._refusals: Counter[tuple[str, int]] = Counter()
        self._looked_at = 0.0

    def wake(self) -> None:
        self._awake.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._awake.clear()
            pause = LOOK_SECONDS
            try:
                pause = max(pause, await self._tick())
            except Exception:
                log.exception("desk.failed")
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._awake.wait()
                    pause = 0.0

    async def _tick(self) -> float:
        """Show all that is out of date; the seconds to wait where the platform wants some."""
        for message_id in await self._store.read(undelivered.lost, self._clock.now()):
            found = await self._store.read(undelivered.message, message_id)
            if found is not None:
                tries = str(found.said.tries)
                press = Press(Action("lost", (str(message_id), tries)))
                await self._report(press, f"lost:{message_id}:{tries}")
        room = await self._store.read(rooms.of) if self._desk is not None else None
        if room is None or self._channel is None or room.channel != self._channel.name:
            return 0.0
        if not room.is_on or room.has_topics is None:
            return await self._look(room)
        for ticket_id in await self._store.read(shown.dirty, room.place):
            answer = await self._card(ticket_id, room)
            if not isinstance(answer, Sent):
                return await self._refused(answer, room, ("card", ticket_id))
        for post in await self._store.read(shown.posts):
            answer = await self._post(post, room)
            if not isinstance(answer, Sent):
                return await self._refused(answer, room, ("post", post.id))
        return 0.0

    # --- the room

    async def _look(self, room: TeamRoom) -> float:
        now = asyncio.get_running_loop().time()
        if not room.is_on and now - self._looked_at < BACK_SECONDS:
            return 0.0
        self._looked_at = now
        found = await self._at.look(room.address)
        if not isinstance(found, Found):
            return await self._refused(found, room, ("look", 0)) if room.is_on else 0.0
        if not room.is_on:
            await self._report(Joined(), f"back:{now}", room.address)
        elif await self._store.write(rooms.learn, room, found.has_topics):
            log.info("desk.found", topics=found.has_topics)
            self.wake()
        return 0.0

    async def _refused(self, answer: Answer | None, room: TeamRoom, what: tuple[str, int]) -> float:
        """What an answer leads to; the seconds to wait."""
        match answer:
            case Later(seconds):
                return seconds
            case InDoubt():
                return AGAIN_SECONDS
            case Elsewhere(address):
                log.warning("desk.moved", to=address)
                self._at.rooms.add(address)
                await self._report(Moved(address), f"moved:{address}", room.address)
                self.wake()
            case Unreachable(why):
                log.error("desk.off", why=why, do="add the bot to the group of PASSERELLE_TELEGRAM_DESK_CHAT again")
                await self._report(Left(), f"off:{self._clock.now().timestamp():.3f}", room.address)
            case _:
                self._refusals[what] += 1
                log.error("desk.refused", what=what[0], why=getattr(answer, "why", ""), times=self._refusals[what])
                return AGAIN_SECONDS
        return 0.0

    def _is_given_up(self, what: tuple[str, int]) -> bool:
        return self._refusals[what] >= TRIES

    async def _report(self, content: Left | Joined | Moved | Press, key: str, address: str = "") -> None:
        """Hand what was learnt here to the team's handlers, as if the platform had said it."""
        await self._receive(
            Update(
                channel=self._name, key=f"desk:{key}", address=address or "desk", author="",
                at=self._clock.now(), content=content, room=Room(),
            )
        )  # fmt: skip

    # --- cards and what stands beside them

    async def _card(self, ticket_id: int, room: TeamRoom) -> Answer:
        seen = await self._store.read(tickets.get, ticket_id)
        if seen is None:
            return Sent()
        if seen.person_id is None:
            return await self._take_away(seen, room)
        if seen.room != room.place:  # none yet, or what there is stays behind in another room
            seen = replace(seen, thread="", card="")
        if self._is_given_up(("card", ticket_id)):
            await self._report(Press(Action("unshown", (str(ticket_id),))), f"unshown:{ticket_id}:{seen.version}")
            await self._store.write(
                shown.card_is, seen.id, room=room.place, thread=seen.thread, card=seen.card, version=seen.version
            )
            return Sent()
        if room.has_topics and not seen.thread:
            begun = await self._topic(seen, room)
            if not isinstance(begun, Sent):
                return begun
            seen = replace(seen, thread=begun.message_id)
        parcel = self._parcel("card", seen, (), replacing=seen.card)
        answer = await self._at.post(room.address, parcel, thread=seen.thread)
        if isinstance(answer, Sent):
            card = answer.message_id or seen.card
            await self._store.write(
                shown.card_is, seen.id, room=room.place, thread=seen.thread, card=card, version=seen.version
            )
        return answer

    async def _topic(self, seen: Ticket, room: TeamRoom) -> Answer:
        """A topic for the ticket; where the bot may not begin any, the room is one without."""
        title = str(self._wording("topic", self._event(), seen, (), self._words_of_team, self._clock.now()).text)
        begun = await self._at.topic(room.address, title)
        if isinstance(begun, Sent):
            await self._store.write(shown.topic_is, seen.id, room.place, begun.message_id)
        elif isinstance(begun, Failed):
            log.error("desk.no_topics", why=begun.why, do="let the bot manage topics in the group, then start it again")
            await self._store.write(rooms.learn, room, False)
            return Later(0)
        return begun

    async def _take_away(self, seen: Ticket, room: TeamRoom) -> Answer:
        """All that is shown of a ticket whose person asked to be forgotten; what is too old for that loses its text."""
        for message_id in await self._store.read(shown.messages, seen.id) if seen.room == room.place else ():
            answer = await self._at.remove(room.address, message_id)
            if isinstance(answer, Later | InDoubt | Elsewhere | Unreachable):
                return answer
            if not isinstance(answer, Sent):
                emptied = await self._at.post(room.address, self._parcel("erased", seen, (), replacing=message_id))
                if not isinstance(emptied, Sent):
                    log.error("desk.not_erased", ticket=seen.id, do="delete what is left of it in the group by hand")
        await self._store.write(shown.gone, seen.id)
        return Sent()

    async def _post(self, post: Post, room: TeamRoom) -> Answer:
        seen = await self._store.read(tickets.get, post.ticket_id)
        if seen is None or seen.person_id is None or seen.room != room.place or self._is_given_up(("post", post.id)):
            await self._store.write(shown.posted, post.id, "")
            return Sent()
        parcel = self._parcel(post.kind, seen, post.args)
        under = post.answers or seen.card
        answer = await self._at.post(room.address, parcel, thread=seen.thread, answers=under)
        if isinstance(answer, Sent):
            await self._store.write(shown.posted, post.id, answer.message_id)
        return answer

    @property
    def _at(self) -> Desk:
        assert self._desk is not None
        return self._desk

    @property
    def _words_of_team(self) -> Words:
        return self._words(self._event().default_language)

    def _parcel(self, kind: str, seen: Ticket, args: tuple[str, ...], *, replacing: str = "") -> Parcel:
        event, say = self._event(), self._words_of_team
        reply = self._wording(kind, event, seen, args, say, self._clock.now())
        assert self._channel is not None
        return self._channel.render([replace(reply, replaces=True)], say, replacing=replacing)[0]
