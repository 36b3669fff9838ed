"""How far each handle of the face moves in each ARKit shape at 1.0 (millimetres: sideways, backwards, up).

X is away from the midline (the character's left for the left half), Y backwards,
    Z up. The ranges started from
the landmark motion that we measured on the ICT-FaceKit expressions (MIT licence; brow, lid, lip,
    cheek and chin
landmarks of iBUG's 68) and were then trimmed by eye and by the intersection test to this head: its lips have
teeth close behind them. Rows marked "design" have no measured counterpart.
"""

from __future__ import annotations

Vector = tuple[float, float, float]
Handles = dict[str, Vector]

# shapes made of handles alone; "seal" keeps the closed lips closed while they move
HANDLE_SHAPES: dict[str, Handles] = {
    "mouthFunnel": {
        "corner": (-5.0, -4.6, 0.0), "up_mid": (0, -6.6, 5.6), "up_side": (-2.4, -7.0, 5.0),
        "lo_mid": (0, -4.9, -7.2),
        "lo_side": (-2.2, -5.6, -6.4), "chin": (0, 0.8, -2.6), "subnasale": (0, -0.8, 1.0),
        "cheek_low": (-1.6, 0.4, 0),
        "fold": (-1.4, -1.6, 0.6), "labiomental": (0, -0.6, -3.6),
    },
    "mouthPucker": {
        "corner": (-9.0, -7.2, 0.4), "up_mid": (0, -6.6, 2.0), "up_side": (-4.4, -6.8, 1.6),
        "lo_mid": (0, -6.2, -1.6),
        "lo_side": (-4.2, -6.6, -1.2), "chin": (0, -0.8, 0.6), "subnasale": (0, -0.8, 0.2),
        "cheek_low": (-2.6, 0.6, 0.2),
        "fold": (-2.6, -2.2, 0.2), "labiomental": (0, -1.0, 0.4), "chin_side": (-1.4, -1.0, 0.4),
    },
    "mouthSmile": {
        "corner": (6.8, 7.4, 8.0), "up_mid": (0, 1.4, 0.9), "up_side": (2.6, 3.2, 2.6),
        "lo_mid": (0, 1.0, 0.8),
        "lo_side": (2.6, 2.8, 2.6), "chin": (0, -0.5, 0.8), "cheek": (2.0, -3.4, 4.2),
        "cheek_low": (3.6, -1.6, 3.4),
        "fold": (2.6, 0.2, 3.2), "ala": (0.9, 0.2, 0.6), "lid_low": (0.2, -0.8, 1.3),
        "chin_side": (1.4, -0.4, 1.8),
    },
    "mouthFrown": {
        "corner": (0.6, 1.6, -6.6), "up_side": (0.2, 0.7, -1.6), "lo_side": (0.6, 0.6, -1.6),
        "up_mid": (0, 0.2, 0.3),
        "lo_mid": (0, -0.5, 0.8), "chin": (0, -0.9, 0.9), "cheek_low": (0, 0.6, -2.2), "fold": (0, 0.4, -1.4),
        "chin_side": (0.8, -0.6, -2.4),
    },
    "mouthDimple": {
        "corner": (3.2, 5.2, 1.6), "up_side": (1.0, 1.6, 0.3), "lo_side": (1.0, 1.5, 0.5),
        "cheek_low": (1.6, -1.4, 0.8),
        "lo_mid": (0, 0.6, 0.3), "up_mid": (0, 0.5, 0), "fold": (1.0, 0.2, 0.3),
    },
    "mouthStretch": {
        "corner": (6.4, 6.4, -3.0), "up_mid": (0, 0.9, -0.3), "lo_mid": (0, 0.9, 0.1),
        "up_side": (2.6, 2.6, -0.9),
        "lo_side": (2.6, 2.4, -0.8), "cheek_low": (3.0, 1.0, -1.4), "fold": (1.6, 0.8, -0.8),
        "chin_side": (2.4, 0.8, -2.2),
        "chin": (0, 0.3, 0.4),
    },
    "mouthShrugLower": {
        "corner": (0.3, -0.8, 0.6), "lo_mid": (0, -3.6, 5.0), "lo_side": (0, -3.0, 3.6),
        "chin": (0, -3.4, 6.0),
        "up_mid": (0, -2.6, 4.2), "up_side": (0, -1.6, 2.2), "labiomental": (0, -1.6, 6.0),
        "chin_side": (0, -1.6, 3.4),
        "subnasale": (0, -0.2, 1.0),
    },
    "mouthShrugUpper": {
        "up_mid": (0, -0.8, 4.0), "up_side": (0, -0.4, 3.0), "subnasale": (0, -0.2, 1.6), "ala": (0, 0, 0.8),
        "lo_mid": (0, -0.8, 3.2), "lo_side": (0, -0.4, 2.2),
    },
    "mouthPress": {
        "up_mid": (0, 0.5, -0.9), "up_side": (0.4, 0.7, -1.5), "lo_mid": (0, 0.3, 1.0),
        "lo_side": (0.4, 0.4, 2.0),
        "corner": (1.0, 1.2, 0.6), "chin": (0, -0.9, 1.5), "labiomental": (0, -0.5, 1.6),
        "cheek_low": (0.8, -0.6, 0.4),
    },
    "mouthLowerDown": {
        "lo_mid": (0, 1.2, -3.6), "lo_side": (1.0, 1.6, -5.2), "corner": (0.6, 0.5, -1.2),
        "chin": (0, 1.0, -1.5),
        "labiomental": (0, 0.6, -2.6), "chin_side": (0.8, 0.4, -2.0),
    },
    "mouthUpperUp": {
        "up_mid": (0, 0.5, 3.4), "up_side": (0.7, 0.6, 5.4), "corner": (0.6, 0.2, 1.8),
        "fold": (1.0, -1.2, 3.8),
        "ala": (0.9, 0.6, 2.2), "cheek": (0.4, -1.2, 1.8), "subnasale": (0, 0.3, 0.9),
    },
    "mouthSide": {  # mouthLeft and mouthRight: X is the side the mouth goes to, the same on both halves
        "up_mid": (8.8, 0.6, 0.3), "lo_mid": (8.6, 0.6, 0.3), "up_side": (8.4, 0.3, 0.2),
        "lo_side": (8.2, 0.3, 0.2),
        "corner": (7.6, -0.8, 0.6), "subnasale": (2.6, 0.3, 0.4), "chin": (2.0, 0, 0),
        "labiomental": (4.6, 0, 0),
        "cheek_low": (2.4, -0.4, 0.3), "fold": (3.6, -0.3, 0.3), "chin_side": (3.0, 0, 0),
        "ala": (1.6, 0, 0.2),
    },
    "cheekPuff": {
        "cheek_low": (8.4, -9.0, 0.4), "cheek": (3.4, -4.0, 0.8), "fold": (2.2, -5.0, 0.4),
        "corner": (-1.4, -3.4, 0.3),
        "up_mid": (0, -1.6, 0.3), "up_side": (0, -2.8, 0.3), "lo_mid": (0, -1.6, -0.2),
        "lo_side": (0, -2.6, -0.1),
        "chin_side": (3.0, -3.0, 0), "jaw_side": (5.4, -3.4, 0), "chin": (0, -0.4, 0.2),
        "subnasale": (0, -0.8, 0.3),
    },
    "cheekSquint": {
        "cheek": (0.6, -2.8, 4.4), "lid_low": (0.2, -1.2, 2.6), "fold": (0.6, -0.6, 1.8),
        "corner": (0.5, 0.6, 0.8),
        "crow": (0, -0.8, 1.2), "ala": (0.2, 0.1, 0.5), "cheek_low": (0.6, -0.9, 1.4),
    },
    "noseSneer": {
        "ala": (0.5, 0.8, 3.8), "nose_side": (-0.3, -0.6, 2.6), "fold": (0.6, -1.0, 3.6),
        "up_side": (0.2, 0.3, 3.0),
        "up_mid": (0, 0.2, 1.8), "subnasale": (0, 0, 1.2), "brow_in": (-0.7, -0.3, -2.2),
        "glabella": (0, -0.5, -1.5),
        "lid_low": (-0.2, -0.5, 1.0), "cheek": (0, -1.0, 1.6), "nose_bridge": (0, -0.3, 0.5),
        "corner": (0, 0, 1.2),
    },
    "browDown": {
        "brow_in": (-2.2, -1.4, -4.6), "brow_mid": (-2.0, -1.4, -4.6), "brow_out": (-1.0, -1.4, -2.4),
        "glabella": (0, -0.9, -3.0), "forehead": (-0.4, 0.1, -1.8), "forehead_in": (-0.4, 0, -1.6),
    },
    "browInnerUp": {
        "brow_in": (-0.4, 0.6, 6.2), "brow_mid": (-0.3, 0.6, 3.2), "brow_out": (0, 0, 0.3),
        "glabella": (0, 0.3, 3.4),
        "forehead_in": (0, 0.6, 3.6), "forehead": (0, 0.4, 2.0),
    },
    "browOuterUp": {
        "brow_out": (0.4, 1.4, 6.0), "brow_mid": (0.2, 1.2, 6.0), "brow_in": (0, 0.1, 0.8),
        "forehead": (0, 1.0, 3.4),
        "temple": (0, 0.5, 2.4), "crow": (0, 0.2, 0.5),
    },
}  # fmt: skip

SEALED_SHAPES = frozenset(
    {"mouthPucker", "mouthSmile", "mouthFrown", "mouthDimple", "mouthStretch", "mouthShrugLower",
        "mouthShrugUpper",
     "mouthPress", "mouthSide", "cheekPuff", "cheekSquint", "noseSneer"}
)  # fmt: skip

# ring by ring through a lip, from its border to the vestibule: backwards, up (design; ICT's roll is deeper)
ROLL_UPPER = (
    (2.6, -4.2),
    (3.0, -4.0),
    (3.6, -3.4),
    (4.4, -2.4),
    (4.6, -1.0),
    (4.0, 0.5),
    (2.4, 1.8),
    (1.0, 2.6),
    (0.3, 1.6),
)
# brings the lower lip's back to 0.7 mm before the upper incisors' edge, so that the two can meet at f and v;
# with the jaw a little open the lip slides under that edge, not into it
ROLL_LOWER = (
    (2.4, 5.0),
    (2.6, 4.9),
    (3.9, 4.3),
    (5.2, 3.0),
    (7.4, 1.3),
    (7.3, -0.3),
    (6.1, -1.8),
    (4.2, -2.5),
    (2.2, -1.8),
)
FUNNEL_FLARE = (
    (0.6, 0.6),
    (0.3, 0.6),
    (-0.2, 0.5),
    (-0.8, 0.2),
    (-1.0, 0.0),
    (-0.8, 0.0),
    (0.0, 0.4),
    (0.4, 0.6),
    (0.2, 0.3),
)

JAW_OPEN_DEGREES = 19.0  # lip gap 35 mm; ICT 33 mm
JAW_FORWARD = (0.0, -6.2, -2.6)  # ICT chin 10.9 forward, 1.7 down; less forward, as the teeth must clear
JAW_SIDE = (7.0, 0.0, -2.4)  # ICT chin 8.6
CORNER_IN = -2.8  # millimetres a mouth corner moves inwards at jawOpen 1, ICT
CLOSE_SEAL_DROP = (
    0.0,
    0.8,
    -7.0,
)  # where the lips seal on the dropped jaw; ICT -3.2, people's upper lips do more
TONGUE_JAW_DEGREES = 7.0  # design: the tongue needs a way out between the teeth

LOOK_DEGREES = {"Up": 22.0, "Down": 26.0, "In": 28.0, "Out": 28.0}  # design, within human gaze
# lids, millimetres along the eyeball: upper, lower (ICT; up is positive)
LID_FOLLOW = {"Up": (2.3, 1.0), "Down": (-4.6, -1.4), "In": (0.0, 0.0), "Out": (0.0, 0.0)}
LID_SIDE = {"In": -0.7, "Out": 0.7}
WIDE_LIDS = (2.4, -0.5)
SQUINT_LIDS = (-1.0, 2.3)
BLINK_SEAL_DROP = 2.6  # millimetres below the eye's centre where the lids meet
