"""Whom an announcement is for, and how many these are, in words."""

from bot.event.model import Event
from bot.notices.audience import Audience, Count
from bot.notices.forecast import Forecast
from bot.text.markup import Markup
from bot.text.words import Words


def described(chosen: Audience, event: Event, say: Words) -> Markup:
    """The audience in words."""
    if not chosen.terms:
        return say("**For everyone**")
    heading = (
        say("**For everyone of whom all of this is true:**") if len(chosen.terms) > 1 else say("**For everyone who:**")
    )
    return heading + Markup.join(_term(name, values, event, say) for name, values in chosen.terms)


def _term(name: str, values: tuple[str, ...], event: Event, say: Words) -> Markup:
    sides = {
        "french": say.p("side", "French"),
        "chinese": say.p("side", "Chinese"),
        "other": say.p("side", "other"),
    }

    def any_of(names: list[str]) -> str:
        return say.list(names, is_choice=True)

    match name:
        case "language":
            return say("- reads {languages}", languages=any_of([say.language_name(tag) for tag in values]))
        case "channel":
            return say("- writes on {channels}", channels=any_of([channel_name(each, say) for each in values]))
        case "side":
            return say("- is of the side: {sides}", sides=any_of([sides[each] for each in values]))
        case "role":
            return say("- has the role: {roles}", roles=any_of(list(values)))
        case "theme":
            themes = [event.theme[each].name.in_(say.language) for each in values]
            return say("- signed up for a session on {themes}", themes=any_of(themes))
        case "session":
            titles = [say.quoted(event.session[each].title.in_(say.language)) for each in values]
            return say("- signed up for {sessions}", sessions=any_of(titles))
        case "day":
            days = [say.date(session.day) for session in event.sessions if session.day and str(session.day) in values]
            return say("- signed up for a session on {days}", days=any_of(list(dict.fromkeys(days))))
        case "notice":
            return say("- got announcement {numbers}", numbers=any_of(list(values)))
    return say("- signed up for no session")


def channel_name(channel: str, say: Words) -> str:
    names = {
        "telegram": say.p("channel", "Telegram"),
        "wechat": say.p("channel", "WeChat"),
        "web": say.p("channel", "web chat"),
    }
    return names.get(channel, channel)


def count(counted: Count, say: Words) -> Markup:
    """How many it reaches, on which channel and in which language, and how many not."""
    return say.n("**{n} person** gets it.", "**{n} people** get it.", counted.total) + where(counted, say)


def fares(told: Forecast, say: Words) -> Markup:
    """How many WeChat lets us reach at once, and when the others; nothing where nobody reads there."""
    if not told.total:
        return Markup()
    text = say.n("**On WeChat: {n} gets it at once.**", "**On WeChat: {n} get it at once.**", told.now)
    if told.by_template:
        text += say.n(
            "- {n} gets a short notice, and the text in /news", "- {n} get a short notice, and the text in /news",
            told.by_template,
        )  # fmt: skip
    if told.later:
        text += say.n(
            "- {n} gets it when they next write: WeChat allows messages for 48 hours after that",
            "- {n} get it when they next write: WeChat allows messages for 48 hours after that",
            told.later,
        )
    if told.closing:
        text += say.n(
            "- {n} can be reached now, but not any more from {day}, {hour} on, unless they write",
            "- {n} can be reached now, but not any more from {day}, {hour} on, unless they write",
            told.closing,
            day=say.date(told.by),
            hour=say.time(told.by),
        )
    return text


def where(counted: Count, say: Words) -> Markup:
    """The same without their sum."""
    text = Markup()
    for channel in sorted({channel for channel, _ in counted.by}):
        languages = {language: n for (its, language), n in sorted(counted.by.items()) if its == channel}
        parts = [
            # Translators: how many readers of a language: "French: 12".
            say.text("{language}: {n}", language=say.language_name(tag), n=str(n))
            for tag, n in languages.items()
        ]
        text += say(
            "- {channel}: {n} ({languages})",
            channel=channel_name(channel, say),
            n=str(sum(languages.values())),
            languages=say.list(parts),
        )
    if counted.unreachable:
        text += say.n("- {n} more cannot be written to", "- {n} more cannot be written to", counted.unreachable)
    if counted.declined:
        text += say.n("- {n} more wants no announcements", "- {n} more want no announcements", counted.declined)
    return text
