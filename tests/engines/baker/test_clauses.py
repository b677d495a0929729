import pytest

from tests.engines.spoken import run
from tts_server.engine import Break, Prosody, Run
from tts_server.engines.baker.clauses import MAX_SYLLABLES, Clause, clauses, halves, units
from tts_server.engines.baker.symbols import SYMBOLS


def lengths(*runs: Run) -> list[int]:
    return [len(clause.syllables) for clause in clauses(runs)]


def symbols(clause: Clause) -> str:
    return " ".join(SYMBOLS[unit] for unit in units(clause).ids)


def test_clauses_end_at_commas_and_sentence_ends_only() -> None:
    found = list(clauses((run("ma1 ma1/ ma1| ma1, ma1 ma1. ma1"),)))
    assert [len(clause.syllables) for clause in found] == [4, 2, 1]
    assert [clause.break_after for clause in found] == [Break.CLAUSE, Break.SENTENCE, Break.NONE]


def test_a_clause_reaches_over_runs_that_no_break_parts() -> None:
    (clause,) = clauses((run("ni3 hao3"), run("ma1 ma5.", Prosody(emotion="happy"))))
    assert [how.emotion for how in clause.prosodies] == ["neutral", "neutral", "happy", "happy"]


def test_an_exact_pause_ends_a_clause_and_takes_the_place_of_its_break() -> None:
    first, second = clauses((run("ni3 hao3,", pause_ms=700), run("ma1.")))
    assert (first.pause_ms, len(first.syllables)) == (700, 2)
    assert (second.pause_ms, len(second.syllables)) == (None, 1)


def test_a_run_without_syllables_is_a_pause_or_nothing() -> None:
    assert [clause.pause_ms for clause in clauses((run("", pause_ms=300),))] == [300]
    assert list(clauses((run(""),))) == []
    assert list(clauses(())) == []


@pytest.mark.parametrize("count", [61, 100, 500, 2000])
def test_no_clause_is_longer_than_the_model_was_trained_for(count: int) -> None:
    found = lengths(run("ma1 " * count))
    assert sum(found) == count
    assert max(found) <= MAX_SYLLABLES


def test_a_long_clause_is_cut_at_its_strongest_break_near_the_middle() -> None:
    assert lengths(run("ma1 " * 33 + "ma1/ " + "ma1 " * 3 + "ma1| " + "ma1 " * 40)) == [38, 40]


def test_only_the_last_part_of_a_cut_clause_takes_the_pause() -> None:
    (whole,) = clauses((run("ma1 ma1 ma1 ma1", pause_ms=500),))
    first, second = halves(whole)
    assert (first.pause_ms, second.pause_ms) == (None, 500)
    assert first.syllables + second.syllables == whole.syllables


def test_units_are_silence_syllables_with_marks_between_silence_and_end() -> None:
    (clause,) = clauses((run("jin1 tian1/ huar1| hao3."),))
    assert symbols(clause) == "sil j in1 #0 t ian1 #0 h ua1 er5 #2 h ao3 sil eos"
    read = units(clause)
    assert read.spans == ((1, 3), (4, 6), (7, 10), (11, 13))
    assert read.owners.tolist() == [0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3]
