"""`make docs`: docs/commands.md, drawn from the code so that it cannot lie. `--check` compares."""

import argparse
import sys
from pathlib import Path

import handlers  # noqa: F401  fills the register
from bot.cli.main import parser
from bot.conversation.router import on
from bot.settings import PREFIX, Settings

TARGET = Path("docs/commands.md")


def page() -> str:
    lines = [
        "# Commands and settings",
        "",
        "Drawn from the code by `make docs`.",
        "",
        "## In chat",
        "",
        "| command | what it does |",
        "| --- | --- |",
    ]
    lines += [f"| `/{command.name}` | {command.description} |" for command in on.commands.values()]
    lines += ["", "## In a shell", "", "| command | what it does |", "| --- | --- |"]
    choices = next(action for action in parser()._actions if action.dest == "verb").choices  # noqa: SLF001
    more: list[str] = []
    for name, made in dict(choices or {}).items():
        lines.append(f"| `passerelle {name}` | {made.description} |")
        lines += [f"| `{_call(name, option)}` | {option.help} |" for option in made._actions if _is_told(option)]  # noqa: SLF001
        if made.epilog:
            more += ["", f"### `passerelle {name}`", "", *_blocks(made.epilog)]
    lines += more
    lines += ["", "## Settings", "", "| name | default |", "| --- | --- |"]
    for name, field in Settings.model_fields.items():
        default = field.default
        shown = "unset" if default in (None, "") else getattr(default, "get_secret_value", lambda d=default: d)()
        lines.append(f"| `{PREFIX}{name.upper()}` | `{shown}` |")
    return "\n".join(lines) + "\n"


def _is_told(option: argparse.Action) -> bool:
    return bool(option.option_strings and option.help and option.dest != "help")


def _call(name: str, option: argparse.Action) -> str:
    value = str(option.metavar or "").replace("|", "\\|") or (option.dest.upper() if option.nargs is None else "")
    if option.choices:
        value = "\\|".join(map(str, option.choices))
    return " ".join(filter(None, ("passerelle", name, option.option_strings[-1], str(value))))


def _blocks(text: str) -> list[str]:
    """Lines of help as Markdown: what is set in is code."""
    return [f"```json\n{line.strip()}\n```" if line.startswith("  ") else line for line in text.splitlines()]


def main() -> int:
    if "--check" in sys.argv:
        if not TARGET.is_file() or TARGET.read_text(encoding="utf-8") != page():
            print(f"{TARGET} is not what the code says: make docs")
            return 1
        return 0
    TARGET.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
