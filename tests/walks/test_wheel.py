"""The wheel carries its catalogues and events, and runs from any folder."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.delegate import CACHE, engine

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built and unpacked alone into an empty folder; dependencies are those of the tests."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(folder / "site"), str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    return folder / "site"


@pytest.fixture
def warm(tmp_path: Path) -> None:
    """The answers are prepared, as on every start but the first."""
    engine("strasbourg-2014")
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "vectors").symlink_to(CACHE)


def passerelle(site: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(site), "PASSERELLE_EMBEDDER": "none"}
    call = [sys.executable, "-m", "bot", *arguments]
    return subprocess.run(call, env=environment, input=stdin, capture_output=True, text=True, timeout=240, check=False)


def test_it_is_the_installed_one_that_runs(installed: Path) -> None:
    code = "import bot, handlers; print(bot.__file__, handlers.__file__)"
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    found = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert found.stdout.count(str(installed)) == 2
    assert "no fault" in passerelle(installed, "check").stdout


def test_a_batch_of_questions_goes_in_and_out_as_json_lines(installed: Path, warm: None) -> None:
    lines = ['{"id": 1, "text": "怎么从机场去市区", "lang": "zh-Hans"}', "not json", '{"id": 2, "text": "bonjour"}']
    done = passerelle(installed, "ask", "--batch", stdin="\n".join(lines))
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row.get("id") for row in rows] == [1, None, 2]
    assert rows[0]["lang"] == "zh"
    assert {"entry", "topic", "score", "text"} == set(rows[0]["answers"][0])
    assert "line 2 is not a question" in rows[1]["error"]
    assert rows[2]["kind"] == "smalltalk"
    assert done.returncode == 1


def test_a_conversation_runs_through_a_pipe(installed: Path, warm: None) -> None:
    done = passerelle(installed, "chat", "--lang", "zh", stdin="/programme\n2\n1\n/agenda\n")
    assert done.returncode == 0, done.stderr
    assert "您已登记参加" in done.stdout
    assert "分论坛三" in done.stdout.rsplit("› /agenda", 1)[1]


def test_a_broken_folder_stops_the_start_with_every_fault(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "event.yaml").write_text("id: x\nnane: {fr: x}\n", encoding="utf-8")
    done = passerelle(installed, "check", str(tmp_path))
    assert done.returncode == 1
    assert "event.yaml:2: nane: is no field here → did you mean 'name'?" in done.stdout
    assert "time_zone: is missing" in done.stdout


@pytest.mark.parametrize(("arguments", "code"), [(["nothing"], 2), (["check", "no-such-event"], 1), (["ask"], 2)])
def test_wrong_use_is_said_without_a_traceback(installed: Path, arguments: list[str], code: int) -> None:
    done = passerelle(installed, *arguments)
    assert done.returncode == code
    assert done.stderr
    assert "Traceback" not in done.stderr
