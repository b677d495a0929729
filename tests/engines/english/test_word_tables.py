"""The table that travels with the package says what hibari's own files say, and so do words read with it."""

import random
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest
from hibari.g2p import G2P

from tests.text.cases import golden_texts
from tts_server.engines.english import g2p, word_tables
from tts_server.engines.english.build_word_tables import build
from tts_server.engines.english.small_g2p import SmallG2P

NUMBERS = ("12", "$3.50", "1984", "3rd", "7:30", "I", "U.S.", "read", "live", "record", "used", "to", "the", "vs.", "#")


@pytest.fixture(scope="module")
def own() -> G2P:
    return G2P()


@pytest.fixture(scope="module")
def small() -> SmallG2P:
    table = word_tables.load()
    assert table is not None
    return SmallG2P(table, word_tables.assets())


@pytest.fixture(scope="module")
def words(own: G2P) -> list[str]:
    return [*own.lexicon.golds.d, *own.lexicon.silvers.d]


def test_the_table_is_made_of_the_hibari_that_is_installed() -> None:
    assert word_tables.FILE.read_bytes() == build(word_tables.assets())


def test_every_word_of_the_lexicons_is_there(own: G2P, small: SmallG2P) -> None:
    for theirs, ours in ((own.lexicon.golds, small.lexicon.golds), (own.lexicon.silvers, small.lexicon.silvers)):
        assert len(theirs.d) > 90_000
        assert all(ours.get(word) == theirs.get(word) for word in theirs.d)


def test_the_tagger_weighs_alike(own: G2P, small: SmallG2P) -> None:
    assert small.tagger.tags == own.tagger.tags
    assert all(small.tagger.weights.get(feature) == of for feature, of in own.tagger.weights.items())
    assert all(small.tagger.tagdict.get(word) == tag for word, tag in own.tagger.tagdict.items())
    assert all(word in small.tagger.vocab for word in own.tagger.vocab)


@pytest.mark.parametrize("word", ["", "qzx", "\0", "the\0", "\ud800", "😀", "a" * 1000])
def test_what_is_not_in_it_is_not_found(small: SmallG2P, word: str) -> None:
    assert small.lexicon.golds.get(word) is None
    assert small.tagger.tagdict.get(word) is None
    assert small.tagger.weights.get(word) is None
    assert word not in small.tagger.vocab


def test_words_in_sentences_are_read_as_hibari_reads_them(own: G2P, small: SmallG2P, words: list[str]) -> None:
    chance = random.Random(7)
    for _ in range(600):
        sentence = " ".join(chance.choice(words if chance.random() < 0.9 else NUMBERS) for _ in range(10)) + "."
        assert small(sentence) == own(sentence), sentence


def test_the_texts_of_the_golden_sets_are_read_alike(own: G2P, small: SmallG2P) -> None:
    texts = [text for text in golden_texts() if text.isascii() and len(text) > 20][::3]
    assert len(texts) > 50
    assert [small(text) for text in texts] == [own(text) for text in texts]


def test_the_net_for_unknown_words_is_loaded_once_by_many_threads(own: G2P) -> None:
    table = word_tables.load()
    assert table is not None
    fresh, said = SmallG2P(table, word_tables.assets()), list[Any]()
    threads = [threading.Thread(target=lambda: said.append(fresh("Blorptastic quizzlebum."))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(said) == {own("Blorptastic quizzlebum.")}


def test_another_hibari_is_read_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: G2P) -> None:
    for name in word_tables.ASSETS:
        shutil.copy(word_tables.assets() / name, tmp_path)
    with (tmp_path / word_tables.ASSETS[0]).open("ab") as file:
        file.write(b"more")
    monkeypatch.setattr(word_tables, "assets", lambda: tmp_path)
    word_tables.load.cache_clear()
    try:
        assert g2p._small() is None
    finally:
        word_tables.load.cache_clear()
    assert g2p._large()("Hello there, world.") == own("Hello there, world.")
