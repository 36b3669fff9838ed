import numpy as np
import pytest

from inference.errors import LipwrightError
from training.corpus import kokoro_voices as lying_here
from training.corpus.alignment_quality import has_loud_stop
from training.corpus.build import CorpusPlan, build_corpus
from training.corpus.kokoro import Kokoro, KokoroRequest
from training.corpus.kokoro_phones import SYMBOLS, kokoro_line, symbol_numbers
from training.corpus.kokoro_source import KokoroSource
from training.corpus.kokoro_voices import VOICE_FOLDER, kokoro_model, kokoro_voices, language_of, read_voice
from training.corpus.phones import PHONES
from training.corpus.sentences_other import LANGUAGES


@pytest.fixture(scope="module")
def kokoro():
    if not kokoro_voices():
        pytest.skip("Kokoro's voices are not here; python build.py test fetches them where npm is installed")
    return Kokoro(VOICE_FOLDER)


def spoken(kokoro, espeak, text, voice="af_heart", **manner):
    spelled, _ = kokoro_line(espeak, text, language_of(voice))
    return kokoro.speak(KokoroRequest(symbol_numbers(spelled), (voice,), **manner))


def test_a_text_becomes_symbols_and_the_phones_of_its_words(espeak):
    spelled, words = kokoro_line(espeak, "Oh, my big boat!", "en-us")
    assert words == [["OW"], ["M", "AY"], ["B", "IH", "G"], ["B", "OW", "T"]]
    assert "O, m" in spelled
    assert "I b" in spelled
    assert spelled.endswith("!")
    assert len(symbol_numbers(spelled)) == len(spelled)


def test_a_language_that_espeak_lacks_is_one_sentence(espeak):
    with pytest.raises(LipwrightError, match="does not know the language tlh-none"):
        espeak.ipa("Qapla", "tlh-none")


def test_the_languages_of_the_voices_have_texts():
    spoken_here = {language_of(f"{letter}f_x") for letter in "abefhijpz"}
    assert {code for code in spoken_here if not code.startswith("en")} <= set(LANGUAGES)


def test_the_same_line_sounds_the_same_and_a_faster_one_is_shorter(kokoro, espeak):
    text = "Please bring my blue umbrella."
    once, again = (spoken(kokoro, espeak, text) for _ in range(2))
    assert np.array_equal(once, again)
    assert 1 < len(once) / 16000 < 5
    assert len(spoken(kokoro, espeak, text, speed=1.3)) < 0.9 * len(once)


def test_somebody_between_two_voices_is_neither(kokoro, espeak):
    symbols = symbol_numbers(kokoro_line(espeak, "Mama made pumpkin pie.", "en-us")[0])
    both = ("af_heart", "am_michael")
    first, second = (kokoro.speak(KokoroRequest(symbols, (voice,))) for voice in both)
    between = kokoro.speak(KokoroRequest(symbols, both, share=0.5))
    assert pitch(second) < pitch(between) < pitch(first)


def pitch(samples):
    """Return the median pitch (Hz) of the loud half of a line, by autocorrelation."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, 1024)[::512]
    power = (frames**2).sum(1)
    frames = frames[power > np.median(power)]
    spectra = np.abs(np.fft.rfft(frames * np.hanning(1024), 4096)) ** 2
    correlation = np.fft.irfft(spectra)[:, 40:230]
    return 16000 / (40 + np.median(correlation.argmax(1)))


@pytest.mark.usefixtures("kokoro")
def test_lines_are_aligned_with_what_was_said_and_quiet_where_lips_close(espeak):
    source = KokoroSource(3, espeak)
    languages = {source.line_id(i).language for i in range(len(kokoro_voices()))}
    assert {"en", "es", "fr-fr", "hi", "it", "pt-br"} == languages
    lines = [line for line, _ in source.make([source.line_id(i) for i in (0, 30, 33, 40)]) if line]
    assert len(lines) >= 3
    for line in lines:
        assert line.engine == "kokoro"
        assert np.abs(line.samples).max() <= 1
        assert {s.phone for s in line.segments} <= set(PHONES)
        assert line.segments[0].start == 0
        assert line.segments[-1].end == pytest.approx(line.seconds, abs=0.01)
    assert sum(has_loud_stop(line.segments, line.samples) for line in lines) <= 1


@pytest.mark.usefixtures("kokoro", "espeak")
def test_kokoro_comes_on_top_of_a_corpus_and_is_kept(tmp_path):
    plan = CorpusPlan(0.1, ("espeak", "kokoro"), languages=(), kokoro_minutes=0.05)
    lines = build_corpus(plan, tmp_path)
    mine = [line for line in lines if line.engine == "kokoro"]
    assert lines[-len(mine) :] == mine
    assert 0.05 * 60 <= sum(line.seconds for line in mine) < 0.05 * 60 + 12
    again = build_corpus(plan, tmp_path)
    assert [line.name for line in again] == [line.name for line in lines]
    assert np.array_equal(again[-1].samples, lines[-1].samples)


def test_a_damaged_or_missing_voice_is_one_sentence(tmp_path):
    with pytest.raises(LipwrightError, match="there is no such voice"):
        read_voice("af_none", tmp_path)
    (tmp_path / "af_short.bin").write_bytes(bytes(1000))
    with pytest.raises(LipwrightError, match=r"af_short\.bin: no voice of Kokoro"):
        read_voice("af_short", tmp_path)
    strange = np.zeros((510, 256), "<f4")
    strange[3, 4] = np.inf
    strange.tofile(tmp_path / "af_strange.bin")
    with pytest.raises(LipwrightError, match="numbers that are none"):
        read_voice("af_strange", tmp_path)


def test_another_model_is_not_loaded(monkeypatch):
    monkeypatch.setattr(lying_here, "_SHA256", "0" * 64)
    with pytest.raises(LipwrightError, match="not the one that is meant"):
        kokoro_model()
    monkeypatch.setattr(lying_here, "_PARTS", ("lipwright_no_such_part",))
    with pytest.raises(LipwrightError, match="is not installed"):
        kokoro_model()


def test_without_voices_the_source_says_how_to_get_them(espeak, tmp_path):
    with pytest.raises(LipwrightError, match=r"build\.py test fetches them"):
        KokoroSource(0, espeak, tmp_path)


def test_every_symbol_has_a_number_of_its_own():
    assert len(set(SYMBOLS.values())) == len(SYMBOLS)
    assert all(0 < number < 178 for number in SYMBOLS.values())
