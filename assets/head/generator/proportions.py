"""Proportions of the head, one row per measure, each with its source.

Sources: "Farkas" = L. G. Farkas, Anthropometry of the Head and Face (2nd ed., 1994), means of young adults,
rounded between the sexes; "ICT" = measured by us on the landmarks of the ICT-FaceKit neutral (MIT licence);
"design" = chosen for the stylised look. Millimetres throughout.
"""

from __future__ import annotations

from typing import NamedTuple


class Measure(NamedTuple):
    """One measured length."""

    value_mm: float
    source: str


PROPORTIONS: dict[str, Measure] = {
    "head_breadth": Measure(152.0, "Farkas eu-eu"),
    "head_length": Measure(192.0, "Farkas g-op"),
    "head_height": Measure(228.0, "Farkas v-gn"),
    "bizygomatic_breadth": Measure(136.0, "Farkas zy-zy"),
    "bigonial_breadth": Measure(104.0, "Farkas go-go"),
    "face_height": Measure(116.0, "Farkas n-gn"),
    "interpupillary_distance": Measure(62.4, "Farkas p-p; ICT 61.8"),
    "intercanthal_width": Measure(35.4, "ICT 36.8; Farkas en-en 32.5"),
    "eye_fissure_width": Measure(27.2, "ICT 26.2; Farkas ex-en 31"),
    "eye_fissure_height": Measure(10.6, "Farkas ps-pi 10.8"),
    "eyeball_radius": Measure(13.0, "design; anatomical 12.1"),
    "iris_diameter": Measure(11.8, "horizontal visible iris 11.7"),
    "nose_height": Measure(49.0, "Farkas n-sn 51; ICT 49.5"),
    "nose_width": Measure(33.5, "Farkas al-al 33"),
    "nose_protrusion": Measure(19.0, "Farkas sn-prn 19.5"),
    "mouth_width": Measure(50.5, "Farkas ch-ch 51; ICT 50.6"),
    "upper_vermilion_height": Measure(8.6, "Farkas ls-sto 8.5"),
    "lower_vermilion_height": Measure(9.8, "Farkas sto-li 9.7"),
    "philtrum_length": Measure(13.8, "Farkas sn-ls 14"),
    "stomion_below_eyes": Measure(69.6, "ICT 69.7"),
    "ear_length": Measure(61.0, "Farkas sa-sba 61"),
    "ear_width": Measure(34.0, "Farkas pra-pa 34.5"),
}


def length(name: str) -> float:
    """The value of one measure in millimetres."""
    return PROPORTIONS[name].value_mm


EYE_RADIUS = length("eyeball_radius")
EYE_CENTRE = (length("interpupillary_distance") / 2, -2.5, 0.0)
STOMION_Z = -length("stomion_below_eyes")
MOUTH_HALF_WIDTH = length("mouth_width") / 2
JAW_HINGE = (0.0, 66.0, -22.0)
