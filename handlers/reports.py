"""What became of an announcement: a card of figures, and what can still be done about it."""

from bot.chat.reply import Reply
from bot.conversation.context import Context
from bot.delivery.tables import State
from bot.notices import reporting
from bot.notices.broadcast import Notice
from bot.notices.reporting import Tally
from bot.notices.tables import NoticeState
from bot.text.markup import Markup
from bot.text.words import Words
from handlers import announcements, cards
from handlers.announcements import button

STARTED = (NoticeState.SENDING, NoticeState.PAUSED, NoticeState.SENT)


def card(ctx: Context, seen: Notice, note: Markup | None = None) -> Reply:
    """note: what has just been done, above it."""
    say, counted = ctx.say, reporting.tally(ctx.tx, seen)
    text = (note or Markup()) + _progress(ctx, seen, counted)
    buttons = [button(say.p("button", "Refresh"), "notice", seen)]
    if seen.state == NoticeState.SENDING:
        buttons.append(button(say.p("button", "Pause"), "notice-pause", seen))
    if seen.state == NoticeState.PAUSED:
        buttons.append(button(say.p("button", "Resume"), "notice-resume", seen))
    if seen.state in (NoticeState.SENDING, NoticeState.PAUSED):
        buttons.append(button(say.p("button", "Cancel the rest"), "notice-cancel", seen))
    if seen.state in STARTED:
        buttons.append(button(say.p("button", "Correct"), "notice-correct", seen))
    if seen.state in (*STARTED, NoticeState.CANCELLED) and counted.by:
        buttons.append(button(say.p("button", "Recall"), "notice-recall", seen))
    buttons += [cards.button(say.p("button", "New announcement"), "notice-new"), announcements.others(say)]
    return Reply(text=text, buttons=tuple(buttons), replaces=True)


def _progress(ctx: Context, seen: Notice, counted: Tally) -> Markup:
    """Where it stands, how it begins, how many it has reached."""
    say = ctx.say
    text = say("**Announcement {number}**", number=str(seen.id)) + _state(seen, say)
    text += Markup.text(announcements.excerpt(seen, say.language))
    if seen.started_at:
        text += say("Begun {day}, {hour}", day=say.date(seen.started_at), hour=say.time(seen.started_at))
    names = {
        State.QUEUED: say.p("delivery", "to be sent"),
        State.SENDING: say.p("delivery", "on its way"),
        State.SENT: say.p("delivery", "sent"),
        State.IN_DOUBT: say.p("delivery", "not certain whether it arrived"),
        State.FAILED: say.p("delivery", "failed"),
        State.UNREACHABLE: say.p("delivery", "cannot be written to"),
        State.RECALLED: say.p("delivery", "recalled"),
        State.CANCELLED: say.p("delivery", "cancelled"),
    }
    text += Markup.join(
        # Translators: how many deliveries are in a state: "sent: 312".
        say("- {state}: {n}", state=names[state], n=str(counted.by[state]))
        for state in State
        if state in counted.by
    )
    if counted.waiting:
        text += say.n(
            "- {n} of these gets it when they next write, as WeChat has it",
            "- {n} of these get it when they next write, as WeChat has it",
            counted.waiting,
        )
    if seen.declined:
        text += say.n("- {n} more wants no announcements", "- {n} more want no announcements", seen.declined)
    if seen.receipt:
        text += say.n("**{n} person** has confirmed it.", "**{n} people** have confirmed it.", counted.confirmed)
    if seen.state == NoticeState.SENDING:
        text += say("As of {date}, {time}", date=say.date(ctx.now), time=say.time(ctx.now))
    return text


def _state(seen: Notice, say: Words) -> Markup:
    match seen.state:
        case NoticeState.SENDING:
            return (
                say("It is being sent.") if seen.is_fanned else say("It is being sent; its readers are being listed.")
            )
        case NoticeState.PAUSED:
            return say("Paused: nothing more goes out until you resume.")
        case NoticeState.CANCELLED if seen.started_at is None:
            return say("Deleted: it was never sent.")
        case NoticeState.CANCELLED:
            return say("Cancelled: whoever had not received it will not get it.")
        case NoticeState.RECALLED:
            return say("Recalled: taken back from its readers where their platform allows it.")
    return say("It is sent.")
