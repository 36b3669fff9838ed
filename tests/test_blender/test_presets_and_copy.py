# ruff: noqa: ARG001, PLR0917 - fixtures are asked for by name
"""Presets in the user's folder, and emotions copied from line to line."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

FRAMES = (20, 50, 80)


@pytest.fixture
def presets(installed, part):
    """The presets' file, gone before and after."""
    path = part("emotion_presets").presets_path()
    path.unlink(missing_ok=True)
    yield path
    path.unlink(missing_ok=True)


def test_a_preset_goes_from_file_to_file(scene, head, line, animate, joyful, shown, presets):
    setattr(head.lipwright, joyful, 0.7)
    head.lipwright.strength = 0.9
    head.lipwright.latent_02 = -0.25
    animate(line)
    felt = shown(head, FRAMES)
    assert bpy.ops.lipwright.save_preset(name="  Sunny   day ") == {"FINISHED"}
    assert str(presets).startswith(bpy.utils.resource_path("USER"))
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    bpy.context.scene.render.fps = 25
    bpy.ops.lipwright.add_sample_head()
    other = bpy.context.view_layer.objects.active
    bpy.ops.lipwright.load_emotions()
    bpy.context.scene.lipwright.audio_path = str(line)
    bpy.ops.lipwright.generate()
    bpy.context.scene.frame_set(50)
    assert bpy.ops.lipwright.load_preset(name="Sunny day") == {"FINISHED"}
    assert getattr(other.lipwright, joyful) == pytest.approx(0.7)
    assert other.lipwright.strength == pytest.approx(0.9)
    assert other.lipwright.latent_02 == pytest.approx(-0.25)
    blocks = other.data.shape_keys.key_blocks  # the face has followed at once
    assert [block.value for block in blocks] == pytest.approx(felt[1].tolist(), abs=1e-5)
    bpy.ops.lipwright.refresh_line()
    np.testing.assert_allclose(shown(other, FRAMES), felt, atol=1e-5)


def test_a_preset_is_replaced_and_deleted(head, joyful, presets, part):
    for value in (0.2, 0.4):
        setattr(head.lipwright, joyful, value)
        bpy.ops.lipwright.save_preset(name="A")
    stored = part("emotion_presets").read_presets()
    assert [*stored] == ["A"]
    assert max(stored["A"].weights.values()) == pytest.approx(0.4)
    bpy.ops.lipwright.remove_preset(name="A")
    assert part("emotion_presets").read_presets() == {}
    with pytest.raises(RuntimeError, match="there is no preset 'A'"):
        bpy.ops.lipwright.load_preset(name="A")


@pytest.mark.parametrize("name", ["", "   ", "a" * 64, "tab\u0007"])
def test_a_preset_needs_a_name(head, joyful, presets, name):
    with pytest.raises(RuntimeError, match="cannot name a preset"):
        bpy.ops.lipwright.save_preset(name=name)
    assert not presets.exists()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"format": "x", "presets": {}}', "[" * 100_000, "\ud800"]
)
def test_a_damaged_file_gets_a_sentence_and_is_kept(head, joyful, presets, text):
    presets.write_bytes(text.encode("utf-8", "surrogatepass"))
    before = presets.read_bytes()
    for press in (bpy.ops.lipwright.save_preset, bpy.ops.lipwright.load_preset):
        with pytest.raises(RuntimeError, match="holds no presets of Lipwright") as refused:
            press(name="A")
        assert "Traceback" not in str(refused.value)
    assert presets.read_bytes() == before


def test_damaged_presets_are_left_out(head, joyful, presets, part):
    content = {
        "good": {"weights": {"a": 5.0}, "strength": 0.5},
        "nan": {"weights": {"a": float("nan")}},
        "text": {"weights": {"a": "much"}},
        "list": [],
        "latent": {"weights": {}, "latent": [0.1, None]},
        "keys": {"weights": {}, "keys": {"a": [[0, 1]]}},
        "\u0000": {"weights": {}},
    }
    presets.write_text(json.dumps({"format": "lipwright-emotion-presets", "presets": content}))
    stored = part("emotion_presets").read_presets()
    assert [*stored] == ["good"]
    assert stored["good"].weights == {"a": 1.0}


def test_a_preset_of_another_models_emotions_says_what_it_left_out(head, joyful, presets, part, capfd):
    settings = part("emotion_settings").EmotionSettings({"bliss": 1.0}, 1.0)
    part("emotion_presets").save_preset("Other", settings)
    bpy.ops.lipwright.load_preset(name="Other")
    assert "does not know bliss" in capfd.readouterr().out
    assert getattr(head.lipwright, joyful) == 0.0


def test_emotions_are_copied_from_line_to_line(scene, head, line, animate, joyful, shown, tmp_path):
    sliders = head.lipwright
    for frame, value in ((30, 0.0), (70, 1.0)):
        setattr(sliders, joyful, value)
        sliders.keyframe_insert(joyful, frame=frame)
    animate(line)
    speech_and_emotion = shown(head, FRAMES)
    bpy.ops.lipwright.add_sample_head()
    other = bpy.context.view_layer.objects.active
    second = tmp_path / "second.wav"
    second.write_bytes(line.read_bytes())
    scene.frame_set(201)
    animate(second, start_at="CURRENT")
    assert bpy.ops.lipwright.copy_emotions(line="Zoë says") == {"FINISHED"}
    bpy.ops.lipwright.refresh_line()
    later = shown(other, [frame + 200 for frame in FRAMES])
    np.testing.assert_allclose(later, speech_and_emotion, atol=1e-4)
    scene.frame_set(250)
    assert getattr(other.lipwright, joyful) == pytest.approx(0.5, abs=0.01)
    bpy.ops.lipwright.copy_emotions(line="second")  # now the same
    with pytest.raises(RuntimeError, match="there is no line 'third'"):
        bpy.ops.lipwright.copy_emotions(line="third")


def test_copying_a_calm_line_takes_the_keys_away(scene, head, line, animate, joyful, part):
    animate(line)
    calm = head.data.shape_keys.animation_data.action.name
    bpy.ops.lipwright.add_sample_head()
    other = bpy.context.view_layer.objects.active
    setattr(other.lipwright, joyful, 1.0)
    other.lipwright.keyframe_insert(joyful, frame=1)
    other.keyframe_insert("location", frame=1)
    bpy.ops.lipwright.copy_emotions(line=calm)
    assert getattr(other.lipwright, joyful) == 0.0
    assert [*part("action_writer").id_curves(other)] == ["location"]


def test_a_lines_damaged_settings_get_a_sentence(head, line, animate, joyful):
    animate(line)
    action = head.data.shape_keys.animation_data.action
    for damaged in ("", "[]", '{"weights": 1}', 5):
        action["lipwright_settings"] = damaged
        with pytest.raises(RuntimeError, match="does not say its emotions"):
            bpy.ops.lipwright.copy_emotions(line=action.name)


def test_without_a_face_the_buttons_say_why(scene, joyful):
    with pytest.raises(RuntimeError, match="Select a face"):
        bpy.ops.lipwright.load_preset(name="A")


def test_the_menus_list_presets_and_lines(head, line, animate, joyful, presets, part):
    drawn = []

    class Layout:
        def __getattr__(self, name):
            assert name in bpy.types.UILayout.bl_rna.functions, name

            def call(*arguments, **options):
                drawn.append((*arguments, options.get("text")))
                return SimpleNamespace()

            return call

    menus = part("preset_operators")

    def draw(menu):
        drawn.clear()
        menu.draw(SimpleNamespace(layout=Layout()), bpy.context)
        return list(drawn)

    assert "No presets yet: press + to save these emotions" in draw(menus.LIPWRIGHT_MT_presets)[0]
    assert draw(menus.LIPWRIGHT_MT_lines) == [("No line is generated yet",)]
    bpy.ops.lipwright.save_preset(name="A")
    animate(line)
    assert ("lipwright.load_preset", "A") in draw(menus.LIPWRIGHT_MT_presets)
    assert ("lipwright.remove_preset", "A") in draw(menus.LIPWRIGHT_MT_remove_presets)
    assert draw(menus.LIPWRIGHT_MT_lines)[0][0] == "lipwright.copy_emotions"
