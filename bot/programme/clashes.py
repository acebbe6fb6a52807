"""Whether two sessions overlap. Only what certainly overlaps is a clash: where an hour is not known,
nobody is told that they cannot be in two places."""

from bot.event.model import Session, Status


def overlap(one: Session, other: Session) -> bool:
    """True when both hours are known and some moment certainly belongs to both.

    A session without an end certainly holds its first moment, no more.
    """
    if one.id == other.id or Status.CANCELLED in (one.status, other.status):
        return False
    if one.starts_at is None or other.starts_at is None:
        return False
    if one.starts_at == other.starts_at:
        return True
    first, second = (one, other) if one.starts_at < other.starts_at else (other, one)
    assert second.starts_at is not None
    return first.ends_at is not None and second.starts_at < first.ends_at
