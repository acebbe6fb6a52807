"""/link: one person in two chats, by a code that is shown in one and typed in the other; and apart again."""

from bot.chat.action import is_id
from bot.chat.reply import Button, Reply
from bot.chat.update import Text
from bot.conversation.context import Context
from bot.conversation.router import on
from bot.people import linking
from bot.people.linking import Entered, Refusal
from bot.programme import seats
from bot.text.words import Words
from handlers import audiences, cards, everything_else, offers

UNDO = frozenset({"undo", "annuler", "défaire", "defaire", "撤销", "撤銷", "取消", "解除"})
MINUTES = int(linking.VALID.total_seconds() // 60)
DAYS = linking.UNDONE_WITHIN.days


@on.press("link")
@on.command("link", "Link an account")
def link(ctx: Context, *_: str) -> Reply:
    """A code for the other chat; `/link CODE` takes the other chat's, `/link undo` separates again."""
    content = ctx.update.content
    said = content.text if isinstance(content, Text) and content.text.startswith("/") else ""
    typed = " ".join(said.split()[1:])
    if typed.lower() in UNDO:
        return unlink(ctx)
    return take(ctx, typed) if typed else _show(ctx)


def _show(ctx: Context) -> Reply:
    say = ctx.say
    code = linking.new_code(ctx.tx, ctx.person.id, ctx.account.id, ctx.now)
    text = say("Your code: **{code}**", code=code)
    text += say(
        "In the other chat (Telegram, WeChat or web), write /link and then this code, within {n} minutes. From then on "
        "you are one person in both: one agenda, and each message once.",
        n=str(MINUTES),
    )
    text += say("Or write here the code that the other chat shows.")
    buttons = [cards.button(say.p("button", "Menu"), "menu")]
    if linking.last_link(ctx.tx, ctx.person.id, ctx.now):
        buttons.insert(0, cards.button(say.p("button", "Undo the link"), "unlink"))
    return Reply(text=text, buttons=tuple(buttons), expects="link")


def looks_like_code(text: str) -> bool:
    """Whether it can hardly be anything else, where no code was asked for."""
    code = linking.code_in(text)
    return any(c.isdigit() for c in code) and any(c.isalpha() for c in code)


@on.reply_to("link", verbatim=linking.is_code)
def typed_here(ctx: Context, text: str) -> list[Reply]:
    """The other chat's code; whatever else is a question like any other."""
    if linking.is_code(text):
        return [take(ctx, text)]
    handler = on.find("content", "text")
    assert handler is not None
    replies = handler(ctx, text)
    return [replies] if isinstance(replies, Reply) else list(replies)


def take(ctx: Context, typed: str) -> Reply:
    """Ask for agreement, with what the two have; one answer to all codes that do not work."""
    say = ctx.say
    ctx.notes.update(asked="", said="")
    if not linking.is_code(typed):
        text = say(
            "That is no code: it has 8 letters and digits, such as {example}; never a vowel, L, 0 or 1.",
            example="BX4K 7PQ2",
        )
        return Reply(text=text, buttons=(_again(say),), expects="link")
    match linking.enter(ctx.tx, ctx.person.id, typed, ctx.now):
        case Refusal.OWN:
            text = say("This is the code of this chat. Please write it in the other one.")
            return Reply(text=text, buttons=(_again(say),))
        case Refusal.TOO_MANY:
            text = say("Too many wrong codes. Please try again in an hour.")
            return Reply(text=text, buttons=(cards.button(say.p("button", "Talk to a person"), "human"),))
        case Entered() as entered:
            return _ask(ctx, entered)
    return _does_not_work(say)


def _does_not_work(say: Words) -> Reply:
    text = say("This code does not work: each holds for {n} minutes, and once.", n=str(MINUTES))
    text += say("Write /link in the other chat for a new one, then write it here.")
    return Reply(text=text, buttons=(_again(say),), expects="link")


def _again(say: Words) -> Button:
    return cards.button(say.p("button", "A code for the other chat"), "link")


def _ask(ctx: Context, entered: Entered) -> Reply:
    say = ctx.say
    text = say("Link the two chats?")
    for person, channel in ((entered.person, entered.channel), (ctx.person.id, ctx.update.channel)):
        going = len(seats.going_to(ctx.tx, ctx.event, person))
        name = _name(channel, say)
        text += say.n("- {channel}: {n} session", "- {channel}: {n} sessions", going, channel=name)
    text += say("The agendas become one, and what you receive comes once. You can undo it for {n} days.", n=str(DAYS))
    yes = cards.button(say.p("button", "Yes, join them"), "linked", str(entered.id))
    return Reply(text=text, buttons=(yes, cards.button(say.p("button", "No"), "menu")))


@on.press("linked")
def linked(ctx: Context, entered_id: str = "", *_: str) -> Reply:
    """Make one person of the two; both chats are told."""
    if not is_id(entered_id):
        return everything_else.unknown_button(ctx)
    say = ctx.say
    joined = linking.join(ctx.tx, int(entered_id), ctx.person.id, ctx.event, ctx.now)
    if joined is None:
        if linking.last_link(ctx.tx, ctx.person.id, ctx.now):
            return Reply(text=say("The two chats are linked already."), buttons=cards.menu(say)[:3])
        return _does_not_work(say)
    offers.tell(ctx, joined.freed)
    here = ctx.update.channel
    ctx.tell(joined.person, "linked", lambda say: _told(here, say), accounts=joined.accounts)
    going = len(seats.going_to(ctx.tx, ctx.event, joined.person))
    text = say("Done: the two chats are linked.") + say.n(
        "Your agenda holds {n} session.", "Your agenda holds {n} sessions.", going
    )
    undo = cards.button(say.p("button", "Undo the link"), "unlink")
    return Reply(text=text, buttons=(cards.button(say.p("button", "My agenda"), "agenda"), undo))


def _told(channel: str, say: Words) -> Reply:
    """What the other chat is told: its owner may know nothing of it."""
    text = say("This chat is now linked with another one ({channel}).", channel=_name(channel, say))
    text += say("If this was not you, undo it here.")
    buttons = (
        cards.button(say.p("button", "My agenda"), "agenda"),
        cards.button(say.p("button", "Undo the link"), "unlink"),
    )
    return Reply(text=text, buttons=buttons)


@on.press("unlink")
def unlink(ctx: Context, *_: str) -> Reply:
    """Ask first: what was chosen since stays on one side."""
    say = ctx.say
    found = linking.last_link(ctx.tx, ctx.person.id, ctx.now)
    if found is None:
        text = say("There is no link to undo: it can be undone for {n} days.", n=str(DAYS))
        return Reply(text=text, buttons=(_again(say),))
    link_id, channels = found
    names = say.list(list(dict.fromkeys(_name(channel, say) for channel in channels)))
    text = say("Separate the two chats again? What was linked: {channels}.", channels=names)
    text += say(
        "Each has again what it had, as far as there are places. What was chosen since stays with the older one."
    )
    yes = cards.button(say.p("button", "Yes, separate"), "unlinked", str(link_id))
    return Reply(text=text, buttons=(yes, cards.button(say.p("button", "No"), "menu")))


@on.press("unlinked")
def unlinked(ctx: Context, link_id: str = "", *_: str) -> Reply:
    """Separate again; both sides are told."""
    if not is_id(link_id):
        return everything_else.unknown_button(ctx)
    say = ctx.say
    parted = linking.undo(ctx.tx, int(link_id), ctx.person.id, ctx.event, ctx.now)
    if parted is None:
        return unlink(ctx)
    offers.tell(ctx, parted.freed)
    is_here = ctx.account.id in parted.accounts
    other = ctx.person.id if is_here else parted.person
    ctx.tell(other, "unlinked", _parted)
    return _parted(say)


def _parted(say: Words) -> Reply:
    text = say("Done: the two chats are separate again.")
    return Reply(text=text, buttons=(cards.button(say.p("button", "My agenda"), "agenda"), _again(say)))


def _name(channel: str, say: Words) -> str:
    return audiences.channel_name(channel, say)
