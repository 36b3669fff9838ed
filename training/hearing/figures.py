"""How well emotion is heard: shares of right labels, and how far arousal follows the performed one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from training.performance.expressions import EMOTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from inference.hearing_model import HearingModel
    from training.hearing.performed_speech import HeardLine

#: How aroused a voice sounds in each emotion, -1 to 1, neutral being 0. Signs and order follow Scherer 2003,
#: "Vocal communication of emotion: a review of research paradigms", Speech Communication 40, 227-256, and
#: Juslin and Laukka 2003, Psychological Bulletin 129, 770-814; the numbers are ours.
AROUSAL: Mapping[str, float] = {
    "amazement": 0.8,
    "anger": 1.0,
    "cheekiness": 0.4,
    "disgust": -0.3,
    "fear": 0.8,
    "grief": 0.2,
    "joy": 0.8,
    "outofbreath": 0.2,
    "pain": 0.5,
    "sadness": -1.0,
}
#: A moment is in one emotion where its label is at least the first and all others add up to the second at
#: most; in none where all add up to the third.
FELT, BESIDE, NONE = 0.5, 0.2, 0.05
#: A voice is heard as neutral where there is less of every emotion.
HEARD = 0.1
#: Moments with less voice are not judged.
VOICED = 0.15


def arousal_of(names: Sequence[str]) -> NDArray[np.float64]:
    """Return the arousal of emotions [K]; 0 for unknown ones."""
    return np.array([AROUSAL.get(name, 0.0) for name in names])


def hearing_figures(
    hearing: HearingModel, lines: Sequence[HeardLine], kept: Sequence[int]
) -> dict[str, float]:
    """Return how well performed speech is heard.

    Args:
        hearing: What hears it.
        lines: Performed utterances.
        kept: [K] the place of each of its emotions among the lines' labels.

    Returns:
        "right": share of the moments in one emotion or none of which most of that is heard; "balanced":
        mean of that share over the labels; "arousal_r" and "arousal_r_lines": correlation of arousal heard
        and performed, over moments and over the means of lines.
    """
    amounts = [hearing.amounts(line.values) for line in lines]
    voiced = [line.voiced >= VOICED for line in lines]
    truth = np.concatenate([clear_labels(x.labels, kept)[v] for x, v in zip(lines, voiced, strict=True)])
    guess = np.concatenate([heard_labels(a)[v] for a, v in zip(amounts, voiced, strict=True)])
    hits = guess == truth
    labels = [label for label in np.unique(truth) if label >= 0]
    heard = [a @ arousal_of(hearing.names) for a in amounts]
    felt = [line.labels @ arousal_of(EMOTIONS) for line in lines]
    spoken = [i for i, v in enumerate(voiced) if v.any()]
    means = np.array([[x[i][voiced[i]].mean() for i in spoken] for x in (heard, felt)])
    moments = np.array([np.concatenate([x[i][voiced[i]] for i in spoken]) for x in (heard, felt)])
    return {
        "right": round(float(hits[truth >= 0].mean()), 3),
        "balanced": round(float(np.mean([hits[truth == label].mean() for label in labels])), 3),
        "arousal_r": round(float(np.corrcoef(moments)[0, 1]), 3),
        "arousal_r_lines": round(float(np.corrcoef(means)[0, 1]), 3),
    }


def heard_labels(amounts: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return 0 for neutral, k + 1 for the emotion of which most is heard, [M], by amounts [M, K]."""
    return np.asarray(np.where(amounts.max(1) >= HEARD, amounts.argmax(1) + 1, 0), np.int64)


def clear_labels(labels: NDArray[np.float32], kept: Sequence[int]) -> NDArray[np.int64]:
    """Return 0 for neutral, k + 1 for the k-th of `kept`, -1 where labels [M, 10] show neither, [M]."""
    own = labels[:, list(kept)]
    total, strongest = labels.sum(1), own.max(1)
    clear = (strongest >= FELT) & (total - strongest <= BESIDE)
    return np.asarray(np.where(total <= NONE, 0, np.where(clear, own.argmax(1) + 1, -1)), np.int64)
