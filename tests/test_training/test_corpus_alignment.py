import ctypes.util

import numpy as np
import pytest

from inference.errors import LipwrightError
from training.corpus import prompts
from training.corpus.alignment import AlignedPhone, Aligner
from training.corpus.alignment_quality import alignment_fault
from training.corpus.espeak import Espeak
from training.corpus.flite import flite_available, speak_with_flite
from training.corpus.phones import PHONES
from training.corpus.recorded import Pronouncer, recorded_line
from training.corpus.spoken_text import number_words, spoken_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Press 1, or #.", "press one or pound"),
        ("It's 4 p.m. (tone plays)", "it's four p m"),
        ("un-identified 45 [beep]", "un identified forty five"),
        ('the "forty-two line Bible"', "the forty two line bible"),
        ("'quoted'", "quoted"),
    ],
)
def test_texts_become_the_words_that_are_said(text, words):
    assert " ".join(spoken_words(text)) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "zero"),
        (19, "nineteen"),
        (20, "twenty"),
        (107, "one hundred seven"),
        (31415, "thirty one thousand four hundred fifteen"),
    ],
)
def test_numbers_are_spelled_out(number, words):
    assert number_words(number) == words


@pytest.fixture(scope="module")
def aligner():
    return Aligner()


def test_phones_are_found_where_a_synthesiser_put_them(aligner):
    if not flite_available():
        pytest.skip("flite is not installed")
    text = "Bob bought a purple umbrella for my mother."
    line = speak_with_flite(text, "slt", np.random.default_rng(0))
    found, why = recorded_line(aligner, line.samples, text, name="line", voice="slt")
    assert why == ""
    assert found.segments[0].start == 0
    assert found.segments[-1].end == pytest.approx(line.seconds)
    assert {s.phone for s in found.segments} <= set(PHONES)
    true = [(s.start + s.end) / 2 for s in line.segments if s.phone in ("P", "B", "M")]
    ours = [(s.start + s.end) / 2 for s in found.segments if s.phone in ("P", "B", "M")]
    assert len(true) == len(ours) == 9
    assert np.abs(np.subtract(true, ours)).max() < 0.05


def test_words_are_aligned_by_how_they_are_said(aligner):
    if not flite_available():
        pytest.skip("flite is not installed")
    line = speak_with_flite("Bob made my pie.", "slt", np.random.default_rng(0))
    found = aligner.align_said(line.samples, [["B", "AA", "B"], ["M", "EY", "D"], ["M", "AY"], ["P", "AY"]])
    ours = [p.phone for p in found if p.phone != "SIL"]
    assert ours == ["B", "AA", "B", "M", "EY", "D", "M", "AY", "P", "AY"]


def test_words_of_another_language_are_said_as_espeak_says_them():
    if ctypes.util.find_library("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed")
    pronouncer = Pronouncer(Espeak(), "de")
    said = pronouncer.words("Guten Abend, Mama! (leise)")
    assert len(said) == 3
    assert said[2] == ["M", "AA", "M", "AA"]


def test_a_wrong_text_is_not_believed(aligner):
    if not flite_available():
        pytest.skip("flite is not installed")
    line = speak_with_flite("Bob bought a purple umbrella.", "slt", np.random.default_rng(0))
    found, why = recorded_line(
        aligner, line.samples, "Please hold the line, thank you.", name="line", voice="slt"
    )
    assert found is None
    assert why


def test_no_words_and_no_sound_have_no_phones(aligner):
    assert aligner.align(np.zeros(16000, np.float32), "[beep]") is None
    assert (
        recorded_line(aligner, np.zeros(1600, np.float32), "a long sentence", name="x", voice="x")[0] is None
    )


@pytest.mark.parametrize(
    ("phones", "fault"),
    [
        ([("SIL", 1.0, -10)], "no speech"),
        ([("AA", 0.1, -90)] * 5, "score"),
        ([("AA", 0.1, -10)] * 4 + [("B", 0.7, -10)], "long phone"),
        ([("AA", 0.03, -10)] * 10, "rate"),
        ([("AA", 0.1, -10), ("SIL", 0.1, -10)] * 3, "loud pause"),
        ([("AA", 0.1, -10)] * 6, ""),
    ],
)
def test_faults_of_an_alignment(phones, fault):
    ends = np.cumsum([length for _, length, _ in phones])
    aligned = [
        AlignedPhone(p, end - length, end, score)
        for (p, length, score), end in zip(phones, ends, strict=True)
    ]
    sound = np.random.default_rng(0).normal(0, 0.1, int(ends[-1] * 16000)).astype(np.float32)
    assert alignment_fault(aligned, sound) == fault


def test_prompts_for_tests_and_for_training_share_no_sentence():
    if not prompts.prompts_available():
        pytest.skip("recorded prompts are not installed")
    kept, ours = prompts.kept_out_prompts(), prompts.training_prompts()
    assert len(kept) == len(prompts.kept_out_names())
    assert not {p.name for p in kept} & {p.name for p in ours}
    assert not {runs for p in kept for runs in fives(p)} & {runs for p in ours for runs in fives(p)}
    seconds = sum(len(p.read()) for p in kept) / 16000
    assert 180 < seconds < 300


def fives(prompt):
    words = spoken_words(prompt.text)
    return [tuple(words[i : i + 5]) for i in range(len(words) - 4)] or [tuple(words)]


def test_missing_prompts_are_named_with_their_command(tmp_path, monkeypatch):
    monkeypatch.setattr(prompts, "SOUNDS", tmp_path)
    with pytest.raises(LipwrightError, match=r"apt-get install .* asterisk-core-sounds-en"):
        prompts.read_prompts()
