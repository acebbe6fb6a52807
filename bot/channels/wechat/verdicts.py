"""What WeChat's error codes mean for a message."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.channels.wechat.api import BUSY, TOKEN_REFUSED, Answer
from bot.chat.channel import Failed, InDoubt, Later, Sent, Unreachable, Verdict
from bot.delivery.windows import OUTSIDE

BEIJING = ZoneInfo("Asia/Shanghai")  # whose midnight begins a day of WeChat's quotas
SHUT, SPENT = 45015, 45047
DAY_SPENT, MINUTE_SPENT = 45009, 45011
GONE = {43004: "does not follow the account", 43019: "is on the account's blacklist"}
NO_RIGHT = (40200, 48001)
STOPPED = (40013, 40125, 40164, 61004, 48004, 50002)
STOPPED_SECONDS = 300.0  # an operator has to mend it; a look every now and then
NO_CONSENT = (43101, 43116)


def verdict(answer: Answer, now: datetime) -> Verdict:
    """now: aware UTC."""
    if answer.reached is None:
        return InDoubt("no answer")
    code = answer.code
    if answer.reached is False:
        return Later(5, "bot", "no connection") if code == BUSY else Later(30, "bot", "no access token")
    match code:
        case 0:
            return Sent(str(answer.data.get("msgid", "")) or "customer")
        case -1:
            return Later(3, "chat", "busy")
        case 45015 | 45047 | 43101 | 43116:
            return Unreachable(OUTSIDE, lasts=False)
        case 45009:
            return Later(until_midnight(now), "bot", "the day's quota is used up")
        case 45011:
            return Later(60, "bot", "the minute's quota is used up")
        case 45065:
            return Sent("seen before")
    if code in GONE:
        return Unreachable(GONE[code])
    if code in TOKEN_REFUSED:
        return Later(60, "bot", "the access token is refused")
    if code in STOPPED:
        return Later(STOPPED_SECONDS, "bot", f"WeChat refuses the account: {code}")
    return Failed(f"WeChat's code {code}")


def day(now: datetime) -> str:
    return now.astimezone(BEIJING).date().isoformat()


def until_midnight(now: datetime) -> float:
    """Seconds until WeChat counts anew."""
    local = now.astimezone(BEIJING)
    next_day = datetime.combine(local.date() + timedelta(days=1), time(), BEIJING)
    return (next_day - local).total_seconds() + 5
