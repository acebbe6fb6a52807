"""An announcement on its way: when it goes, the last question before it, and what can be done once it is sent."""

from collections.abc import Mapping
from dataclasses import replace
from hashlib import blake2b

from bot.chat.reply import Reply
from bot.chat.update import Press
from bot.conversation.context import Context, Replies
from bot.conversation.router import on
from bot.errors import Fault
from bot.notices import audience as audiences
from bot.notices import broadcast, forecast
from bot.notices.broadcast import Notice
from bot.notices.tables import NoticeState, Urgency
from bot.text import moments
from bot.text.formats import capital
from bot.text.markup import Markup
from handlers import announcements, mending
from handlers import audiences as worded
from handlers.announcements import button
from handlers.organizers import back, card, takes_text, too_late, with_notice

# --- when


@on.press("notice-when")
@with_notice
def when(ctx: Context, seen: Notice, *_: str) -> Reply:
    """Ask for the hour."""
    return _asked(ctx, seen) if seen.state == NoticeState.DRAFT else too_late(ctx, seen)


def _asked(ctx: Context, seen: Notice, note: Markup | None = None) -> Reply:
    say = ctx.say
    city = ctx.event.details.city.in_(say.language)
    text = (note or Markup()) + say(
        "**Write when it goes out**: 14:30 for today, or {example}. The hour is that of {city}.",
        example=f"{say.local(ctx.now):%Y-%m-%d} 14:30",
        city=city,
    )
    expects = announcements.expecting("notice-when", seen)
    return Reply(text=text, buttons=(back(seen, say),), replaces=True, expects=expects)


@takes_text("notice-when")
def take_hour(ctx: Context, seen: Notice, text: str) -> Replies:
    """Schedule it, or say what is wrong with the hour."""
    local = moments.read(text, ctx.say.local(ctx.now))
    if local is None:
        return _asked(ctx, seen, ctx.say("I could not read a day and an hour in that."))
    due_at = broadcast.moment(local, ctx.event, ctx.now)
    if isinstance(due_at, Fault):
        return _asked(ctx, seen, mending.worded([due_at], ctx.say))
    faults = announcements.checked(ctx, seen)[1]
    if not faults and broadcast.schedule(ctx.tx, seen, due_at):
        return card(ctx, broadcast.get(ctx.tx, seen.id), ctx.say("Scheduled. It goes out by itself."))
    return _as_it_is_now(ctx, seen)


@on.press("notice-unschedule")
@with_notice
def unschedule(ctx: Context, seen: Notice, *_: str) -> Reply:
    """Make it a draft again."""
    if seen.state == NoticeState.SCHEDULED and (edited := broadcast.edit(ctx.tx, seen)):
        return card(ctx, edited, ctx.say("It is a draft again and does not go out by itself."))
    return card(ctx, broadcast.get(ctx.tx, seen.id))


# --- now


@on.press("notice-send")
@with_notice
def ask_before_sending(ctx: Context, seen: Notice, version: str = "", *_: str) -> Reply:
    """The last question, with the count; its answer holds for the version that was seen."""
    say = ctx.say
    counted, faults = announcements.checked(ctx, seen)
    if faults or seen.state not in broadcast.BEFORE_SENDING or version != str(seen.version):
        return _as_it_is_now(ctx, seen)
    text = say.n("**Send it to {n} person now?**", "**Send it to {n} people now?**", counted.total)
    text += announcements.in_each_language(ctx, seen) + worded.where(counted, say)
    text += worded.fares(forecast.of(ctx.tx, seen, ctx.event, ctx.now), say)
    if seen.urgency == Urgency.URGENT:
        text += say("**Urgent**: it comes with a sound, at any hour, to those too who want no announcements.")
    elif quiet := audiences.quiet_until(ctx.now, ctx.event, seen.urgency):
        text += say("It is night there: it arrives from {hour} on, unless you make it urgent.", hour=say.time(quiet))
    yes = button(say.p("button", "Yes, send it"), "notice-go", seen, version)
    return Reply(text=text, buttons=(yes, back(seen, say)), replaces=True)


@on.press("notice-go")
@with_notice
def send(ctx: Context, seen: Notice, version: str = "", *_: str) -> Reply:
    """Send what was seen: of two organizers or two taps, one does."""
    faults = announcements.checked(ctx, seen)[1]
    is_same = version == str(seen.version) and seen.state in broadcast.BEFORE_SENDING
    if is_same and not faults and broadcast.send(ctx.tx, seen, ctx.now):
        pressed = ctx.update.content
        message_id = pressed.message_id if isinstance(pressed, Press) else ""
        broadcast.follow(ctx.tx, seen.id, ctx.update.channel, ctx.update.address, message_id)
        return card(ctx, broadcast.get(ctx.tx, seen.id), ctx.say("It is going out."))
    return _as_it_is_now(ctx, seen)


def _as_it_is_now(ctx: Context, seen: Notice) -> Reply:
    """What is told who comes second, or whose announcement cannot be sent as it is."""
    now = broadcast.get(ctx.tx, seen.id)
    if now.state in broadcast.BEFORE_SENDING:
        return card(ctx, now, ctx.say("Not sent: it has changed since. Please look at it again."))
    if now.state in (NoticeState.SENDING, NoticeState.PAUSED):
        return card(ctx, now, ctx.say("It is already being sent."))
    return card(ctx, now, ctx.say("It has already been sent."))


# --- once it is sent


@on.press("notice-pause")
@with_notice
def pause(ctx: Context, seen: Notice, *_: str) -> Reply:
    return _done(ctx, seen, broadcast.pause(ctx.tx, seen.id))


@on.press("notice-resume")
@with_notice
def resume(ctx: Context, seen: Notice, *_: str) -> Reply:
    return _done(ctx, seen, broadcast.resume(ctx.tx, seen.id))


@on.press("notice-cancel")
@with_notice
def cancel(ctx: Context, seen: Notice, sure: str = "", *_: str) -> Reply:
    """Whoever has not got it will not; after a question."""
    say = ctx.say
    if not sure:
        yes = button(say.p("button", "Yes, cancel the rest"), "notice-cancel", seen, "yes")
        text = say("Cancel the rest? Whoever has received it keeps it; nobody else gets it. This cannot be undone.")
        return Reply(text=text, buttons=(yes, back(seen, say)), replaces=True)
    is_on_its_way = seen.state in (NoticeState.SENDING, NoticeState.PAUSED)
    return _done(ctx, seen, is_on_its_way and broadcast.cancel(ctx.tx, seen.id, ctx.now))


@on.press("notice-recall")
@with_notice
def recall(ctx: Context, seen: Notice, sure: str = "", *_: str) -> Reply:
    """Take it back from whoever got it; after a question."""
    say = ctx.say
    if not sure:
        yes = button(say.p("button", "Yes, recall"), "notice-recall", seen, "yes")
        text = say(
            "Recall it? It disappears from its readers’ chats where their platform allows it; some may have read it. "
            "This cannot be undone."
        )
        return Reply(text=text, buttons=(yes, back(seen, say)), replaces=True)
    return _done(ctx, seen, broadcast.recall(ctx.tx, seen.id, ctx.now))


def _done(ctx: Context, seen: Notice, is_done: bool) -> Reply:
    """The card after a step, or with a word where it came too late."""
    note = None if is_done else ctx.say("Nothing was changed: it stands like this by now.")
    return card(ctx, broadcast.get(ctx.tx, seen.id), note)


# --- another text


@on.press("notice-correct")
@with_notice
def choose_correction(ctx: Context, seen: Notice, language: str = "", *_: str) -> Reply:
    """Which language; then ask for its new text."""
    say = ctx.say
    if seen.state not in broadcast.CORRECTABLE:
        return _done(ctx, seen, False)
    if language in ctx.event.details.languages:
        return _new_text(ctx, seen, language)
    buttons = [
        button(capital(say.language_name(tag)), "notice-correct", seen, tag) for tag in ctx.event.details.languages
    ]
    return Reply(text=say("Correct the text in which language?"), buttons=(*buttons, back(seen, say)), replaces=True)


def _new_text(ctx: Context, seen: Notice, language: str, note: Markup | None = None) -> Reply:
    say = ctx.say
    text = (note or Markup()) + say(
        "**Write the new text in {language}.** It is shown to you before it takes the place of the old one.",
        language=say.language_name(language),
    )
    if language in seen.texts:
        text += say("As it is now:") + Markup.text(seen.texts[language])
    expects = announcements.expecting("corrected", seen, language, str(seen.version))
    return Reply(text=text, buttons=(back(seen, say),), replaces=True, expects=expects)


@takes_text("corrected")
def take_correction(ctx: Context, seen: Notice, language: str, version: str, text: str) -> Replies:
    """Put the text in the place of the old one, if it can be sent and nobody has corrected it meanwhile."""
    say = ctx.say
    corrected = replace(seen, texts={**seen.texts, language: text.strip()})
    _, faults = announcements.checked(ctx, corrected)
    faults = [fault for fault in faults if mending.concerns(fault, language)]
    if faults or not text.strip():
        return _new_text(ctx, seen, language, mending.worded(faults, say))
    if version != str(seen.version) or not broadcast.propose(ctx.tx, seen, {language: text.strip()}):
        return _overtaken(ctx, seen)
    asked = say("**Put this text in the place of the old one?**") + Markup.text(text.strip())
    asked += say(
        "Messages that were received change in place, without a sound. Whoever must notice it can be told again, by a "
        "new message."
    )
    given = (version, _digest({language: text.strip()}))
    buttons = (
        button(say.p("button", "Replace it"), "notice-agreed", seen, *given),
        button(say.p("button", "Replace and tell again"), "notice-agreed", seen, *given, "again"),
        button(say.p("button", "Write it anew"), "notice-correct", seen, language),
        back(seen, say),
    )
    return Reply(text=asked, buttons=buttons)


@on.press("notice-agreed")
@with_notice
def correct(ctx: Context, seen: Notice, version: str = "", digest: str = "", again: str = "", *_: str) -> Reply:
    """Do it, with the text that was shown: of two organizers or two taps, one does."""
    say, texts = ctx.say, dict(seen.pending)
    is_same = version == str(seen.version) and bool(texts) and digest == _digest(texts)
    if not is_same or not broadcast.correct(ctx.tx, seen, texts):
        return _overtaken(ctx, seen)
    corrected = broadcast.get(ctx.tx, seen.id)
    note = say("Corrected: the new text is going out.")
    if again:
        author = f"{ctx.update.channel}:{ctx.update.address}"
        told = broadcast.tell_again(ctx.tx, corrected, list(texts), ctx.event, author=author, now=ctx.now)
        note += say.n("{n} person is told again.", "{n} people are told again.", told)
    return card(ctx, corrected, note)


def _overtaken(ctx: Context, seen: Notice) -> Reply:
    note = ctx.say("Another organizer has corrected it meanwhile: nothing was changed. Please look at it again.")
    return card(ctx, broadcast.get(ctx.tx, seen.id), note)


def _digest(texts: Mapping[str, str]) -> str:
    """What a button carries of a text, so that it agrees to no other."""
    return blake2b(repr(sorted(texts.items())).encode(), digest_size=4).hexdigest()
