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

    asked: the person's text before this update, as far as this process remembers it and it is of use. said: the same,
    though it has been learnt from.
    """

    language: str = ""
    outcome: Outcome | None = None
    asked: str = ""
    said: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """Something owed to another person: worded in their language by `wording`, on the account they last used.

    accounts: their ids, where it is for these, as long as one of them can be written to; everywhere: on each that the
    person has.
    """

    person: int
    because: str
    wording: Callable[[Words], Reply]
    accounts: Sequence[int] = ()
    everywhere: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What every turn has: a person's (`Context`), and one of the team's in its room."""

    update: Update
    say: Words  # in the language of this turn's answer
    words: Callable[[str], Words]  # any other language's
    tx: Transaction  # open; committed by the conversation, never by a handler
    now: datetime  # aware UTC, the same for the whole turn
    published: Published
    organizers: frozenset[tuple[str, str]] = frozenset()  # (channel, address)
    told: list[Told] = field(default_factory=list)

    @property
    def event(self) -> Event:
        return self.published.event

    @property
    def acting(self) -> int:
        """The account whose turn it is, 0 for the team's."""
        return 0

    def tell(
        self,
        person: int,
        because: str,
        wording: Callable[[Words], Reply],
        *,
        accounts: Sequence[int] = (),
        everywhere: bool = False,
    ) -> None:
        """Owe another person a message, committed with this turn: as in `Told`."""
        self.told.append(Told(person, because, wording, accounts, everywhere))


@dataclass(frozen=True, slots=True, kw_only=True)
class Context(Turn):
    """A person's turn. Handlers read it, call rules with `tx`, and return replies."""

    account: Account
    person: Person
    reading: Reading
    public_url: str = ""
    retention_days: int = 90
    is_organizer: bool = False  # may use organizers' commands, in a chat of their own
    reads_along: str = ""  # the host of the language model that is sent questions, "" where none is
    # "entry": what this turn answered; "heard": another thing whose facts it showed; "asked": the text it was about;
    # "said": the text to remember, "" for one that is nobody's business;
    # "noticed": the notice of privacy is among it.
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def acting(self) -> int:
        return self.account.id

    @property
    def facts(self) -> Facts:
        return Facts(self.event, self.say)


Replies = Reply | Sequence[Reply]
Handler = Callable[..., Replies]
