"""The mouth of an f or v, as weights of the 52 ARKit shapes on the bundled head."""

from __future__ import annotations

# f and v are labiodental: the lower lip against the upper incisors (International Phonetic Association, the
# IPA chart's consonants). Westbury and Hashi, "Lip-pellet positions during vowels and labial consonants",
# Journal of Phonetics 25 (1997), 405-419, measured speakers' lips at these consonants. The weights themselves
# are ours: a curled lower lip, a jaw scarcely open, and an upper lip raised until the teeth are just seen.
LABIODENTAL_POSE: dict[str, float] = {
    "mouthRollLower": 0.8,
    "jawOpen": 0.06,
    "mouthUpperUpLeft": 0.15,
    "mouthUpperUpRight": 0.15,
}
