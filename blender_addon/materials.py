"""Materials of the sample head: node set-ups for skin, lips, eyes, teeth and the mouth's inside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import bpy

_Inputs = Mapping[str, float | tuple[float, ...]]


@dataclass(frozen=True)
class _Look:
    """How one kind of surface differs from Blender's default shader.

    Attributes:
        inputs: values of the Principled BSDF's inputs.
        mottle: how far noise darkens the colour in places, 0..1.
        noise_scale: cells of noise across the whole head.
        bump: depth of the noise as relief, 0..1.
    """

    inputs: _Inputs = field(default_factory=dict)
    mottle: float = 0.0
    noise_scale: float = 100.0
    bump: float = 0.0


_FLESH_RADIUS = (1.0, 0.35, 0.2)  # red light travels farthest under skin
_WET = {"Roughness": 0.18, "Coat Weight": 0.6, "Coat Roughness": 0.05}

_LOOKS: tuple[tuple[tuple[str, ...], _Look], ...] = (
    (("cornea",), _Look({"Roughness": 0.0, "Transmission Weight": 1.0, "IOR": 1.376, "Alpha": 0.15})),
    (("iris", "pupil"), _Look({"Roughness": 0.12, "Coat Weight": 1.0, "Coat Roughness": 0.0})),
    (
        ("sclera", "eye"),
        _Look(
            {
                "Roughness": 0.1,
                "Coat Weight": 1.0,
                "Coat Roughness": 0.02,
                "Subsurface Weight": 0.15,
                "Subsurface Radius": _FLESH_RADIUS,
                "Subsurface Scale": 0.002,
            }
        ),
    ),
    (
        ("teeth", "tooth"),
        _Look(
            {
                "Roughness": 0.2,
                "Coat Weight": 0.5,
                "Subsurface Weight": 0.4,
                "Subsurface Radius": (1.0, 0.8, 0.6),
                "Subsurface Scale": 0.0015,
            }
        ),
    ),
    (
        ("gum", "tongue", "mouth"),
        _Look(
            {
                **_WET,
                "Subsurface Weight": 0.5,
                "Subsurface Radius": _FLESH_RADIUS,
                "Subsurface Scale": 0.003,
            },
            mottle=0.15,
            noise_scale=500.0,
            bump=0.1,
        ),
    ),
    (
        ("lip", "lid_margin"),
        _Look(
            {
                "Roughness": 0.32,
                "Coat Weight": 0.15,
                "Coat Roughness": 0.2,
                "Subsurface Weight": 0.6,
                "Subsurface Radius": _FLESH_RADIUS,
                "Subsurface Scale": 0.003,
            },
            mottle=0.12,
            noise_scale=700.0,
            bump=0.05,
        ),
    ),
    (("brow", "lash", "hair"), _Look({"Roughness": 0.6})),
    (
        ("skin", "face", "head"),
        _Look(
            {
                "Roughness": 0.46,
                "Specular IOR Level": 0.4,
                "Subsurface Weight": 0.45,
                "Subsurface Radius": _FLESH_RADIUS,
                "Subsurface Scale": 0.004,
            },
            mottle=0.08,
            noise_scale=260.0,
            bump=0.03,
        ),
    ),
)


def _look_for(name: str) -> _Look:
    lowered = name.lower()
    for words, look in _LOOKS:
        if any(word in lowered for word in words):
            return look
    return _Look()


def _add_noise(tree: bpy.types.NodeTree, shader: bpy.types.Node, color: Sequence[float], look: _Look) -> None:
    """Vary colour and relief with noise in the rest pose's space, so that it moves with the skin."""
    coordinates = tree.nodes.new("ShaderNodeTexCoord")
    noise = tree.nodes.new("ShaderNodeTexNoise")
    ramp = tree.nodes.new("ShaderNodeValToRGB")
    bump = tree.nodes.new("ShaderNodeBump")
    for column, node in enumerate((coordinates, noise, ramp)):
        node.location = (-900 + 220 * column, 200)
    bump.location = (-240, -200)
    noise.inputs["Scale"].default_value = look.noise_scale
    noise.inputs["Detail"].default_value = 6.0
    dark = [channel * (1.0 - look.mottle) for channel in color[:3]]
    ramp.color_ramp.elements[0].position = 0.35
    ramp.color_ramp.elements[0].color = (*dark, 1.0)
    ramp.color_ramp.elements[1].position = 0.65
    ramp.color_ramp.elements[1].color = (*color[:3], 1.0)
    bump.inputs["Strength"].default_value = look.bump
    bump.inputs["Distance"].default_value = 0.001
    tree.links.new(coordinates.outputs["Generated"], noise.inputs["Vector"])
    tree.links.new(noise.outputs[0], ramp.inputs["Fac"])
    tree.links.new(ramp.outputs["Color"], shader.inputs["Base Color"])
    tree.links.new(noise.outputs[0], bump.inputs["Height"])
    tree.links.new(bump.outputs["Normal"], shader.inputs["Normal"])


def _roughness(look: _Look) -> float:
    value = look.inputs.get("Roughness", 0.5)
    return value if isinstance(value, float) else 0.5


def head_material(name: str, color: Sequence[float]) -> bpy.types.Material:
    """Make a material for one of the head's named surfaces.

    Args:
        name: the surface, such as "skin", "lips", "sclera" or "teeth"; its words choose the node set-up.
        color: linear RGBA in 0..1.
    """
    look = _look_for(name)
    color = [float(channel) for channel in color]
    material = bpy.data.materials.new(f"Lipwright {name.replace('_', ' ').title()}")
    if material.node_tree is None:  # from 5.0 on every material has nodes
        material.use_nodes = True
    material.diffuse_color = color
    material.roughness = _roughness(look)
    tree = material.node_tree
    shader = next(node for node in tree.nodes if node.type == "BSDF_PRINCIPLED")
    shader.inputs["Base Color"].default_value = color
    for socket, value in look.inputs.items():
        shader.inputs[socket].default_value = value
    if look.mottle:
        _add_noise(tree, shader, color, look)
    return material
