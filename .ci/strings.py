"""`make strings`: extract every sentence, bring the catalogues up to date, list what is untranslated.

English is the message id; its catalogue is filled with it, to be polished without touching the others.
`--check` changes nothing and fails where the code says something that the catalogues do not know.
"""

import io
import subprocess
import sys
import tempfile
from copy import deepcopy
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

KEYWORDS = ("say", "text", "n:1,2", "p:1c,2", "say_n:1,2", "say_p:1c,2", "command:2")
LOCALES = Path("locales")


def extracted() -> Catalog:
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "messages.pot"
        call = ["pybabel", "-q", "extract", "-F", "babel.cfg", "-c", "Translators:", "--no-location", "--sort-output"]
        call += [option for keyword in KEYWORDS for option in ("-k", keyword)]
        subprocess.run([sys.executable, "-m", "babel.messages.frontend", *call[1:], "-o", str(target), "."], check=True)
        with target.open("rb") as source:
            return read_po(source)


def update(template: Catalog, language: str) -> tuple[str, list[str]]:
    """The catalogue's new text, and what in it is not translated."""
    path = LOCALES / language / "LC_MESSAGES" / "messages.po"
    with path.open("rb") if path.is_file() else io.BytesIO(b"") as source:
        catalogue = read_po(source, locale=language)
    catalogue.update(deepcopy(template), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    catalogue.project = "Passerelle"
    catalogue.copyright_holder = "The Passerelle maintainers"
    catalogue.header_comment = (
        f"# Passerelle, {catalogue.locale.english_name if catalogue.locale else language}. Terms: glossary.md"
    )
    catalogue.fuzzy = False
    open_: list[str] = []
    for message in catalogue:
        if not message.id:
            continue
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        wanted = catalogue.num_plurals if len(ids) > 1 else 1
        texts = message.string if isinstance(message.string, tuple) else (message.string or "",)
        if language == "en" and not all(texts):
            texts = ids
        texts = (*texts, *("",) * wanted)[:wanted]
        message.string = texts if len(ids) > 1 else texts[0]
        if not all(texts):
            open_.append(ids[0])
    out = io.BytesIO()
    write_po(out, catalogue, width=110, sort_output=True, omit_header=False, no_location=True)
    text = "\n".join(line for line in out.getvalue().decode().splitlines() if "Date:" not in line) + "\n"
    return text, open_


def main() -> int:
    template = extracted()
    stale = 0
    for language in sorted(path.name for path in LOCALES.iterdir() if path.is_dir()):
        text, untranslated = update(template, language)
        path = LOCALES / language / "LC_MESSAGES" / "messages.po"
        if "--check" in sys.argv:
            if not path.is_file() or path.read_text(encoding="utf-8") != text:
                print(f"{path} is not up to date: make strings")
                stale += 1
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        for message in untranslated:
            print(f"{language}: {message!r}")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
