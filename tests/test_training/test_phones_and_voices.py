import numpy as np
import pytest

from inference.errors import LipwrightError
from training.corpus.espeak import return_closures
from training.corpus.flite import flite_available, speak_with_flite
from training.corpus.phones import PHONES, Segment, known_phones, read_phones, write_phones
from training.corpus.sentences_english import make_sentence
from training.teaching.phone_windows import phone_windows
from training.teaching.teacher import contact_share, pause_share

RATE = 16000


@pytest.mark.parametrize(
    ("symbol", "phones"),
    [
        ("AH0", ["AH"]),
        ("ax", ["AH"]),
        ("i\u02d0", ["IY"]),
        ("tʃ", ["CH"]),
        ("ɑːɹ", ["AA", "R"]),
        ("?!", ["SIL"]),
    ],
)
def test_every_notation_becomes_the_same_inventory(symbol, phones):
    assert known_phones(symbol) == phones
    assert set(phones) <= set(PHONES)


def test_a_phone_table_survives_writing_and_reading(tmp_path):
    table = {"a": [Segment("SIL", 0.0, 0.5), Segment("B", 0.5, 0.625)], "b": [Segment("IY", 0.0, 1.0)]}
    write_phones(tmp_path / "phones.tsv", table)
    assert read_phones(tmp_path / "phones.tsv") == table


def test_a_broken_phone_table_is_named(tmp_path):
    (tmp_path / "phones.tsv").write_text("a\tB\t0.1\n")
    with pytest.raises(LipwrightError, match=r"phones\.tsv"):
        read_phones(tmp_path / "phones.tsv")


def test_stops_get_their_silent_closure_back():
    before = [
        Segment("AH", 0.0, 0.2),
        Segment("B", 0.2, 0.23),
        Segment("AH", 0.23, 0.25),
        Segment("P", 0.25, 0.3),
    ]
    after = return_closures(before)
    assert after[1].start == after[0].end == pytest.approx(0.167)
    assert after[3].start == pytest.approx(0.24)  # never more than half of the phone before


def test_lips_belong_together_within_a_bilabial_and_shortly_around_it():
    times = np.array([0.0, 0.3, 0.475, 0.5, 0.55, 0.6, 0.8])
    share = contact_share([Segment("AA", 0.0, 0.5), Segment("M", 0.5, 0.6), Segment("T", 0.6, 1.0)], times)
    assert share == pytest.approx([0, 0, 0.5, 1, 1, 1, 0])


def test_a_frame_sees_the_phones_before_and_after_it():
    windows = phone_windows([Segment("B", 0.0, 0.5), Segment("AA", 0.5, 1.0)], np.array([0.5]), 1.0)
    seen = windows.reshape(17, len(PHONES))
    assert seen[0].argmax() == PHONES.index("B")
    assert seen[-1].argmax() == PHONES.index("AA")


def test_sentences_differ_and_are_speakable():
    rng = np.random.default_rng(0)
    made = {make_sentence(rng) for _ in range(50)}
    assert len(made) > 40
    assert all(s[0].isupper() and s.isascii() and "|" not in s for s in made)


def assert_speaks(line, bilabials):
    assert line is not None
    assert 0.5 < len(line.samples) / RATE < 5
    named = [s.phone for s in line.segments]
    assert sum(p in ("B", "P", "M") for p in named) == bilabials
    spans = np.array([(s.start, s.end) for s in line.segments])
    assert (spans[:, 1] >= spans[:, 0]).all()
    assert np.allclose(spans[1:, 0], spans[:-1, 1], atol=1e-6)
    # Where the phones say that somebody speaks, the sound is louder than where they say silence.
    middle = spans.mean(1)
    level = np.array([np.abs(line.samples[int(t * RATE) - 80 :][:160]).mean() for t in middle[:-1]])
    vowels = np.array([p in ("AA", "AE", "IY", "EY", "OW", "AY", "EH") for p in named[:-1]])
    assert level[vowels].mean() > 0.02


def test_espeak_says_known_phones(espeak):
    assert_speaks(espeak.speak("Bob made my pie.", "en-us+f2", np.random.default_rng(0)), 5)


def test_flite_says_known_phones():
    if not flite_available():
        pytest.skip("flite is not installed")
    assert_speaks(speak_with_flite("Bob made my pie.", "slt", np.random.default_rng(0)), 5)


def test_only_real_pauses_bring_the_face_to_rest():
    segments = [
        Segment("SIL", 0, 1.0),
        Segment("AA", 1.0, 1.5),
        Segment("SIL", 1.5, 1.6),
        Segment("T", 1.6, 2.0),
    ]
    share = pause_share(segments, np.array([0.0, 0.5, 0.825, 0.95, 1.2, 1.55, 2.5]))
    assert share == pytest.approx([1, 1, 0.5, 0, 0, 0, 1])
