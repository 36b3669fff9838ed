"""The list of learned points under Advanced."""

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")


def test_a_click_in_the_list_moves_the_selected_face_there(scene, head, line, animate, part):
    animate(line)
    model = part("line_prediction").load_model(part("inference.bundled").default_model_path())
    settings = scene.lipwright
    assert settings.point_list[0].number == 0
    assert 10 < len(settings.point_list) <= 25
    item = settings.point_list[2]
    assert any(name in item.name for name in model.emotion_names)
    settings.point_row = 2
    assert head.lipwright.learned_point == item.number
    axes = np.array(part("emotion_sliders").latent(head))
    np.testing.assert_allclose(axes[: model.emotion_size], model.emotion_database[item.number - 1], atol=1e-6)
    settings.point_row = 0
    assert not np.any(part("emotion_sliders").latent(head))
