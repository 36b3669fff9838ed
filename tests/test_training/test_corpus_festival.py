import dataclasses

import numpy as np
import pytest

from inference.errors import LipwrightError
from training.corpus import festival
from training.corpus.build import CorpusPlan, build_corpus
from training.corpus.festival import speak_with_festival
from training.corpus.festival_phones import FESTIVAL_PHONES
from training.corpus.festival_voices import FESTIVAL_VOICES, festival_voices, festival_voices_abroad
from training.corpus.phones import BILABIALS, PHONES, SILENCE
from training.corpus.sentences_other import kept_out_sentences

ABROAD = tuple(name for name, voice in FESTIVAL_VOICES.items() if voice.language != "en")


def needs(voice):
    if voice not in (*festival_voices(), *festival_voices_abroad()):
        pytest.skip(f"{FESTIVAL_VOICES[voice].package} is not installed")


def levels(line):
    """Return the level of each 5 ms (dB)."""
    power = line.samples[: len(line.samples) // 80 * 80].reshape(-1, 80).astype(float) ** 2
    return 10 * np.log10(power.mean(1) + 1e-9)


@pytest.mark.parametrize("voice", ABROAD)
def test_a_voice_of_another_language_says_stops_where_its_phones_say(voice):
    needs(voice)
    texts = kept_out_sentences(FESTIVAL_VOICES[voice].language)
    lines = speak_with_festival(texts, voice, [np.random.default_rng(i) for i in range(len(texts))])
    stops, vowels = [], []
    for line in lines:
        assert line is not None
        assert (line.voice, line.language) == (voice, FESTIVAL_VOICES[voice].language)
        assert {s.phone for s in line.segments} <= set(PHONES)
        assert {s.phone for s in line.segments} & set(BILABIALS)
        level = levels(line)
        for s in line.segments:
            part = level[round(s.start * 200) : round(s.end * 200)]
            if len(part) > 2 and s.phone in ("P", "T", "K"):
                stops.append(part.min())
            elif len(part) > 2 and s.phone in ("AA", "EH"):
                vowels.append(np.median(part))
    assert np.median(stops) < np.median(vowels) - 20


@pytest.mark.parametrize("language", FESTIVAL_PHONES)
def test_every_symbol_means_phones_and_lips_close_only_at_p_b_and_m(language):
    for symbol, phones in FESTIVAL_PHONES[language].items():
        assert set(phones) <= set(PHONES)
        assert bool(set(phones) & set(BILABIALS)) == (symbol[0] in "pbm")
        assert (phones == (SILENCE,)) == (symbol[0] == "#")


def test_texts_keep_the_letters_that_english_lacks():
    needs("dita")
    line = speak_with_festival(["Ch\u0159est \u0159\u00edzk\u016f."], "dita", [np.random.default_rng(0)])[0]
    assert line is not None
    spoken = [s.phone for s in line.segments if s.phone != SILENCE]
    assert spoken == ["HH", "L", "EH", "S", "T", "L", "IY", "S", "K", "UW"]


def test_a_phone_that_is_not_in_the_table_is_named(monkeypatch):
    needs("lp")
    monkeypatch.setitem(festival.FESTIVAL_PHONES, "it", {"#": (SILENCE,)})
    with pytest.raises(LipwrightError, match=r"phone 'm' in the language it.*festival_phones\.py"):
        speak_with_festival(["Mamma."], "lp", [np.random.default_rng(0)])


def test_a_voice_whose_package_is_missing_speaks_no_line(monkeypatch, tmp_path):
    gone = {name: dataclasses.replace(v, folder=tmp_path / name) for name, v in FESTIVAL_VOICES.items()}
    for name, voice in gone.items():
        monkeypatch.setitem(FESTIVAL_VOICES, name, voice)
    assert not festival_voices()
    assert not festival_voices_abroad()
    with pytest.raises(LipwrightError, match=r"apt-get install .* festvox-czech-krb"):
        build_corpus(CorpusPlan(0.1, ("festival",)), tmp_path)


def test_the_voices_of_other_languages_take_turns_in_a_corpus(tmp_path):
    needs("lp")
    needs("dita")
    needs("mv")
    lines = build_corpus(CorpusPlan(1.5, ("espeak", "festival"), english_share=0.1), tmp_path)
    spoken = {line.voice: line.language for line in lines if line.engine == "festival"}
    assert set(spoken.values()) >= {"it", "cs", "fi"}
