"""The points of the latent that a model learned from its capture, to try out on a face."""

import bpy

from . import emotion_sliders, live, properties
from .face_problems import note_problem
from .line_prediction import load_model
from .reports import BAD_INPUT, sentence


def show_point(scene: bpy.types.Scene, obj: bpy.types.Object) -> None:
    """Move the latent's axes to the point that a face has chosen; 0 takes them back to rest."""
    number = obj.lipwright.learned_point
    try:
        points = load_model(properties.chosen_model_path(scene.lipwright)).emotion_database
    except BAD_INPUT as error:
        note_problem(obj, sentence(error))
        return
    chosen = points[min(number, len(points)) - 1].tolist() if number and len(points) else []
    emotion_sliders.set_latent(obj, chosen)
    live.slider_moved(scene, obj)
