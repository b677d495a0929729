"""A segment's name changes with all that its sound depends on, and with nothing else."""

import shutil
from dataclasses import replace
from pathlib import Path

import grimp
import pytest

from tests.support.engines import voice
from tts_server.cache.key import FILES, HOME, ROOMS, KeyMaker, program_digest
from tts_server.engine import Voice
from tts_server.errors import ConfigInvalid
from tts_server.text.linguistic.segment import Pause, Segment, Style
from tts_server.text.linguistic.utterance import Prosody
from tts_server.voices import Catalogue

MANDARIN = voice("li", "li", speaks=("zh",))
ENGLISH = voice("amy", "amy", speaks=("en",))
HOUSE = Catalogue((MANDARIN, ENGLISH))
KEYS = KeyMaker({}, {})


def segment(text: str = "你好。", start: int = 0, *spans: Pause, **prosody: object) -> Segment:
    style = Style(0, len(text), Prosody(**prosody))  # type: ignore[arg-type]
    return Segment(text, tuple(range(start, start + len(text) + 1)), (style, *spans))


def key(said: Segment, by: Voice = MANDARIN, house: Catalogue = HOUSE, keys: KeyMaker = KEYS) -> str:
    return keys.key(said, by, house)


@pytest.mark.parametrize(
    "other",
    [
        segment("你好！"),
        segment("你好。", 0, Pause(1, 300)),
        segment(emotion="happy"),
        segment(emotion="happy", intensity=0.5),
        segment(speed=1.1),
        segment(pitch=1.0),
        segment(volume=-3.0),
    ],
)
def test_another_text_or_style_is_another_recording(other: Segment) -> None:
    assert key(other) != key(segment())


def test_where_the_text_stands_does_not_count() -> None:
    assert key(segment("你好。", 7)) == key(segment("你好。", 0))


@pytest.mark.parametrize("change", [{"name": "wang"}, {"version": "2"}, {"revision": "abc"}, {"engine": "other"}])
def test_another_voice_or_revision_is_another_recording(change: dict[str, str]) -> None:
    assert key(segment(), replace(MANDARIN, **change)) != key(segment())  # type: ignore[arg-type]


def test_the_voice_that_says_the_foreign_words_counts() -> None:
    changed = Catalogue((MANDARIN, replace(ENGLISH, revision="2")))
    assert key(segment(), house=changed) != key(segment())


def test_a_voice_that_would_never_be_asked_does_not_count() -> None:
    more = Catalogue((MANDARIN, ENGLISH, voice("wang", "wang", speaks=("zh",))))
    assert key(segment(), house=more) == key(segment())


def test_the_owners_dictionary_and_the_engines_settings_count() -> None:
    assert key(segment(), keys=KeyMaker({"重庆": "chong2 qing4"}, {})) != key(segment())
    assert key(segment(), keys=KeyMaker({}, {"li": {"quality": 2}})) != key(segment())
    assert key(segment(), keys=KeyMaker({}, {}, -23.0)) != key(segment())
    assert key(segment(), keys=KeyMaker({}, {"wang": {"quality": 2}})) == key(segment())


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what turns text into sound."""
    home = tmp_path_factory.mktemp("program")
    for room in ROOMS:
        shutil.copytree(HOME / room, home / room, ignore=shutil.ignore_patterns("*.pyc"))
    for name in FILES:
        shutil.copy(HOME / name, home / name)
    return home


def digest(home: Path) -> str:
    return program_digest.__wrapped__(home)


def test_the_program_is_named_the_same_wherever_it_lies(program: Path) -> None:
    assert digest(program) == program_digest()


@pytest.mark.parametrize("part", [*ROOMS, *FILES])
def test_one_changed_byte_in_any_part_makes_another_name(program: Path, part: str) -> None:
    before = digest(program)
    files = [path for path in [program / part, *(program / part).rglob("*")] if path.is_file()]
    assert files
    for path in (files[0], files[-1]):
        kept = path.read_bytes()
        path.write_bytes(bytes([kept[0] ^ 1]) + kept[1:] if kept else b"\n")
        assert digest(program) != before
        path.write_bytes(kept)
    assert digest(program) == before


def test_whatever_the_host_and_the_engines_import_counts() -> None:
    graph = grimp.build_graph("tts_server", "protocol")
    speaking = {name for name in graph.modules if name.startswith(("tts_server.engine_host", "tts_server.engines"))}
    used = speaking.union(*(graph.find_upstream_modules(name) for name in speaking))
    named = (*(f"tts_server.{room}" for room in ROOMS), *(f"tts_server.{name.removesuffix('.py')}" for name in FILES))
    soundless = {f"tts_server.{name}" for name in ("errors", "heap", "logs", "processors")}
    soundless.add("tts_server")  # its version counts
    assert {name for name in used if not name.startswith(named)} - soundless <= {"protocol.emotions"}


def test_a_data_file_counts_and_compiled_ones_do_not(program: Path) -> None:
    before = digest(program)
    (program / "text" / "frontend.cpython-311.pyc").write_bytes(b"compiled")
    assert digest(program) == before
    (program / "text" / "mandarin" / "another.tsv").write_bytes(b"")
    assert digest(program) != before
    (program / "text" / "mandarin" / "another.tsv").unlink()


@pytest.mark.parametrize("part", [*ROOMS, *FILES])
def test_a_part_that_is_missing_is_told_with_a_way_out(program: Path, part: str, tmp_path: Path) -> None:
    (program / part).rename(tmp_path / "away")
    try:
        with pytest.raises(
            ConfigInvalid, match=f"{part} cannot be read: .*; install tts-server again, or set cache.mode"
        ):
            digest(program)
    finally:
        (tmp_path / "away").rename(program / part)


def test_a_room_without_files_is_told(program: Path, tmp_path: Path) -> None:
    (program / "audio").rename(tmp_path / "away")
    (program / "audio").mkdir()
    try:
        with pytest.raises(ConfigInvalid, match="there are no files in it"):
            digest(program)
    finally:
        (program / "audio").rmdir()
        (tmp_path / "away").rename(program / "audio")
