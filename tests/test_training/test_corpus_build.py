import ctypes.util
import json

import numpy as np
import pytest

from inference.errors import LipwrightError
from training.corpus import sources
from training.corpus.build import CorpusPlan, build_corpus
from training.corpus.festival_voices import festival_voices
from training.corpus.flite import flite_available
from training.corpus.phones import PHONES
from training.corpus.prompts import prompts_available

HERE = tuple(
    engine
    for engine, there in (
        ("espeak", ctypes.util.find_library("espeak-ng") is not None),
        ("flite", flite_available()),
        ("festival", bool(festival_voices())),
        ("real", prompts_available()),
    )
    if there
)
VOWELS = ("AA", "AE", "AY", "EH", "EY", "IY", "OW", "UW")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("corpus")


@pytest.fixture(scope="module")
def lines(folder):
    if not HERE:
        pytest.skip("no synthesiser is installed")
    return build_corpus(CorpusPlan(2.0, HERE), folder)


def same(first, second):
    """Tell whether two lines say the same; espeak-ng's samples depend a little on what it said before."""
    return (
        first.name == second.name
        and first.voice == second.voice
        and first.language == second.language
        and abs(first.seconds - second.seconds) < 0.1
        and [s.phone for s in first.segments] == [s.phone for s in second.segments]
    )


def identical(first, second):
    return (
        same(first, second)
        and first.segments == second.segments
        and np.array_equal(first.samples, second.samples)
    )


def test_a_corpus_lasts_as_long_as_planned_and_every_engine_speaks(lines):
    assert sum(line.seconds for line in lines) == pytest.approx(120, rel=0.1)
    assert {line.engine for line in lines} == set(HERE)
    assert len({line.name for line in lines}) == len(lines)


def test_every_line_is_covered_by_its_phones(lines):
    for line in lines:
        assert line.samples.dtype == np.float32
        assert np.abs(line.samples).max() <= 1.0
        assert {s.phone for s in line.segments} <= set(PHONES)
        assert line.segments[0].start == 0
        assert line.segments[-1].end == pytest.approx(line.seconds, abs=0.1)
        starts, ends = (np.array([getattr(s, k) for s in line.segments]) for k in ("start", "end"))
        assert (ends >= starts).all()
        assert np.allclose(starts[1:], ends[:-1], atol=2e-4)


@pytest.mark.parametrize("engine", ["espeak", "flite", "festival", "real"])
def test_stops_of_the_lips_are_quieter_than_vowels(lines, engine):
    vowels, closures = [], []
    for line in (x for x in lines if x.engine == engine):
        power = line.samples[: len(line.samples) // 80 * 80].reshape(-1, 80).astype(float) ** 2
        level = 10 * np.log10(power.mean(1) + 1e-9)
        for s in line.segments:
            part = level[round(s.start * 200) : round(s.end * 200)]
            if len(part) > 2 and s.phone in VOWELS:
                vowels.append(np.median(part))
            elif len(part) > 2 and s.phone in ("P", "B"):
                closures.append(part.min())
    if not closures:
        pytest.skip(f"{engine} is not installed or says no stops here")
    assert np.median(closures) < np.median(vowels) - 20


def test_most_of_a_corpus_is_english(lines):
    if "espeak" not in HERE:
        pytest.skip("espeak-ng is not installed")
    english = sum(line.seconds for line in lines if line.language == "en")
    assert english / sum(line.seconds for line in lines) == pytest.approx(0.6, abs=0.08)
    assert len({line.language for line in lines}) >= 8


def test_a_kept_corpus_is_read_not_made_and_a_damaged_line_is_made_again(lines, folder, monkeypatch):
    own = next(folder.iterdir())
    (own / f"{lines[-1].name}.tsv").unlink()
    (own / f"{lines[-2].name}.flac").write_bytes(b"fLaC")
    seen = []
    monkeypatch.setattr(sources, "make_other_sentence", counted(sources.make_other_sentence, seen))
    monkeypatch.setattr(sources, "make_sentence", counted(sources.make_sentence, seen))
    again = build_corpus(CorpusPlan(2.0, HERE), folder)
    assert len(again) == len(lines)
    assert all(identical(a, b) for a, b in zip(again[:-2], lines[:-2], strict=True))
    assert all(same(a, b) for a, b in zip(again, lines, strict=True))
    if lines[-2].engine == lines[-1].engine == "espeak":
        assert len(seen) == 2


def counted(function, seen):
    def called(*given):
        seen.append(given)
        return function(*given)

    return called


def test_the_manifest_lists_the_lines(lines, folder):
    manifest = json.loads((next(folder.iterdir()) / "manifest.json").read_text())
    assert [entry["name"] for entry in manifest["lines"]] == [line.name for line in lines]
    assert not list(folder.rglob("*.part"))


def test_the_same_plan_makes_the_same_lines_elsewhere_and_another_seed_others(tmp_path):
    if "espeak" not in HERE:
        pytest.skip("espeak-ng is not installed")
    first, second = (build_corpus(CorpusPlan(0.5, ("espeak",)), tmp_path / name) for name in "ab")
    assert all(same(a, b) for a, b in zip(first, second, strict=True))
    other = build_corpus(CorpusPlan(0.5, ("espeak",), seed=1), tmp_path / "a")
    assert not any(same(a, b) for a, b in zip(first, other, strict=False))


def test_progress_is_told(tmp_path):
    if "espeak" not in HERE:
        pytest.skip("espeak-ng is not installed")
    told = []
    build_corpus(CorpusPlan(0.2, ("espeak",), languages=()), tmp_path, lambda *at: told.append(at))
    assert told[-1][0] >= told[-1][1] == 12.0


@pytest.mark.parametrize("plan", [{"engines": ("siri",)}, {"engines": ()}, {"languages": ("xx",)}])
def test_a_plan_that_cannot_be_is_refused(plan):
    with pytest.raises(LipwrightError, match="choose from"):
        CorpusPlan(1.0, **plan)


def test_a_missing_engine_is_named_with_its_command(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "flite_available", lambda: False)
    with pytest.raises(LipwrightError, match=r"apt-get install .* flite"):
        build_corpus(CorpusPlan(0.1, ("flite",)), tmp_path)
    monkeypatch.setattr(sources, "festival_voices", lambda: ())
    with pytest.raises(LipwrightError, match=r"apt-get install .* festvox-kallpc16k"):
        build_corpus(CorpusPlan(0.1, ("festival",)), tmp_path)
