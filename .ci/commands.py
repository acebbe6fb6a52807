"""`make docs`: docs/commands.md, drawn from the code so that it cannot lie. `--check` compares."""

import argparse
import sys
from collections.abc import Iterator
from itertools import groupby
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
        for below, each in _below(made):
            words = " ".join([f"{name} {below}", *(str(a.metavar) for a in each._actions if not a.option_strings)])  # noqa: SLF001
            lines.append(f"| `passerelle {words}` | {each.description} |")
            lines += [
                f"| `{_call(f'{name} {below}', option)}` | {option.help} |"
                for option in each._actions  # noqa: SLF001
                if _is_told(option)
            ]
            if each.epilog:
                more += ["", f"### `passerelle {name} {below}`", "", *_blocks(each.epilog)]
        if made.epilog:
            more += ["", f"### `passerelle {name}`", "", *_blocks(made.epilog)]
    lines += more
    lines += ["", "## Settings", "", "| name | default |", "| --- | --- |"]
    for name, field in Settings.model_fields.items():
        default = field.default
        shown = "unset" if default in (None, "") else getattr(default, "get_secret_value", lambda d=default: d)()
        lines.append(f"| `{PREFIX}{name.upper()}` | `{shown}` |")
    return "\n".join(lines) + "\n"


def _below(made: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """The commands below one: (name, parser), each with what it does."""
    for action in made._actions:  # noqa: SLF001
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            told = {each.dest: each.help for each in action._choices_actions}  # noqa: SLF001
            for name, each in action.choices.items():
                each.description = each.description or told.get(name, "")
                yield name, each


def _is_told(option: argparse.Action) -> bool:
    return bool(option.option_strings and option.help and option.dest != "help")


def _call(name: str, option: argparse.Action) -> str:
    value = str(option.metavar or "").replace("|", "\\|") or (option.dest.upper() if option.nargs is None else "")
    if option.choices:
        value = "\\|".join(map(str, option.choices))
    return " ".join(filter(None, ("passerelle", name, option.option_strings[0], str(value))))


def _blocks(text: str) -> list[str]:
    """Lines of help as Markdown: what is set in is code, those that follow each other together."""
    out: list[str] = []
    for is_code, lines in groupby(text.splitlines(), key=lambda line: line.startswith("  ")):
        block = [line.removeprefix("  ") for line in lines]
        kind = "json" if block[0].startswith("{") else "yaml"
        out += [f"```{kind}", *block, "```"] if is_code else block
    return out


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
