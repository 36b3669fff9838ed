# ruff: noqa: ARG001, PLR0917 - fixtures are asked for by name
"""The sidebar tab, drawn on a recording layout, and the reasons of greyed-out buttons."""

import json
import zipfile
from types import SimpleNamespace

import pytest

bpy = pytest.importorskip("bpy")


class RecordingLayout:
    """Stands in for UILayout: checks that what is drawn exists, and notes it."""

    def __init__(self, drawn):
        self.__dict__["drawn"] = drawn

    def __setattr__(self, name, value):
        assert name in bpy.types.UILayout.bl_rna.properties, name

    def __getattr__(self, name):
        assert name in bpy.types.UILayout.bl_rna.functions, name

        def call(*arguments, **options):
            icon = options.get("icon", "NONE")
            assert icon in bpy.types.UILayout.bl_rna.functions["label"].parameters["icon"].enum_items
            if name == "prop":
                assert arguments[1] in arguments[0].bl_rna.properties
            if name == "operator":
                bpy.ops.lipwright.generate.get_rna_type()
                module, _, operator = arguments[0].partition(".")
                getattr(getattr(bpy.ops, module), operator).get_rna_type()
            self.drawn.append((name, *arguments, options.get("text")))
            return RecordingLayout(self.drawn)

        return call


def draw(part, name):
    drawn = []
    module = "emotion_panels" if "emotion" in name or "latent" in name else "panels"
    panel = getattr(part(module), name)
    stand_in = SimpleNamespace(layout=RecordingLayout(drawn))
    for attribute in ("_draw_action", "_draw_unloaded", "_draw_sliders"):
        if hasattr(panel, attribute):
            method = panel.__dict__[attribute]
            bound = method.__func__ if isinstance(method, staticmethod) else method.__get__(stand_in)
            setattr(stand_in, attribute, bound)
    panel.draw(stand_in, bpy.context)
    return drawn


def texts(drawn):
    return [entry[-1] for entry in drawn if entry[-1]]


def test_without_a_face_the_tab_offers_the_head(scene, part):
    drawn = draw(part, "LIPWRIGHT_PT_face")
    assert ("operator", "lipwright.add_sample_head", None) in drawn
    assert "Select a face with ARKit shape keys" in texts(drawn)


def test_with_a_face_the_tab_names_it(head, part):
    assert head.name in texts(draw(part, "LIPWRIGHT_PT_face"))
    assert "52 of 52 ARKit shape keys" in texts(draw(part, "LIPWRIGHT_PT_face"))


@pytest.mark.parametrize("source", ["FILE", "STRIP"])
@pytest.mark.parametrize("model_source", ["BUNDLED", "FILE"])
def test_the_line_panel_draws_in_every_setting(scene, part, source, model_source):
    scene.lipwright.source, scene.lipwright.model_source = source, model_source
    drawn = draw(part, "LIPWRIGHT_PT_line")
    assert ("operator", "lipwright.generate", None) in drawn
    properties = [entry[2] for entry in drawn if entry[0] == "prop"]
    assert ("audio_path" in properties) == (source == "FILE")
    assert ("model_path" in properties) == (model_source == "FILE")


def test_the_sliders_are_the_models_emotions(head, part):
    draw(part, "LIPWRIGHT_PT_emotion")  # before the model is read
    assert bpy.ops.lipwright.load_emotions() == {"FINISHED"}
    model = part("line_prediction").load_model(part("inference.bundled").default_model_path())
    drawn = draw(part, "LIPWRIGHT_PT_emotion")
    sliders = [entry for entry in drawn if entry[0] == "prop" and entry[2].startswith("emotion_")]
    assert [entry[1].bl_rna.properties[entry[2]].name for entry in sliders] == [
        name.title() for name in model.emotion_names
    ]


def test_advanced_shows_the_axes(head, part, joyful):
    panel = part("emotion_panels").LIPWRIGHT_PT_latent
    assert panel.bl_options == {"DEFAULT_CLOSED"}
    assert panel.poll(bpy.context)
    drawn = draw(part, "LIPWRIGHT_PT_latent")
    model = part("line_prediction").load_model(part("inference.bundled").default_model_path())
    axes = [entry for entry in drawn if entry[0] == "prop" and entry[2].startswith("latent_")]
    assert len(axes) == model.emotion_size
    assert f"The most different of {len(model.emotion_database)} learned points:" in texts(drawn)
    bpy.ops.object.select_all(action="DESELECT")
    assert not panel.poll(bpy.context)


def test_without_a_face_the_emotions_ask_for_one(scene, part):
    bpy.ops.lipwright.load_emotions()
    assert texts(draw(part, "LIPWRIGHT_PT_emotion")) == ["Select a face to set its emotions"]


def test_what_is_no_face_has_no_sliders(scene, part):
    bpy.ops.lipwright.load_emotions()
    for add in (bpy.ops.mesh.primitive_cube_add, bpy.ops.object.light_add):
        add()
        assert texts(draw(part, "LIPWRIGHT_PT_emotion")) == ["Select a face to set its emotions"]
        assert not bpy.ops.lipwright.reset_emotions.poll()
        assert not bpy.ops.lipwright.load_preset.poll()
        assert not bpy.ops.lipwright.refresh_line.poll()


def test_another_models_emotions_keep_values_of_the_same_name(scene, head, part, joyful, tmp_path):
    settings = scene.lipwright
    setattr(head.lipwright, joyful, 0.5)
    copy = tmp_path / "copy.lipmodel"
    copy.write_bytes(part("inference.bundled").default_model_path().read_bytes())
    settings.model_source, settings.model_path = "FILE", str(copy)
    assert not part("properties").emotions_are_loaded(settings)
    bpy.ops.lipwright.load_emotions()
    assert part("properties").emotions_are_loaded(settings)
    assert getattr(head.lipwright, joyful) == 0.5


@pytest.fixture
def plain_model(part, tmp_path):
    """A model without emotions."""
    path = tmp_path / "plain.lipmodel"
    good = part("inference.bundled").default_model_path()
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name == "model.json":
                manifest = json.loads(data)
                manifest["emotion"].update(names=[], vectors=[])
                manifest.pop("hearing")
                data = json.dumps(manifest)
            if name != "hearing.npz":
                target.writestr(name, data)
    return path


def test_a_model_without_emotions_shows_no_sliders_and_animates(
    scene, head, line, animate, part, joyful, plain_model
):
    setattr(head.lipwright, joyful, 1.0)
    scene.lipwright.model_source, scene.lipwright.model_path = "FILE", str(plain_model)
    assert bpy.ops.lipwright.load_emotions() == {"FINISHED"}
    drawn = draw(part, "LIPWRIGHT_PT_emotion")
    assert texts(drawn) == ["This model knows no emotions, so there are no sliders"]
    assert [entry for entry in drawn if entry[0] == "prop"] == []
    assert animate(line) == {"FINISHED"}
    assert part("emotion_layer").find_layer(head.data.shape_keys) is None
    with pytest.raises(part("inference.errors").LipwrightError, match="knows no emotions"):
        part("generate").generate(scene, head, line, model_path=plain_model, emotion={"joy": 1.0})


def test_a_model_that_is_gone_is_said(scene, head, part, tmp_path):
    scene.lipwright.model_source, scene.lipwright.model_path = "FILE", str(tmp_path / "gone.lipmodel")
    with pytest.raises(RuntimeError, match=r"gone\.lipmodel: cannot be read"):
        bpy.ops.lipwright.load_emotions()
    drawn = draw(part, "LIPWRIGHT_PT_emotion")
    assert [entry for entry in drawn if entry[0] == "prop"] == []


def test_a_sound_that_is_gone_is_said_in_the_panel(head, line, animate, joyful, part):
    animate(line)
    assert not any("is gone" in text for text in texts(draw(part, "LIPWRIGHT_PT_emotion")))
    line.unlink()
    assert any("Zoë says.wav is gone" in text for text in texts(draw(part, "LIPWRIGHT_PT_emotion")))


def test_an_unreadable_model_says_so_in_the_panel(scene, part):
    scene.lipwright.model_source = "FILE"
    assert any("no model file is chosen" in text for text in texts(draw(part, "LIPWRIGHT_PT_emotion")))


def test_neutral_resets_the_sliders(head, joyful):
    with pytest.raises(RuntimeError, match="All emotions are at neutral"):
        bpy.ops.lipwright.reset_emotions()
    setattr(head.lipwright, joyful, 0.5)
    bpy.ops.lipwright.reset_emotions()
    assert getattr(head.lipwright, joyful) == 0.0


def test_a_running_job_shows_its_progress_and_blocks_the_button(head, line, scene, part):
    jobs = part("background_job")
    job = jobs.BackgroundJob("line.wav", lambda _progress, _cancelled: None)
    job.progress = 0.42
    scene.lipwright.audio_path = str(line)
    jobs.set_running_job(job)
    try:
        drawn = draw(part, "LIPWRIGHT_PT_line")
        assert any(entry[0] == "progress" and "42%" in entry[-1] for entry in drawn)
        assert not bpy.ops.lipwright.generate.poll()
        with pytest.raises(RuntimeError, match="being generated"):
            bpy.ops.lipwright.generate()
    finally:
        jobs.set_running_job(None)


def test_preferences_draw(part):
    drawn = []
    preferences = part("preferences").LipwrightPreferences
    stand_in = SimpleNamespace(layout=RecordingLayout(drawn), bl_rna=preferences.bl_rna)
    preferences.draw(stand_in, bpy.context)
    assert [entry[2] for entry in drawn] == ["threads"]


def test_disabling_and_enabling_again_leaves_nothing_behind(scene, head, line, animate):
    import addon_utils  # noqa: PLC0415 - comes with bpy

    package = "bl_ext.user_default.lipwright"
    addon_utils.disable(package)
    assert not hasattr(bpy.types, "LIPWRIGHT_OT_generate")
    assert not hasattr(bpy.types.Scene, "lipwright")
    addon_utils.enable(package, default_set=True)
    assert animate(line) == {"FINISHED"}
