# ruff: noqa: ARG001, PLR0917 - fixtures are asked for by name
"""The line's sound in the sequencer, and strips as the source of a line."""

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

HAS_AUDIO = bool(bpy.app.build_options.audaspace)
needs_audio = pytest.mark.skipif(not HAS_AUDIO, reason="this Blender wheel was built without audio")


def strips(scene, part):
    return part("sound_strip").sound_strips(scene)


@needs_audio
def test_the_sound_lies_under_the_curves(scene, head, line, animate, part):
    scene.frame_start = 11
    animate(line)
    (strip,) = strips(scene, part)
    place = part("sound_strip").placement(strip)
    assert place.path.samefile(line)
    assert (place.first, place.last) == (11, 111)


@needs_audio
def test_the_same_line_is_added_once(scene, head, line, animate, part):
    animate(line)
    animate(line)
    assert len(strips(scene, part)) == 1


@needs_audio
def test_another_line_at_the_same_frame_gets_its_own_channel(
    scene, head, line, animate, part, write_wav, tmp_path
):
    animate(line)
    other = write_wav(tmp_path / "other.wav", np.zeros(16000))
    animate(other)
    channels = [strip.channel for strip in strips(scene, part)]
    assert sorted(channels) == [1, 2]


@needs_audio
def test_no_sound_when_not_wanted(scene, head, line, animate, part):
    animate(line, add_sound=False)
    assert strips(scene, part) == []


@pytest.mark.skipif(HAS_AUDIO, reason="this Blender has audio")
def test_without_audio_the_curves_come_with_a_warning(scene, head, line, part):
    result = part("generate").generate(scene, head, line)
    assert any("without audio" in warning for warning in result.warnings)
    assert result.last_frame == 100


@needs_audio
def test_a_strip_is_animated_where_it_lies_and_as_it_is_trimmed(scene, head, line, animate, curves, part):
    animate(line)
    whole = curves(head.data.shape_keys.animation_data.action)["jawOpen"][1]
    (strip,) = strips(scene, part)
    if hasattr(strip, "content_start"):
        strip.content_start += 200
        strip.left_handle += 20
        strip.right_handle -= 10
    else:
        strip.frame_start += 200
        strip.frame_offset_start += 20
        strip.frame_offset_end += 10
    scene.lipwright.source, scene.lipwright.strip_name = "STRIP", strip.name
    assert bpy.ops.lipwright.generate() == {"FINISHED"}
    frames, jaw = curves(head.data.shape_keys.animation_data.action)["jawOpen"]
    assert (frames[0], frames[-1]) == (221, 290)
    assert np.allclose(jaw, whole[20:90], atol=1e-6)
    assert len(strips(scene, part)) == 1


def sound_in_a_meta_strip(scene, line):
    """A line from frame 100 within a meta strip that shows frames 110 to 159 of it."""
    editor = scene.sequence_editor or scene.sequence_editor_create()
    outside = editor.strips if hasattr(editor, "strips") else editor.sequences
    meta = outside.new_meta("meta", 3, 100)
    inside = meta.strips if hasattr(meta, "strips") else meta.sequences
    strip = inside.new_sound("inner", str(line), 1, 100)
    if hasattr(meta, "right_handle"):
        meta.right_handle, meta.left_handle = 160, 110
    else:
        meta.frame_final_end, meta.frame_offset_start = 160, 10
    return strip


@needs_audio
def test_a_strip_within_a_meta_strip_is_animated_as_that_trims_it(scene, head, line, animate, curves, part):
    animate(line)
    whole = curves(head.data.shape_keys.animation_data.action)["jawOpen"][1]
    strip = sound_in_a_meta_strip(scene, line)
    assert strip in strips(scene, part)
    place = part("sound_strip").placement(strip)
    assert (place.origin, place.first, place.last) == (100.0, 110, 160)
    scene.lipwright.source, scene.lipwright.strip_name = "STRIP", strip.name
    assert bpy.ops.lipwright.generate() == {"FINISHED"}
    frames, jaw = curves(head.data.shape_keys.animation_data.action)["jawOpen"]
    assert (frames[0], frames[-1]) == (110, 159)
    assert np.allclose(jaw, whole[10:60], atol=1e-6)


@needs_audio
def test_what_a_meta_strip_cuts_off_gets_a_sentence(scene, head, line, part):
    strip = sound_in_a_meta_strip(scene, line)
    if hasattr(strip, "content_start"):
        strip.content_start += 500
    else:
        strip.frame_start += 500
    scene.lipwright.source, scene.lipwright.strip_name = "STRIP", strip.name
    with pytest.raises(RuntimeError, match="nothing of strip 'inner' is heard"):
        bpy.ops.lipwright.generate()


@needs_audio
def test_a_retimed_strip_gets_a_sentence(scene, head, line, animate, part, monkeypatch):
    animate(line)
    (strip,) = strips(scene, part)
    assert not part("sound_strip").is_retimed(strip)
    # the operators that retime need a window
    monkeypatch.setattr(part("sound_strip"), "is_retimed", lambda _: True)
    scene.lipwright.source, scene.lipwright.strip_name = "STRIP", strip.name
    with pytest.raises(RuntimeError, match="is retimed: reset that"):
        bpy.ops.lipwright.generate()


@needs_audio
def test_the_strip_field_offers_the_strips(scene, head, line, animate, part):
    animate(line)
    offered = part("properties")._strip_names(scene.lipwright, bpy.context, "zo")  # noqa: SLF001 - Blender's own callback
    assert offered == ["Zoë says"]


def test_a_strip_that_is_gone_is_named(scene, head):
    scene.lipwright.source, scene.lipwright.strip_name = "STRIP", "gone"
    with pytest.raises(RuntimeError, match="no sound strip named 'gone'"):
        bpy.ops.lipwright.generate()
