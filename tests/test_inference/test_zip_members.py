import io
import zipfile

import numpy as np
import pytest

from inference.errors import LipwrightError
from inference.npz_file import fixed_zip_info, npz_bytes, read_npz
from inference.zip_members import MemoryFile, member_data, open_zip, write_aligned


def test_arrays_that_were_written_aligned_are_used_where_they_lie():
    arrays = {"odd_name": np.arange(7, dtype=np.float32), "b": np.ones((3, 5), np.int16)}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("first", b"x" * 33)
        write_aligned(archive, fixed_zip_info("inner.npz"), npz_bytes(arrays))
    whole = np.frombuffer(buffer.getvalue(), np.uint8).copy()
    with open_zip(whole.data) as archive:
        inner = member_data(archive, archive.getinfo("inner.npz"), whole.data, 1 << 20)
    for name, array in read_npz(inner, "inner.npz", "export it").items():
        np.testing.assert_array_equal(array, arrays[name])
        assert np.shares_memory(array, whole)
        assert (array.ctypes.data - whole.ctypes.data) % 64 == 0


@pytest.mark.parametrize("shift", range(5))
def test_arrays_that_lie_anywhere_are_read_all_the_same(shift):
    content = io.BytesIO()
    np.save(content, np.arange(9, dtype=np.float64))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("p" * (1 + shift) + ".npy", content.getvalue())
    (array,) = read_npz(buffer.getvalue(), "a.npz", "export it").values()
    np.testing.assert_array_equal(array, np.arange(9))
    assert array.flags.aligned


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_changed_byte_is_noticed(compression):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        np.lib.format.write_array(stream := io.BytesIO(), np.random.default_rng(0).random(1000))
        archive.writestr("a.npy", stream.getvalue())
    assert len(read_npz(buffer.getvalue(), "a.npz", "export it")["a"]) == 1000
    damaged = bytearray(buffer.getvalue())
    damaged[len(damaged) // 2] ^= 16
    with pytest.raises(LipwrightError, match=r"a\.npz: is not a readable"):
        read_npz(bytes(damaged), "a.npz", "export it")


def test_a_member_that_begins_outside_the_archive_is_refused():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a", b"content")
    with open_zip(buffer.getvalue()) as archive:
        info = archive.getinfo("a")
        for offset in (3, 1 << 40):
            info.header_offset = offset
            with pytest.raises(zipfile.BadZipFile):
                member_data(archive, info, buffer.getvalue(), 100)


def test_a_memory_file_reads_like_a_file():
    ours, real = MemoryFile(memoryview(b"0123456789")), io.BytesIO(b"0123456789")
    for stream in (ours, real):
        assert (stream.read(3), stream.tell(), stream.seek(-2, 2), stream.read()) == (b"012", 3, 8, b"89")
        assert (stream.read(4), stream.seek(4), stream.seek(1, 1), stream.read(2)) == (b"", 4, 5, b"56")
        with pytest.raises((OSError, ValueError)):
            stream.seek(-1)
