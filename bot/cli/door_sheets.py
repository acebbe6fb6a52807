"""`passerelle door-sheets`: a sheet for each session's door, with the QR code that opens it."""

import argparse
import difflib
import sys
from pathlib import Path

from bot import opening, qr
from bot.errors import BadInput, BadSettings, Fault
from bot.event import load
from bot.event.model import Event, Session, Status
from bot.exchange import folder
from bot.pages import door_sheets, sessions
from bot.settings import Settings


def main(options: argparse.Namespace, settings: Settings) -> int:
    if not settings.public_url:
        what = "is not set, and a QR code must carry an address that phones reach"
        raise BadSettings([Fault("PASSERELLE_PUBLIC_URL", 0, what, "write the bot’s own, such as https://bot.example")])
    event = folder.readable(load.find(options.event or settings.event))
    live = opening.look_up(settings, event).published
    if live is not None:
        event = live.event
    chosen = _chosen(event, options.sessions)
    data, absent = door_sheets.sheets(event, chosen, settings.public_url)
    target = Path(options.output)
    _write(target, data, "name another file with --output")
    if options.pictures is not None:
        for session in chosen:
            address = sessions.page_url(settings.public_url, session.id)
            for kind, (draw, _) in qr.PICTURES.items():
                path = Path(options.pictures) / f"{session.id}.{kind}"
                _write(path, draw(address), "name another folder with --pictures", folder_too=True)
    if absent:
        print(f"The font has no sign for {absent}: those are empty boxes on the sheets.", file=sys.stderr)
    print(f"{len(chosen)} sheet{'s' * (len(chosen) != 1)}: {target}")
    return 0


def _write(target: Path, data: bytes, do: str, *, folder_too: bool = False) -> None:
    try:
        if folder_too:
            target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    except OSError as error:
        raise BadInput([Fault(str(target), 0, f"cannot be written ({error.strerror})", do)]) from None


def _chosen(event: Event, wanted: list[str]) -> list[Session]:
    """The sessions named; without a name, all that are not cancelled. Raises BadInput."""
    if not wanted:
        chosen = [session for session in event.sessions if session.status != Status.CANCELLED]
        if not chosen:
            what, do = "has no session that takes place", "name a session to print it all the same"
            raise BadInput([Fault("the programme", 0, what, do)])
        return chosen
    faults = []
    for name in wanted:
        if name not in event.session:
            near = difflib.get_close_matches(name, event.session, n=3, cutoff=0.4)
            do = f"did you mean {', '.join(near)}?" if near else f"write one of {', '.join(event.session)}"
            faults.append(Fault(repr(name), 0, "is no session of the programme", do))
    if faults:
        raise BadInput(faults)
    return [event.session[name] for name in dict.fromkeys(wanted)]
