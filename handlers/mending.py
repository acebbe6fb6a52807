"""What is wrong with an announcement, an audience or an hour, in the organizer's own words: the sentences of the
faults that bot.notices finds."""

from collections.abc import Sequence
from datetime import datetime

from bot.errors import Fault
from bot.text.markup import Markup
from bot.text.words import Words
from handlers import cards

MOST = 8  # faults in one message
TERM = 60  # columns of a term that names nobody


def worded(faults: Sequence[Fault], say: Words) -> Markup:
    """A list, a line for each fault, and how many there are beyond what one message holds."""
    text = Markup.join(_one(fault, say) for fault in faults[:MOST])
    left = len(faults) - MOST
    return text + say.n("- and {n} more fault", "- and {n} more faults", left) if left > 0 else text


def concerns(fault: Fault, language: str) -> bool:
    """Whether the fault is in the text in that language."""
    return fault.file == f"text.{language}"


def _one(fault: Fault, say: Words) -> Markup:
    kind, *about = fault.code or ("",)
    match kind:
        case "empty":
            return say("- The announcement has no text yet.")
        case "missing":
            languages = say.list([say.language_name(tag) for tag in about])
            return say(
                "- The text is missing in {languages}, which some of its readers need: write it, "
                "or send all the texts to them.",
                languages=languages,
            )
        case "nobody in it can be written to":
            return say("- Nobody in this audience can be written to and wants announcements.")
        case "nobody in it wants announcements":
            return say("- Nobody in this audience wants announcements. Make it urgent where they must know.")
        case "is nobody":
            return say("- There is nobody in this audience.")
        case "long" | "long for wechat" | "link" | "bold" | "reference":
            return _text(kind, about, say)
        case "long together":
            return say(
                "- Sent together, the texts have {size} characters; at most {most} fit into one message.",
                size=about[0],
                most=about[1],
            )
        case "term":
            return say(
                "- “{term}” names no audience. Write for example: {examples}",
                term=cards.cut(about[0], TERM),
                examples=about[1],
            )
        case "value" if len(about) > 1:
            return say(
                "- There is no “{value}”. Did you mean “{near}”?", value=cards.cut(about[0], TERM), near=about[1]
            )
        case "value":
            return say("- There is no “{value}”.", value=cards.cut(about[0], TERM))
        case "skipped":
            return say(
                "- {hour} does not exist that night: the clocks skip it. An hour later or earlier does.", hour=about[0]
            )
        case "far":
            last = datetime.fromisoformat(about[1])
            return say("- That is long after the event. Write a day until {day}.", day=say.date(last))
        case "past":
            here = datetime.fromisoformat(about[0])
            return say(
                "- That is past: it is {day}, {hour}. Write a moment to come, or send it now.",
                day=say.date(here),
                hour=say.time(here),
            )
    raise ValueError(fault)


def _text(kind: str, about: list[str], say: Words) -> Markup:
    """A fault of the text in one language."""
    language = say.language_name(about[0])
    match kind:
        case "long":
            return say(
                "- The text in {language} has {size} characters; at most {most} fit into one message.",
                language=language,
                size=about[1],
                most=about[2],
            )
        case "long for wechat":
            return say(
                "- The text in {language} is too long for WeChat: at most {most} characters.",
                language=language,
                most=about[1],
            )
        case "reference":
            return say(
                "- The text in {language}, line {line}, holds {reference}, which is filled in answers alone: "
                "write the room, the hour or the name itself.",
                language=language,
                line=about[1],
                reference=cards.cut(about[2], TERM),
            )
        case "link":
            return say(
                "- The text in {language}, line {line}, holds a link that leads nowhere. "
                "Write the label in square brackets, then the address, from https:// on, in round ones.",
                language=language,
                line=about[1],
            )
    return say(
        "- The text in {language}, line {line}, has two asterisks without their pair. Write two before and two after "
        "what is to be bold.",
        language=language,
        line=about[1],
    )
