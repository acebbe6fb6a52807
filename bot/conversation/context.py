"""What a handler gets, and what it may ask for beside its replies."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.answers.outcome import Outcome
from bot.chat.reply import Reply
from bot.chat.update import Update
from bot.event.model import Event
from bot.people.accounts import Account, Person
from bot.programme.facts import Facts
from bot.programme.versions import Published
from bot.store.transaction import Transaction
from bot.text.words import Words


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text was understood to be, before the transaction. language: of the text, "" where it has none.

    asked: the person's text before this update, as far as this process remembers it and it is of use.
    """

    language: str = ""
    outcome: Outcome | None = None
    asked: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """Something owed to another person: worded in their language by `wording`."""

    person: int
    because: str
    wording: Callable[[Words], Reply]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One turn. Handlers read it, call rules with `tx`, and return replies."""

    update: Update
    account: Account
    person: Person
    say: Words  # in the language of this turn's answer
    words: Callable[[str], Words]  # any other language's
    tx: Transaction  # open; committed by the conversation, never by a handler
    now: datetime  # aware UTC, the same for the whole turn
    published: Published
    reading: Reading
    public_url: str = ""
    retention_days: int = 90
    is_organizer: bool = False  # may use organizers' commands, in a chat of their own
    reads_along: str = ""  # the host of the language model that is sent questions, "" where none is
    told: list[Told] = field(default_factory=list)
    # "entry": what this turn answered; "asked": the text it was about; "noticed": the notice of privacy is among it.
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def event(self) -> Event:
        return self.published.event

    @property
    def facts(self) -> Facts:
        return Facts(self.event, self.say)

    def tell(self, person: int, because: str, wording: Callable[[Words], Reply]) -> None:
        """Owe another person a message, committed with this turn."""
        self.told.append(Told(person, because, wording))


Replies = Reply | Sequence[Reply]
Handler = Callable[..., Replies]
