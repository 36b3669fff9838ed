"""What a manifest may hold, and the sentence for each thing that it may not."""

import codecs
import json
from fractions import Fraction
from pathlib import Path

import pytest

from inference.batch.line import BadLine, LineDefaults
from inference.batch.manifest import read_manifest
from inference.batch.safe_names import check_name
from inference.batch.sources import collect_lines
from inference.errors import LipwrightError

DEFAULTS = LineDefaults("csv", Fraction(30), "", Path("m.lipmodel"), None)


@pytest.fixture
def read(tmp_path):
    def call(content, name="LINES.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return collect_lines([str(path)], DEFAULTS)

    return call


def errors(lines):
    return [line.error for line in lines if isinstance(line, BadLine)]


def test_every_column_is_read(read, tmp_path):
    header = "id,wav,character,model,emotion,start,seed,text,output,format,fps\n"
    row = (
        'hello,voices/a.wav,hero.npz,hero.lipmodel,"joy=0.6,anger=0.2",1.5,7,"Hello, you",greeting,npz,29.97'
    )
    (line,), warnings = read(header + row)
    assert not warnings
    assert (line.id, line.sound, line.character) == (
        "hello",
        tmp_path / "voices/a.wav",
        tmp_path / "hero.npz",
    )
    assert (line.emotion, line.start, line.seed, line.text) == ("joy=0.6,anger=0.2", 1.5, 7, "Hello, you")
    assert (line.output, line.format, line.frame_rate) == ("greeting.npz", "npz", Fraction(30000, 1001))
    assert line.model == tmp_path / "hero.lipmodel"


def test_defaults_fill_what_a_row_leaves_out(read):
    (line,), _ = read("wav,emotion\na.wav,\n")
    assert (line.id, line.output, line.format, line.frame_rate) == ("a", "a.csv", "csv", 30)
    assert line.model == Path("m.lipmodel")


def test_json_lines_say_the_same(read):
    rows = [{"wav": "a.wav", "emotion": {"joy": 0.6}, "start": 2, "seed": 3}, {"wav": "b.wav", "id": "b é"}]
    text = "\n\n".join(json.dumps(row) for row in rows)
    (first, second), _ = read(text, "LINES.jsonl")
    assert (first.emotion, first.start, first.seed, second.id) == ("joy=0.6", 2.0, 3, "b é")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_cells_may_end_as_spreadsheets_end_them(read, delimiter):
    (line,), _ = read(f"wav{delimiter}text\r\na.wav{delimiter}Hi\r\n")
    assert (line.id, line.text) == ("a", "Hi")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_tells_the_encoding(read, encoding):
    (line,), _ = read("wav,text\na.wav,Ümläut 日本\n".encode(encoding))
    assert (line.id, line.text) == ("a", "Ümläut 日本")


def test_manifests_put_together_keep_their_marks_apart(read):
    part = codecs.BOM_UTF8 + b"wav,text\n"
    lines, _ = read(part + b"a.wav,one\n" + codecs.BOM_UTF8 + b"b.wav,two\n")
    assert [line.sound.name for line in lines] == ["a.wav", "b.wav"]


def test_a_row_in_another_encoding_is_refused_alone(read):
    lines, _ = read(codecs.BOM_UTF8 + b"wav,text\na.wav,fine\nb.wav,M\xfcller\n")
    assert lines[0].id == "a"
    (error,) = errors(lines)
    assert "row 3: its text is not UTF-8; save the manifest as UTF-8" in error


def test_utf16_without_a_mark_gets_a_sentence(read):
    with pytest.raises(LipwrightError, match="UTF-16 without a mark; save it as UTF-8"):
        read("wav\na.wav\n".encode("utf-16-le"))


def test_utf16_that_breaks_off_gets_a_sentence(read):
    with pytest.raises(LipwrightError, match="does not go on so"):
        read("wav\na.wav\n".encode("utf-16") + b"\x00")


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff", "wav,id\n", "wav\n\n , \n"])
def test_an_empty_manifest_gets_a_sentence(read, content):
    with pytest.raises(LipwrightError, match=r"LINES\.csv: (holds no lines|is empty)"):
        read(content)


def test_a_missing_column_is_named_with_those_there_are(read):
    with pytest.raises(LipwrightError, match="lacks the column 'wav'; its first row names file, emotion"):
        read("file,emotion\na.wav,\n")


def test_unknown_columns_are_a_warning(read):
    lines, warnings = read("wav,mood,colour\na.wav,good,red\n")
    assert len(lines) == 1
    assert "ignores the unknown columns 'mood', 'colour'; known are wav, id" in warnings[0]
    _, warnings = read('{"wav": "a.wav", "mood": 1}', "LINES.jsonl")
    assert "column 'mood'" in warnings[0]


def test_a_column_named_twice_is_refused(read):
    with pytest.raises(LipwrightError, match="names the column 'wav' twice"):
        read("wav,wav\na.wav,b.wav\n")


def test_duplicate_ids_name_the_first(read):
    lines, _ = read("wav,id\na.wav,x\nb.wav,x\nc.wav,X\n")
    first, second = errors(lines)
    assert "row 3: id 'x' is taken by" in first
    assert "row 2; give each line its own" in first
    assert "row 4: id 'X' differs only in spelling from 'x'" in second
    assert lines[0].sound.name == "a.wav"


def test_duplicate_outputs_are_refused_too(read):
    lines, _ = read("wav,id,output\na.wav,x,same\nb.wav,y,SAME.csv\n")
    assert "output 'SAME.csv' differs only in spelling from 'same.csv'" in errors(lines)[0]
    lines, _ = read("wav,id,format\na.wav,x,csv\nb.wav,y,npz\n")
    assert not errors(lines)


def test_letters_that_are_one_file_on_macs_are_one_id(read):
    lines, _ = read("wav,id\na.wav,caf\u00e9\nb.wav,cafe\u0301\n")
    assert "differs only in spelling" in errors(lines)[0]


BAD_NAMES = {
    "../x": "is a path",
    "/etc/passwd": "is a path",
    "C:\\x": "is a path",
    "a/b": "is a path",
    "a\\b": "is a path",
    "..": "is a folder",
    ".": "is a folder",
    ".lipwright": "begins with a dot",
    "CON": "is a device on Windows",
    "nul.take2": "is a device on Windows",
    "Com1": "is a device on Windows",
    "a:b": "holds :",
    'a"<b>': "which Windows takes in no name",
    "a\x07b": "cannot be shown",
    "a ": "begins or ends with a space",
    "a.": "begins or ends with a space or dot",
    " ": "is empty",
    "x" * 201: "is longer than 200 bytes",
}


@pytest.mark.parametrize("name", BAD_NAMES)
def test_names_that_are_no_files_are_refused(name):
    with pytest.raises(LipwrightError, match=r"^id '.*' ") as caught:
        check_name(name, "id")
    assert BAD_NAMES[name] in str(caught.value)


@pytest.mark.parametrize("name", ["line", "Zeile mit Ümlaut 日本", "console", "take.2", "-o", "com10"])
def test_names_that_are_files_pass(name):
    check_name(name, "id")


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"wav": ""}, "names no sound; fill its column 'wav'"),
        ({"wav": "a.wav", "id": "../x"}, "id '../x' is a path"),
        ({"wav": "a.wav", "output": "/etc/x"}, "output '/etc/x' is a path"),
        (
            {"wav": "a.wav", "id": "report", "format": "json"},
            "output 'report.json' is the batch's own report",
        ),
        (
            {"wav": "a.wav", "format": "fbx"},
            "format 'fbx' needs Blender; run `blender --command lipwright batch`",
        ),
        ({"wav": "a.wav", "fps": "fast"}, "frame rate 'fast' is no number"),
        ({"wav": "a.wav", "emotion": "joy=much"}, "is not NAME=NUMBER"),
        ({"wav": "a.wav", "from_voice": "nan"}, "from_voice 'nan' is no number from 0 to 1"),
        ({"wav": "a.wav", "start": "soon"}, "start 'soon' is no number of seconds"),
        ({"wav": "a.wav", "start": "-1"}, "start '-1' is no number of seconds"),
        ({"wav": "a.wav", "start": "nan"}, "start 'nan' is no number of seconds"),
        ({"wav": "a.wav", "seed": "1.5"}, "seed '1.5' is no whole number"),
        ({"wav": "a.wav", "seed": "9" * 30}, "is no whole number"),
        ({"wav": "a\0.wav", "id": "a"}, "null character"),
        ({"wav": ["a.wav"]}, "its 'wav' is neither text nor a number"),
        ({"wav": True}, "its 'wav' is neither text nor a number"),
    ],
)
def test_a_bad_row_gets_a_sentence_and_stops_no_other(read, row, problem):
    text = json.dumps(row) + '\n{"wav": "good.wav"}\n'
    lines, _ = read(text, "LINES.jsonl")
    (error,) = errors(lines)
    assert "LINES.jsonl, row 1: " in error
    assert problem in error
    assert lines[1].id == "good"


@pytest.mark.parametrize("text", ["{", "[1]", "NaN", '"x"', "[" * 100_000, "1" * 5000])
def test_rows_that_are_no_json_objects_get_a_sentence(read, text):
    lines, _ = read(text + '\n{"wav": "good.wav"}', "LINES.jsonl")
    assert "row 1: is no JSON" in errors(lines)[0]
    assert len(lines) == 2


def test_too_many_cells_are_refused_alone(read):
    lines, _ = read("wav,text\na.wav,Hello, you\nb.wav,fine\n")
    assert "row 2: has 3 cells for 2 columns; quote" in errors(lines)[0]
    assert lines[1].id == "b"


def test_a_quotation_mark_left_open_gets_a_sentence(read):
    for rows in (1, 100_000):
        with pytest.raises(LipwrightError, match="look for a quotation mark left open"):
            read('wav,text\na.wav,"' + "x\n" * rows)


def test_a_missing_manifest_gets_a_sentence(tmp_path):
    with pytest.raises(LipwrightError, match="the manifest cannot be read"):
        read_manifest(tmp_path / "none.csv", DEFAULTS)


def test_folders_and_patterns_name_lines_by_their_place(tmp_path):
    for name in ("a.wav", "act1/a.WAV", "act1/deep/b.flac", ".hidden.wav", ".git/a.wav", "notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    lines, _ = collect_lines([str(tmp_path)], DEFAULTS)
    assert [line.id for line in lines] == ["a", "act1__a", "act1__deep__b"]
    lines, _ = collect_lines([str(tmp_path / "**" / "*.wav")], DEFAULTS)
    assert [line.id for line in lines] == ["a"]
    lines, _ = collect_lines([str(tmp_path / "a.wav")], DEFAULTS)
    assert [line.id for line in lines] == ["a"]


@pytest.mark.parametrize("source", ["", "*.wav"])
def test_a_folder_or_pattern_without_sounds_gets_a_sentence(tmp_path, source):
    with pytest.raises(LipwrightError, match="holds no sound files"):
        collect_lines([str(tmp_path / source)], DEFAULTS)
