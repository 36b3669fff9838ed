# ruff: noqa: ARG001, PLR0917 - fixtures are asked for by name
"""The *From Voice* slider: what is heard in the line takes the place of what the sliders say."""

import json
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

FRAMES = (1, 20, 55, 80, 104)


@pytest.fixture
def talk(tmp_path, speech, write_wav):
    """The bundled line: long enough for something to be heard in it."""
    return write_wav(tmp_path / "talk.wav", speech)


@pytest.fixture
def heard(part, talk):
    """What the bundled model hears in that line, whole: weights of its face."""
    model = part("line_prediction").load_model(part("inference.bundled").default_model_path())
    return model, part("inference.pipeline").animate_line(model, talk, 25, from_voice=1.0)


@pytest.fixture
def deaf_model(tmp_path, part):
    """The bundled model without what hears emotion."""
    path = tmp_path / "deaf.lipmodel"
    with (
        zipfile.ZipFile(part("inference.bundled").default_model_path()) as old,
        zipfile.ZipFile(path, "w") as new,
    ):
        for name in old.namelist():
            if name == "model.json":
                page = json.loads(old.read(name))
                del page["hearing"]
                new.writestr(name, json.dumps(page))
            elif name != "hearing.npz":
                new.writestr(name, old.read(name))
    return path


def drawn_in_panel(part):
    """Whether the panel draws the slider, and whether it draws the reason why there is none."""
    props, labels = [], []
    column = SimpleNamespace(
        prop=lambda _owner, name, **_options: props.append(name),
        label=lambda text="", **_options: labels.append(text),
        separator=lambda: None,
    )
    row = SimpleNamespace(menu=lambda *_a, **_o: None, operator=lambda *_a, **_o: None, prop=column.prop)
    layout = SimpleNamespace(column=lambda **_options: column, row=lambda **_options: row, label=column.label)
    panel = part("emotion_panels").LIPWRIGHT_PT_emotion
    stand_in = SimpleNamespace(layout=layout)
    name = "_draw_sliders"
    setattr(stand_in, name, panel.__dict__[name].__get__(stand_in))
    panel.draw(stand_in, bpy.context)
    return "from_voice" in props, "This model hears no emotion in the voice" in labels


def columns_of(head, names):
    blocks = head.data.shape_keys.key_blocks
    return [blocks.find(name) for name in names]


def test_the_slider_shows_what_is_heard_at_once_and_in_the_whole_line(
    scene, head, talk, animate, shown, heard
):
    _, motion = heard
    assert animate(talk) == {"FINISHED"}
    speech = shown(head, FRAMES)
    scene.frame_set(80)
    head.lipwright.from_voice = 1.0
    columns = columns_of(head, motion.weight_names)
    now = np.array([block.value for block in head.data.shape_keys.key_blocks])[columns]
    np.testing.assert_allclose(now, motion.weights[79], atol=1e-5)
    assert bpy.ops.lipwright.refresh_line() == {"FINISHED"}
    felt = shown(head, FRAMES)
    np.testing.assert_allclose(felt[:, columns], motion.weights[[frame - 1 for frame in FRAMES]], atol=1e-5)
    np.testing.assert_allclose(felt[0], speech[0], atol=2e-3)  # a line starts at neutral
    assert np.abs(felt - speech).max() > 0.005
    head.lipwright.from_voice = 0.0
    bpy.ops.lipwright.refresh_line()
    np.testing.assert_array_equal(shown(head, FRAMES), speech)


def test_half_of_it_blends_with_the_sliders_and_strength_scales_both(
    scene, head, talk, animate, joyful, shown, heard, part
):
    model, motion = heard
    setattr(head.lipwright, joyful, 0.8)
    head.lipwright.from_voice = 0.5
    head.lipwright.strength = 0.5
    animate(talk)
    name = next(n for n in model.emotion_names if part("emotion_sliders").slider_id(n) == joyful)
    chosen = 0.8 * model.emotion_vectors[model.emotion_names.index(name)]

    def blended(times):
        voice = np.stack([np.interp(times, motion.times, column) for column in motion.emotion.T], 1)
        return (0.5 * (0.5 * chosen + 0.5 * (voice @ model.emotion_vectors))).astype(np.float32)

    expected = part("inference.pipeline").animate_line(model, talk, 25, blended)
    values = shown(head, FRAMES)[:, columns_of(head, expected.weight_names)]
    np.testing.assert_allclose(values, expected.weights[[frame - 1 for frame in FRAMES]], atol=5e-3)


def test_it_can_be_keyed(scene, head, talk, animate, shown, heard):
    animate(talk)
    speech = shown(head, (20, 80, 104))
    for frame, share in ((70, 0.0), (90, 1.0)):
        head.lipwright.from_voice = share
        head.lipwright.keyframe_insert("from_voice", frame=frame)
    bpy.ops.lipwright.refresh_line()
    keyed = shown(head, (20, 80, 104))
    np.testing.assert_allclose(keyed[0], speech[0], atol=1e-6)
    columns = columns_of(head, heard[1].weight_names)
    np.testing.assert_allclose(keyed[2][columns], heard[1].weights[103], atol=1e-5)


def test_neutral_takes_it_back_and_presets_hold_it(scene, head, talk, animate, joyful, part):
    animate(talk)
    settings = part("emotion_settings")
    head.lipwright.from_voice = 0.7
    names = part("emotion_sliders").stored_names(scene.lipwright.emotion_names)
    held = settings.face_settings(head, names, 1.0, part("generate").scene_frame_rate(scene))
    assert bpy.ops.lipwright.reset_emotions() == {"FINISHED"}
    assert head.lipwright.from_voice == 0
    read = settings.parse_settings(json.loads(json.dumps(held.as_json())))
    settings.apply_settings(head, read, names, 1.0, part("generate").scene_frame_rate(scene))
    assert head.lipwright.from_voice == pytest.approx(0.7)


def test_a_model_that_hears_nothing_leaves_the_slider_out_and_animates(
    scene, head, talk, animate, shown, deaf_model, part
):
    scene.lipwright.model_source = "FILE"
    scene.lipwright.model_path = str(deaf_model)
    assert bpy.ops.lipwright.load_emotions() == {"FINISHED"}
    assert not scene.lipwright.hears_emotion
    assert drawn_in_panel(part) == (False, True)
    animate(talk)
    speech = shown(head, FRAMES)
    head.lipwright.from_voice = 1.0
    assert bpy.ops.lipwright.refresh_line() == {"FINISHED"}
    np.testing.assert_allclose(shown(head, FRAMES), speech, atol=1e-6)
    scene.lipwright.model_source = "BUNDLED"
    bpy.ops.lipwright.load_emotions()
    assert scene.lipwright.hears_emotion
    assert drawn_in_panel(part) == (True, False)


def test_the_command_line_hears(installed, talk, deaf_model, tmp_path, capsys, heard):
    import sys  # noqa: PLC0415 - used by this test only

    cli = sys.modules["bl_ext.user_default.lipwright"].cli
    arguments = ["animate", str(talk), "-o", str(tmp_path / "out"), "--fps", "25"]
    assert cli([*arguments, "--from-voice", "0.5", "--model", str(deaf_model)]) == 1
    assert "does not hear emotion" in capsys.readouterr().err
    assert cli([*arguments, "--from-voice", "2"]) == 2
    assert cli([*arguments, "--from-voice", "1"]) == 0
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "out" / "talk.blend"))
    head = bpy.data.objects["Lipwright Head"]
    assert head.lipwright.from_voice == 1
    bpy.context.scene.frame_set(100)
    blocks, motion = head.data.shape_keys.key_blocks, heard[1]
    values = [blocks[name].value for name in motion.weight_names]
    np.testing.assert_allclose(values, motion.weights[99], atol=1e-5)
