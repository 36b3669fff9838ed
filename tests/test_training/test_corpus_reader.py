import re

import numpy as np
import pytest
import soundfile

from inference.errors import LipwrightError
from training.config import TrainingConfig
from training.corpus import russian_reader
from training.corpus.build import CorpusPlan, build_corpus
from training.corpus.phones import PHONES
from training.corpus.prompts import prompts_available
from training.corpus.russian_labels import RUSSIAN_PHONES, read_labels
from training.corpus.sources import Reader

INSTALLED = pytest.mark.skipif(not russian_reader.reader_available(), reason="festvox-ru is not installed")
VOWELS = ("AA", "AH", "AO", "EH", "IH", "IY", "UH", "UW")
ROUNDED = ("AO", "UH", "UW")
#: Three phrases of a made-up recording, with pauses of 0.4 s before, between and after.
PHRASE = ("aa", "p", "oo", "m", "aa", "t", "i", "s", "ay", "c", "uu", "bb", "aa", "k", "e", "vv", "ii", "r")
LENGTH, PAUSE = 0.16, 0.4
LOUD = {"p", "bb", "t", "k", "c"}


def labelled(phrases=3):
    """Return the phones of a made-up recording with their ends (s)."""
    said = ["pau", *(symbol for _ in range(phrases) for symbol in (*PHRASE, "pau"))]
    ends = np.cumsum([PAUSE if symbol == "pau" else LENGTH for symbol in said])
    return list(zip(ends, said, strict=True))


def sound(labels, quiet=LOUD):
    """Return noise at the level of speech, all but silent in pauses and in the phones named."""
    rng = np.random.default_rng(1)
    start, parts = 0.0, []
    for end, symbol in labels:
        level = 1e-4 if symbol == "pau" else 1e-3 if symbol in quiet else 0.1
        parts.append(level * rng.standard_normal(round(end * 16000) - round(start * 16000)))
        start = end
    return np.concatenate(parts)


def write_labels(path, labels):
    rows = "".join(f"{end:.5f} 125 {symbol}\n" for end, symbol in labels)
    path.write_text("#\n" + rows)


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Write a made-up package of two recordings, the second of which tests alone hear."""
    for name in ("wav", "lab"):
        (tmp_path / name).mkdir()
    for name in ("ru_0011", "ru_0012"):
        write_labels(tmp_path / "lab" / f"{name}.lab", labelled())
        soundfile.write(tmp_path / "wav" / f"{name}.wav", sound(labelled()), 16000)
    monkeypatch.setattr(russian_reader, "FOLDER", tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def some_lines():
    passages = russian_reader.training_passages()[::40]
    lines = [russian_reader.reader_line(p, p.name)[0] for p in passages]
    return [line for line in lines if line is not None]


def test_recordings_are_cut_at_pauses_and_their_phones_cover_the_parts(package):
    passages = russian_reader.training_passages()
    assert [p.name for p in passages] == ["ru_0011-0", "ru_0011-1", "ru_0011-2"]
    assert [p.name for p in russian_reader.kept_out_passages()] == [f"ru_0012-{i}" for i in range(3)]
    lines = [russian_reader.reader_line(p, f"a {p.name}")[0] for p in passages]
    whole = np.concatenate([line.samples for line in lines])
    stored = soundfile.read(package / "wav" / "ru_0011.wav", dtype="float32")[0]
    assert np.array_equal(whole, stored)
    phones = [phone for symbol in PHRASE for phone in RUSSIAN_PHONES[symbol]]
    for line in lines:
        assert [s.phone for s in line.segments] == ["SIL", *phones, "SIL"]
        starts, ends = ([getattr(s, k) for s in line.segments] for k in ("start", "end"))
        assert starts == pytest.approx([0, *ends[:-1]], abs=1e-6)
        assert ends[-1] == pytest.approx(line.seconds, abs=1e-6)
        quiet = line.samples[round(starts[2] * 16000) + 80 : round(ends[2] * 16000) - 80]
        assert np.abs(quiet).max() < 0.01, "p lies where it is quiet"


def test_silence_is_added_where_labels_end_before_the_sound(package):
    labels = labelled(1)[:-1]
    write_labels(package / "lab" / "ru_0011.lab", labels)
    soundfile.write(package / "wav" / "ru_0011.wav", np.append(sound(labels), np.zeros(800)), 16000)
    (passage,) = russian_reader.training_passages()
    line, _ = russian_reader.reader_line(passage, "x")
    assert [s.phone for s in line.segments[-2:]] == ["L", "SIL"]
    assert line.segments[-1].end - line.segments[-1].start == pytest.approx(0.05, abs=1e-4)


@pytest.mark.parametrize(
    ("quiet", "fault"), [(LOUD - {"p"}, "loud stop"), (LOUD - {"bb"}, "loud stop"), (LOUD - {"t"}, "")]
)
def test_lines_whose_lips_cannot_have_closed_are_left_out(package, quiet, fault):
    soundfile.write(package / "wav" / "ru_0011.wav", sound(labelled(), quiet), 16000)
    for passage in russian_reader.training_passages():
        line, why = russian_reader.reader_line(passage, "x")
        assert why == fault
        assert (line is None) == bool(fault)


def test_labels_that_do_not_fit_the_sound_are_left_out(package):
    late = [(end + 0.3, symbol) for end, symbol in labelled()]
    write_labels(package / "lab" / "ru_0011.lab", late)
    soundfile.write(package / "wav" / "ru_0011.wav", np.append(sound(labelled()), 0.1 * np.ones(4800)), 16000)
    faults = {russian_reader.reader_line(p, "x")[1] for p in russian_reader.training_passages()}
    assert faults <= {"loud pause", "loud stop"}
    assert "" not in faults


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "no phones"),
        ("#\n0.5 125 pau\n", "no phones"),
        ("#\n0.5 125 aa\n0.4 125 p\n", "ends at 0.4 s after 0.5 s"),
        ("#\n0.5 125 aa\nnan 125 p\n", "ends at nan s"),
        ("#\n0.5 125 aa\ninf 125 p\n", "ends at inf s"),
        ("#\n0.5 125 aa\n0.6 125 qq\n", "unknown phone 'qq'"),
        ("#\n0.5 125\n", "cannot be read as labels"),
        ("#\nhalf 125 aa\n", "cannot be read as labels"),
        (b"\xff\x00\x80", "cannot be read as labels"),
        (b"#\n" + b"0" * 300_000, "too large"),
    ],
)
def test_damaged_labels_are_one_sentence(package, content, problem):
    path = package / "lab" / "ru_0011.lab"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(LipwrightError, match=re.escape(problem)) as error:
        russian_reader.training_passages()
    assert str(error.value).startswith(str(path))
    assert str(error.value).endswith("apt-get install --reinstall festvox-ru")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("damage", ["gone", "no sound", "cut short", "too short", "too long"])
def test_a_damaged_recording_is_one_sentence(package, damage):
    path = package / "wav" / "ru_0011.wav"
    whole = path.read_bytes()
    path.unlink()
    if damage == "no sound":
        path.write_bytes(b"no sound")
    elif damage == "cut short":
        path.write_bytes(whole[: len(whole) // 4])
    elif damage != "gone":
        soundfile.write(path, np.zeros(16000 * (2 if damage == "too short" else 70)), 16000)
    with pytest.raises(LipwrightError, match=r"ru_0011\.wav.*[;,] ") as error:
        russian_reader.reader_line(russian_reader.training_passages()[-1], "x")
    assert "\n" not in str(error.value)


def test_a_missing_package_is_named_with_its_command(tmp_path, monkeypatch):
    monkeypatch.setattr(russian_reader, "FOLDER", tmp_path)
    with pytest.raises(LipwrightError, match=r"apt-get install .* festvox-ru$"):
        build_corpus(CorpusPlan(0.0, ("espeak", "real"), reader_minutes=1.0), tmp_path / "corpus")


@INSTALLED
def test_every_phone_of_the_package_is_known_and_does_what_its_features_say():
    rows = re.findall(
        r"^\s+\((\w+)\s+([-+])\s+\S+\s+\S+\s+\S+\s+([-+0])\s+(\w)\s+(\w)\s+([-+0])\s+[-+0]\)",
        (russian_reader.FOLDER / "festvox" / "msu_ru_nsh_phoneset.scm").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    assert {row[0] for row in rows} == set(RUSSIAN_PHONES)
    for symbol, is_vowel, rounded, kind, place, voiced in rows:
        (first, *more) = RUSSIAN_PHONES[symbol]
        assert {first, *more} <= set(PHONES)
        assert (first in VOWELS) == (is_vowel == "+")
        assert (first in ROUNDED) == (rounded == "+")
        assert (first in ("P", "B", "M")) == (place == "l"), "labial"
        assert (first in ("F", "V")) == (place == "b"), "lower lip at the teeth"
        assert (first in ("M", "N")) == (kind == "n"), "nasal"
        assert bool(more) == (symbol == "c")
        if kind in "sfa":
            assert (first in ("B", "D", "G", "V", "Z", "ZH", "Y")) == (voiced == "+")


@INSTALLED
def test_every_label_file_of_the_package_is_read():
    paths = sorted((russian_reader.FOLDER / "lab").glob("*.lab"))
    assert len(paths) == 620
    assert sum(read_labels(path)[-1].end for path in paths) == pytest.approx(99.4 * 60, abs=10)


@INSTALLED
def test_his_lips_are_closed_where_the_labels_say(some_lines):
    assert len(some_lines) > 20
    levels = {name: [] for name in ("vowel", "P", "B", "M", "SIL")}
    bright = {name: [] for name in levels}
    for line in some_lines:
        level = level_of(line.samples)
        high = level_of(np.diff(line.samples))  # what a nasal lacks lies above
        for s in line.segments:
            name = "vowel" if s.phone in VOWELS else s.phone
            part = slice(round(s.start * 200), round(s.end * 200))
            if name in levels and len(high[part]) > 2:
                levels[name].append(level[part].min() if name in ("P", "B") else np.median(level[part]))
                bright[name].append(np.median(high[part]))
    middle = {name: np.median(found) for name, found in levels.items()}
    assert middle["P"] < middle["vowel"] - 38
    assert middle["B"] < middle["vowel"] - 8
    assert middle["SIL"] < middle["vowel"] - 40
    assert np.median(bright["M"]) < np.median(bright["vowel"]) - 4


def level_of(samples):
    """Return the level (dB) of every 5 ms."""
    power = samples[: len(samples) // 80 * 80].reshape(-1, 80).astype(float) ** 2
    return 10 * np.log10(power.mean(1) + 1e-9)


@INSTALLED
def test_passages_are_of_a_lines_length_and_few_are_left_out():
    passages = russian_reader.training_passages()
    lengths = [p.segments[-1].end - p.segments[0].start for p in passages]
    assert sum(lengths) / 60 == pytest.approx(91.4, abs=0.2)
    assert min(lengths) >= 3
    assert max(lengths) < 10.1
    some = [russian_reader.reader_line(p, p.name) for p in passages[::10]]
    assert sum(line is None for line, _ in some) < 0.05 * len(some)


@INSTALLED
def test_the_reader_comes_on_top_and_reads_back(tmp_path):
    if not prompts_available():
        pytest.skip("recorded prompts are not installed")
    plain = build_corpus(CorpusPlan(0.1, ("real",)), tmp_path)
    more = build_corpus(CorpusPlan(0.1, ("real",), reader_minutes=0.4), tmp_path)
    again = build_corpus(CorpusPlan(0.1, ("real",), reader_minutes=0.4), tmp_path)
    assert [line.name for line in more[: len(plain)]] == [line.name for line in plain]
    his = more[len(plain) :]
    assert {(line.voice, line.engine, line.language) for line in his} == {("Nsh", "real", "ru")}
    assert 24 <= sum(line.seconds for line in his) < 36
    for first, second in zip(more, again, strict=True):
        assert first.name == second.name
        assert first.segments == second.segments
        assert np.array_equal(first.samples, second.samples)
    source = Reader(seed=0)
    assert {source.line_id(i).name for i in range(source.count)} >= {line.name for line in his}
    assert source.line_id(0).name != Reader(seed=1).line_id(0).name


def test_the_reader_is_left_out_with_the_other_recordings(tmp_path, espeak):
    del espeak  # skips where it is not installed
    lines = build_corpus(CorpusPlan(0.05, ("espeak",), languages=(), reader_minutes=1.0), tmp_path)
    assert {line.engine for line in lines} == {"espeak"}


def test_a_checkpoint_from_before_the_reader_goes_on_only_without_him():
    older = TrainingConfig(steps=7).to_json()
    del older["reader_minutes"]
    assert TrainingConfig(steps=7).speaks_like(older)
    assert TrainingConfig.from_json(older) == TrainingConfig(steps=7)
    assert not TrainingConfig(steps=7, reader_minutes=45).speaks_like(older)
