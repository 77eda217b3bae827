"""Files written whole: all of the old text or all of the new, also under a kill and under two writers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from expcopilot.memory.whole_file import write_whole

WRITER = """
import sys
from pathlib import Path
from expcopilot.memory.whole_file import write_whole
print("ready", flush=True)
n = 0
while True:
    n += 1
    write_whole(Path(sys.argv[1]), f"{n % 10}" * 3_000_000)
"""


def test_the_text_stands_byte_for_byte_and_nothing_beside_it(tmp_path: Path) -> None:
    """Line endings and accents come out as given, readers follow the umask, and no temporary file is left."""
    path = tmp_path / "plan.yaml"
    assert write_whole(path, "früher\r\n") == path
    write_whole(path, "später\n")
    assert path.read_bytes() == "später\n".encode()
    assert list(tmp_path.iterdir()) == [path]
    umask = os.umask(0)
    os.umask(umask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~umask


def test_what_stood_there_stands_when_writing_fails(tmp_path: Path) -> None:
    """A text that cannot be written as UTF-8, or a name a folder has, leaves everything as it was."""
    path = tmp_path / "answers.json"
    write_whole(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "\ud800")
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="taken"):
        write_whole(tmp_path / "taken", "new")
    assert path.read_text(encoding="utf-8") == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["answers.json", "taken"]


@pytest.mark.parametrize("links", [True, False], ids=["hard links", "no hard links"])
def test_of_many_writers_one_gets_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    """Eight writers that overwrite nothing: one text stands, whole, and seven are told; also without hard links."""
    if not links:
        monkeypatch.setattr(os, "link", _no_links)
    path, told = tmp_path / "plan.yaml", []
    texts = [str(i) * 100_000 for i in range(8)]

    def write(text: str) -> None:
        try:
            write_whole(path, text, overwrite=False)
        except FileExistsError:
            told.append(text)

    writers = [threading.Thread(target=write, args=(text,)) for text in texts]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert path.read_text(encoding="utf-8") in set(texts) - set(told)
    assert len(told) == 7
    assert list(tmp_path.iterdir()) == [path]


def _no_links(_source: object, _target: object) -> None:
    raise PermissionError(1, "Operation not permitted")


def test_a_kill_leaves_a_whole_text(tmp_path: Path) -> None:
    """A writer killed at ten moments leaves one text whole under the name, every time."""
    path = tmp_path / "draft.json"
    for moment in range(10):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            while not path.exists():
                time.sleep(0.001)
            time.sleep(moment * 0.003)
            writer.send_signal(signal.SIGKILL)
        text = path.read_text(encoding="utf-8")
        assert len(text) == 3_000_000
        assert set(text) == {text[0]}
        path.unlink()
