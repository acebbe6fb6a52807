"""`passerelle doctor`: what is well and what is not, with what to do about it. Changes nothing."""

import argparse
import asyncio
import json
from dataclasses import asdict

from rich.console import Console
from rich.text import Text

from bot.doctor import checks
from bot.findings import Finding, Level
from bot.settings import Settings

SIGNS = {Level.OK: ("✓", "green"), Level.WARNING: ("!", "yellow"), Level.FAULT: ("✗", "red")}


def main(options: argparse.Namespace, settings: Settings) -> int:
    return asyncio.run(_main(settings, as_json=options.json))


async def _main(settings: Settings, *, as_json: bool) -> int:
    console, found = Console(soft_wrap=True), []
    async for finding in checks.examine(settings):
        found.append(finding)
        if not as_json:
            console.print(_line(finding))
    if as_json:
        print(json.dumps([asdict(finding) for finding in found], ensure_ascii=False, indent=2))
    faults = sum(finding.level == Level.FAULT for finding in found)
    if not as_json:
        console.print(f"{faults} to mend" if faults else "Nothing to mend.")
    return 1 if faults else 0


def _line(finding: Finding) -> Text:
    sign, colour = SIGNS[finding.level]
    line = Text(f"{sign} ", style=colour).append(f"{finding.about}: {finding.what}", style="none")
    return line.append(f"\n    → {finding.do}") if finding.do else line
