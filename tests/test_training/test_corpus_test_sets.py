import ctypes.util
import os
import re
from pathlib import Path

import numpy as np
import pytest

from inference.errors import LipwrightError
from training.corpus import game_dialogue, prompts, russian_reader, test_sets
from training.corpus.espeak_voices import ESPEAK_VOICES
from training.corpus.festival_voices import festival_voices
from training.corpus.flite import flite_available
from training.corpus.phones import BILABIALS
from training.corpus.sentences_english import make_sentence
from training.corpus.sentences_other import LANGUAGES
from training.corpus.spoken_text import spoken_words

DATA = Path(os.environ.get("LIPWRIGHT_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
INSTALLED = {
    "espeak": ctypes.util.find_library("espeak-ng") is not None,
    "flite": flite_available(),
    "festival": bool(festival_voices()),
}


def runs(text, length=4):
    words = spoken_words(text)
    return {tuple(words[i : i + length]) for i in range(max(1, len(words) - length + 1))}


def test_what_tests_say_is_never_said_in_training():
    rng = np.random.default_rng(0)
    trained = {run for _ in range(6000) for run in runs(make_sentence(rng))}
    if prompts.prompts_available():
        trained |= {run for p in prompts.training_prompts() for run in runs(p.text)}
    for sentence in test_sets.SENTENCES:
        assert not runs(sentence) & trained, sentence


def test_training_does_not_hear_the_voices_of_the_tests():
    assert not set(test_sets.ESPEAK_TEST_VOICES) & set(ESPEAK_VOICES)


@pytest.mark.parametrize("engine", ["espeak", "flite", "festival"])
def test_every_engine_says_the_same_lines_each_time(engine):
    if not INSTALLED[engine]:
        pytest.skip(f"{engine} is not installed")
    lines = test_sets.engine_lines(engine)
    assert len(lines) == len(test_sets.SENTENCES)
    assert {line.engine for line in lines} == {engine}
    assert len({line.name for line in lines}) == len(lines)
    assert sum(s.phone in BILABIALS for line in lines for s in line.segments) > 60
    again = test_sets.engine_lines(engine)
    assert [[s.phone for s in a.segments] for a in again] == [[s.phone for s in a.segments] for a in lines]


def test_other_languages_are_tested_too():
    if not INSTALLED["espeak"]:
        pytest.skip("espeak-ng is not installed")
    lines = test_sets.other_language_lines()
    assert {line.language for line in lines} == set(LANGUAGES)
    assert len(lines) == 2 * len(LANGUAGES)


def test_kept_out_prompts_are_recorded_speech_with_phones():
    if not prompts.prompts_available():
        pytest.skip("recorded prompts are not installed")
    lines = test_sets.prompts()
    assert len(lines) > 100
    assert {line.engine for line in lines} == {"real"}
    assert sum(s.phone in BILABIALS for line in lines for s in line.segments) > 100


def test_a_real_man_is_kept_out_of_training():
    if not (prompts.KEPT_OUT_VOICE.available and INSTALLED["espeak"]):
        pytest.skip("his prompts or espeak-ng are not installed")
    assert prompts.KEPT_OUT_VOICE not in (prompts.ENGLISH, *prompts.ABROAD)
    lines = test_sets.unheard_voice()
    assert {line.voice for line in lines} == {"Carlo"}
    assert 120 < sum(line.seconds for line in lines) < 600
    assert sum(s.phone in BILABIALS for line in lines for s in line.segments) > 100


def test_only_test_sets_read_the_games_dialogue():
    imports = re.compile(r"import .*\bgame_dialogue\b|from training\.corpus\.game_dialogue\b")
    modules = Path(game_dialogue.__file__).parents[1].rglob("*.py")
    assert {p.name for p in modules if imports.search(p.read_text(encoding="utf-8"))} == {"test_sets.py"}


def test_a_games_dialogue_is_speech_with_phones():
    if not (game_dialogue.FOLDER / "sound").is_dir() or not INSTALLED["espeak"]:
        pytest.skip("fillets-ng-data-cs or espeak-ng is not installed")
    assert len(game_dialogue.game_lines()) > 1500
    lines = test_sets.game_dialogue()
    assert {(line.engine, line.language) for line in lines} == {("real", "cs")}
    assert {"small", "big"} < {line.voice for line in lines}
    assert 120 < sum(line.seconds for line in lines) < 600
    assert sum(s.phone in BILABIALS for line in lines for s in line.segments) > 100


def test_a_games_texts_are_read_from_its_scripts(tmp_path):
    sound, script = (tmp_path / kind / "cave" for kind in ("sound", "script"))
    (sound / "cs").mkdir(parents=True)
    script.mkdir(parents=True)
    for name in ("cav-m-sees", "cav-v-silent"):
        (sound / "cs" / f"{name}.ogg").touch()
    script.joinpath("dialogs_cs.lua").write_text(
        'dialogId("cav-m-sees", "font_small", "She said \\"look\\".")\n'
        'dialogStr("\u0158ekla \\"pod\u00edvej\\".")\n\n'
        'dialogId("cav-v-unheard", "font_big", "No sound.")\ndialogStr("Nic.")\n',
        encoding="utf-8",
    )
    [line] = game_dialogue.game_lines("cs", tmp_path)
    assert (line.name, line.character) == ("cave cav-m-sees", "small")
    assert line.text == '\u0158ekla "pod\u00edvej".'


def test_a_missing_game_is_said_with_its_remedy(tmp_path):
    for language in ("cs", "nl"):
        with pytest.raises(LipwrightError, match=rf"apt-get install .*fillets-ng-data-{language}"):
            game_dialogue.game_lines(language, tmp_path)


def test_recordings_of_the_reader_are_kept_out_of_training():
    if not russian_reader.reader_available():
        pytest.skip("festvox-ru is not installed")
    texts = (russian_reader.FOLDER / "etc" / "txt.done.data").read_text(encoding="utf-8")
    said = {
        name: re.sub(r"[^\w ]", " ", text.replace("+", "").lower()).split()
        for name, text in re.findall(r'\( (ru_\d+) "(.*)" \)', texts)
    }
    lines = test_sets.reader()
    kept = {line.name.removeprefix("reader ").partition("-")[0] for line in lines}
    trained = {passage.recording for passage in russian_reader.training_passages()}
    assert len(kept) > 40
    assert len(kept | trained) == len(said)
    assert not kept & trained
    ours = {run for name in trained for run in word_runs(said[name])}
    assert not ours & {run for name in kept for run in word_runs(said[name])}
    assert {(line.voice, line.engine, line.language) for line in lines} == {("Nsh", "real", "ru")}
    assert 360 < sum(line.seconds for line in lines) < 600
    assert sum(s.phone in BILABIALS for line in lines for s in line.segments) > 200


def word_runs(words):
    return {tuple(words[i : i + 4]) for i in range(len(words) - 3)}


def test_lj_speech_is_aligned():
    if not (DATA / "speech" / "ljspeech").is_dir():
        pytest.skip(f"no speech in {DATA}")
    lines = test_sets.ljspeech(DATA)
    assert len(lines) == 8
    assert sum(s.phone in BILABIALS for line in lines for s in line.segments) > 30


def test_what_is_not_there_is_named(tmp_path):
    with pytest.raises(LipwrightError, match=r"transcripts\.csv"):
        test_sets.ljspeech(tmp_path)
    with pytest.raises(LipwrightError, match="siri"):
        test_sets.engine_lines("siri")
