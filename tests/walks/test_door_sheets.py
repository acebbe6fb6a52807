"""`passerelle door-sheets` from outside: printed, scanned and read."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pypdfium2
import pytest
import yaml
import zxingcpp
from PIL import Image
from pypdfium2 import raw

from bot.cli import main
from tests.delegate import folder

URL = "https://bot.example"
A4 = (595.28, 841.89)  # points
BLACK_ABOVE = 320  # points from the page's foot: the QR code's upper edge is below


Passerelle = Callable[..., tuple[int, str, str]]


@pytest.fixture
def passerelle(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Passerelle:
    """(exit code, stdout, stderr) of a command that knows of the settings what is given here."""

    def call(*arguments: str, **settings: str) -> tuple[int, str, str]:
        for name, value in settings.items():
            monkeypatch.setenv(f"PASSERELLE_{name.upper()}", value)
        code = main.run(arguments)
        return code, *capsys.readouterr()

    return call


@dataclass(frozen=True)
class Sheet:
    """A printed page. scanned: what its QR code says. embedded: whether fonts of its texts are. boxes: of its signs,
    left, bottom, right, top."""

    text: str
    scanned: str
    embedded: set[bool]
    boxes: list[tuple[float, float, float, float]]


def printed(path: str = "door-sheets.pdf") -> list[Sheet]:
    with pypdfium2.PdfDocument(path) as document:
        return [_sheet(page) for page in document]


def _sheet(page: pypdfium2.PdfPage) -> Sheet:
    assert page.get_size() == pytest.approx(A4, abs=0.1)
    (code,) = zxingcpp.read_barcodes(page.render(scale=2).to_pil())
    chars = page.get_textpage()
    fonts = [raw.FPDFTextObj_GetFont(each.raw) for each in page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT])]
    return Sheet(
        chars.get_text_range().replace("\r\n", "\n"),
        code.text,
        {bool(raw.FPDFFont_GetIsEmbedded(font)) for font in fonts},
        [chars.get_charbox(n) for n in range(chars.count_chars()) if chars.get_text_range(n, 1).strip()],
    )


def test_a_sheet_is_printed_in_both_languages_and_scanned(passerelle: Passerelle) -> None:
    code, out, err = passerelle("door-sheets", "atelier-3", public_url=URL)
    assert (code, err) == (0, ""), err
    assert "1 sheet: door-sheets.pdf" in out
    (sheet,) = printed()
    assert sheet.scanned == f"{URL}/s/atelier-3"
    assert sheet.embedded == {True}
    whole = " ".join(sheet.text.split())
    for said in ("Atelier 3 : Recherche, enseignement supérieur et innovation au service du développement local",
                 "jeudi 6 novembre, après-midi, heure à confirmer", "Où : à confirmer"):  # fmt: skip
        assert said in whole.replace("\N{NO-BREAK SPACE}", " ")
    together = sheet.text.replace("\n", "")
    for said in ("分论坛三：科研、高等教育与创新服务地方发展", "11月6日（周四）下午，时间待确认", "地点：待确认"):
        assert said in together


def test_every_session_that_takes_place_has_a_sheet_with_its_hour_and_room(passerelle: Passerelle) -> None:
    code, _, err = passerelle("door-sheets", "--output", "all.pdf", public_url=URL, event="demo")
    assert (code, err) == (0, ""), err
    found = {sheet.scanned.rpartition("/")[2]: sheet.text for sheet in printed("all.pdf")}
    programme = yaml.safe_load((folder("..") / "data/demo/programme.yaml").read_text(encoding="utf-8"))
    assert found.keys() == {each["id"] for each in programme if each.get("status") != "cancelled"}
    assert Path("all.pdf").stat().st_size < 1_000_000, "of the font only what is used"
    text = found["dejeuner-jour-1"]
    assert "13\N{NO-BREAK SPACE}h\N{NO-BREAK SPACE}–\N{NO-BREAK SPACE}14\N{NO-BREAK SPACE}h\N{NO-BREAK SPACE}15" in text
    assert "La Grande Tablée" in text
    assert "13:00—14:15" in text
    assert "Pékin" not in text, "a door in France needs no hour of Beijing"


def test_the_codes_alone_are_pictures_too(passerelle: Passerelle) -> None:
    code, _, err = passerelle("door-sheets", "atelier-3", "--pictures", "codes", public_url=URL + "/")
    assert (code, err) == (0, ""), err
    (read,) = zxingcpp.read_barcodes(Image.open("codes/atelier-3.png"))
    assert read.text == f"{URL}/s/atelier-3"
    assert Path("codes/atelier-3.svg").read_text(encoding="utf-8").count("<svg") == 1
    Path("taken").touch()
    code, _, err = passerelle("door-sheets", "atelier-3", "--pictures", "taken", public_url=URL)
    assert code == 1
    assert "name another folder with --pictures" in err


@pytest.mark.parametrize("length", [60, 400])
def test_a_long_title_stays_on_its_sheet(passerelle: Passerelle, tmp_path: Path, length: int) -> None:
    shutil.copytree(folder("tiny-event"), tmp_path / "event")
    path = tmp_path / "event" / "programme.yaml"
    programme = yaml.safe_load(path.read_text(encoding="utf-8"))
    session = programme[0]
    words = "coopération décentralisée « anticonstitutionnellement » " * (length // 50)
    session["title"] = {"de": words.strip(), "en": "（地方政府）合作、论坛，" * (length // 10)}  # its two languages
    path.write_text(yaml.safe_dump(programme, allow_unicode=True), encoding="utf-8")
    code, _, err = passerelle("door-sheets", session["id"], public_url=URL, event=str(tmp_path / "event"))
    assert code == 0, err
    (sheet,) = printed()
    text, boxes = sheet.text, sheet.boxes
    assert text.count("anticonstitutionnellement") == length // 50
    assert text.replace("\n", "").count("（地方政府）合作、论坛，") == length // 10
    assert not [line for line in text.splitlines() if line[:1] and line[0] in "）、，："]
    assert min(left for left, *_ in boxes) > 40
    assert max(right for _, _, right, _ in boxes) < A4[0] - 40
    assert not [bottom for _, bottom, _, top in boxes if 110 < (bottom + top) / 2 < BLACK_ABOVE], "clear of the code"


@pytest.mark.parametrize(
    ("arguments", "settings", "code", "said"),
    [
        ([], {}, 2, "PASSERELLE_PUBLIC_URL: is not set"),
        (["atelier3"], {"public_url": URL}, 1, "did you mean atelier-3"),
        (["--output", "no/such/folder.pdf"], {"public_url": URL}, 1, "name another file with --output"),
    ],
)
def test_what_is_missing_is_said_with_what_to_do(
    passerelle: Passerelle, arguments: list[str], settings: dict[str, str], code: int, said: str
) -> None:
    given, out, err = passerelle("door-sheets", *arguments, **settings)
    assert (given, out) == (code, "")
    assert said in err
    assert not Path("door-sheets.pdf").exists()
