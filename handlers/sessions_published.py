"""What organizers publish from chat: said, told to those whom it touches, and undone."""

from collections.abc import Sequence
from datetime import timedelta

from bot.chat.reply import Button, Reply
from bot.conversation.context import Context
from bot.conversation.router import on
from bot.event.model import Event
from bot.notices import publishing
from bot.programme import touched, worded
from bot.programme.touched import Touched
from bot.programme.versions import Published
from bot.text.markup import Markup, Paragraph, Span
from handlers import cards, changes, everything_else


def publish(ctx: Context, new: Published, author: str, how: str) -> Reply:
    """how: "soon", once it has settled; "quiet", told to nobody; else at once."""
    say = ctx.say
    done = publishing.publish(
        ctx.tx, ctx.published.number, new, changes.wording(ctx.words), author=author, tells=how != "quiet",
        settles=publishing.SETTLES if how == "soon" else timedelta(0),
    )  # fmt: skip
    if done is None:
        return Reply(text=say("Somebody else published a moment ago: look at it once more."), buttons=(again(ctx),))
    text = say("**Published.** The programme and the answers say so from now on.")
    buttons = [cards.button(say.p("button", "Undo"), "session-undo", str(done.number)), again(ctx)]
    if done.due_at:
        text += say.n(
            "{n} person is told at {hour}.", "{n} persons are told at {hour}.", done.people, hour=say.time(done.due_at)
        )
        buttons.insert(0, cards.button(say.p("button", "Tell them now"), "session-tell"))
    elif done.people:
        text += say.n("{n} person is being told.", "{n} persons are being told.", done.people)
    else:
        text += say("Nobody is told of a change.")
    return Reply(text=text, buttons=tuple(buttons), replaces=True)


@on.press("session-undo")
def undo(ctx: Context, number: str = "", sure: str = "", *_: str) -> Reply:
    """Publish the version before again, after a question; nothing where another has come since."""
    if not ctx.is_organizer:
        return everything_else.unknown_button(ctx)
    say, former = ctx.say, publishing.before(ctx.tx, ctx.published)
    if number != str(ctx.published.number) or former is None:
        return Reply(text=say("Something else was published since: nothing was undone."), buttons=(again(ctx),))
    found = touched.between(ctx.event, former.event, ctx.now)
    if not sure:
        text = say("**Undo the last change?**")
        for each in found:
            lines = worded.changed(each, ctx.event, former.event, say)
            text += block(each.after.title.in_(say.language), lines)
        text += whom(ctx, former.event, [*found])
        yes = cards.button(say.p("button", "Yes, undo it"), "session-undo", number, "yes")
        return Reply(text=text, buttons=(yes, again(ctx)), replaces=True)
    new = Published(0, ctx.now, former.digest, former.event, {}, former.edits)
    return publish(ctx, new, f"{ctx.update.channel}:{ctx.update.address}", "soon")


@on.press("session-tell")
def tell_now(ctx: Context, *_: str) -> Reply:
    """What waits for its minute is told at once."""
    if not ctx.is_organizer:
        return everything_else.unknown_button(ctx)
    told = publishing.tell_now(ctx.tx, ctx.now)
    text = ctx.say("They are being told.") if told else ctx.say("Nothing waits to be told.")
    return Reply(text=text, buttons=(again(ctx),))


def whom(ctx: Context, event: Event, found: list[Touched]) -> Markup:
    """How many are told, as the change stands."""
    if not found:
        return ctx.say("Nobody is told of a change.")
    counted = publishing.reach(ctx.tx, found, event)
    people, missed = counted.total, counted.unreachable
    text = ctx.say.n("{n} person is told.", "{n} persons are told.", people) if people else Markup()
    if missed:
        # Translators: of those who are concerned by a change and have no channel that we can write to.
        text += ctx.say.n("{n} person cannot be reached.", "{n} persons cannot be reached.", missed)
    return text or ctx.say("Nobody is told of a change.")


def again(ctx: Context) -> Button:
    return cards.button(ctx.say.p("button", "Another session"), "session-day")


def block(title: str, lines: Sequence[str]) -> Markup:
    return Markup((Paragraph((Span(title, bold=True), *(Span(f"\n{line}") for line in lines))),))
