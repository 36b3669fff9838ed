# ruff: noqa: RUF001 - phonetic symbols look like other letters

import numpy as np
import pytest

from training.corpus.espeak import without_joints
from training.corpus.espeak_voices import ESPEAK_VOICES, voices_of
from training.corpus.ipa import ipa_phones
from training.corpus.phones import PHONES, Segment
from training.corpus.sentences_english import make_sentence
from training.corpus.sentences_other import (
    LANGUAGES,
    kept_out_sentences,
    make_other_sentence,
    training_sentences,
)


@pytest.mark.parametrize(
    ("symbol", "phones"),
    [
        ("yː", "UW"),
        ("øː", "OW"),
        ("ɑ̃", "AA"),
        ("β", "V"),
        ("ɸ", "F"),
        ("pf", "P F"),
        ("ts", "T S"),
        ("tɕ", "T S"),
        ("ç", "Y"),
        ("pʲ", "P"),
        ("ʲ", "Y"),
        ("ɱ", "V"),
        ("aɪ", "AY"),
        ("iɛ", "IY EH"),
        ("ɯᵝ", "UH"),
        ("☃", ""),
    ],
)
def test_symbols_of_other_languages_go_by_what_the_mouth_does(symbol, phones):
    assert list(ipa_phones(symbol, "de")) == phones.split()


def test_letters_that_english_reads_otherwise():
    assert ipa_phones("a") == ("AE",)
    assert ipa_phones("a", "es") == ("AA",)
    assert ipa_phones("r", "es") == ("L",)


def test_there_are_texts_in_many_languages():
    assert len(LANGUAGES) >= 12
    for language in LANGUAGES:
        assert len(set(training_sentences(language))) >= 12
        assert len(kept_out_sentences(language)) >= 2
        assert not set(kept_out_sentences(language)) & set(training_sentences(language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_symbol_of_any_language_becomes_silence(espeak, language):
    rng = np.random.default_rng(0)
    texts = [*training_sentences(language), *kept_out_sentences(language)]
    texts += [make_other_sentence(language, rng) for _ in range(40)]
    espeak.unknown.clear()
    lines = [espeak.speak(text, language, rng) for text in texts]
    assert espeak.unknown == set()
    assert all(lines)
    said = {s.phone for line in lines for s in line.segments}
    assert said <= set(PHONES)
    assert {"P", "M"} <= said
    assert len(said) > 20


def test_every_voice_speaks_and_every_one_is_another(espeak):
    rng = np.random.default_rng(1)
    abroad = [voice for language in LANGUAGES for voice in voices_of(language)]
    assert len({*ESPEAK_VOICES, *abroad}) == len(ESPEAK_VOICES) + len(abroad) >= 40
    for voice in (*ESPEAK_VOICES, *abroad):
        language = voice.partition("+")[0]
        text = make_sentence(rng) if voice.startswith("en") else make_other_sentence(language, rng)
        assert espeak.speak(text, voice, rng) is not None, voice
    assert espeak.unknown == set()


def test_an_unknown_symbol_leaves_the_line_out(espeak):
    assert espeak.speak("Hello 你好.", "cmn", np.random.default_rng(0)) is None
    assert espeak.unknown
    espeak.unknown.clear()


def test_a_pause_too_short_to_be_one_belongs_to_the_phone_before():
    before = [
        Segment("IY", 0.0, 0.1),
        Segment("SIL", 0.1, 0.15),
        Segment("AO", 0.15, 0.2),
        Segment("SIL", 0.2, 0.3),
    ]
    assert without_joints(before) == [Segment("IY", 0.0, 0.15), *before[2:]]


@pytest.mark.parametrize("language", LANGUAGES)
def test_pauses_are_quiet_and_lips_close_in_every_language(espeak, language):
    rng = np.random.default_rng(2)
    levels = {"vowel": [], "pause": [], "closure": []}
    kinds = {"SIL": "pause", "P": "closure", "B": "closure", "AA": "vowel", "EH": "vowel", "IY": "vowel"}
    for text in training_sentences(language):
        line = espeak.speak(text, language, rng)
        power = line.samples[: len(line.samples) // 80 * 80].reshape(-1, 80).astype(float) ** 2
        level = 10 * np.log10(power.mean(1) + 1e-9)
        for s in line.segments[1:-1]:
            part = level[round(s.start * 200) : round(s.end * 200)]
            if s.phone in kinds and len(part) > 2:
                levels[kinds[s.phone]].append(part.min() if s.phone in "PB" else np.median(part))
    assert np.median(levels["closure"]) < np.median(levels["vowel"]) - 12
    assert np.mean(np.array(levels["pause"] or [-90]) < np.median(levels["vowel"]) - 20) > 0.9
