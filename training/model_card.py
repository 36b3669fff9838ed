"""The page that lies beside the bundled model: its making, its figures and its limits."""

# ruff: noqa: E501 - rows of a Markdown table cannot be broken

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inference.model_bundle import load_bundle
from training.config import TrainingConfig

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_TEXT = """# {name}

{size:.1f} MB, network `{network}`, {features}, {steps} steps in {minutes:.1f} minutes on {device}.

## What it is
A voice goes in, motion of the bundled head comes out, {frame_rate:g} frames a second, neutral or with ten emotions. It
was made by
`python build.py train-default`, which anyone with the capture data can run again.

## What it was made of
| data | how much | licence |
|---|---|---|
| GRID audiovisual sentence corpus, speaker 1 (Cooke, Barker, Cunningham and Shao, *J. Acoust. Soc. Am.* 120, 2006); \
face tracked from its video and fitted to the bundled head | 52 clips, 2.6 min of 3.5 | CC BY 4.0 |
| FACEGOOD Audio2Face, animator-made motion of one Mandarin voice, kept apart by a style of its own | 4 takes | MIT |
| Speech of many voices and languages, animated by a teacher that learned GRID's motion from its phones: \
synthesised with espeak-ng, flite and festival (of festival's voices two Italian, four Czech, one of them a child, and \
two Finnish), and the recorded prompts of Debian's `asterisk-core-sounds-en`, `-fr`, \
`-es` and `-ru`, aligned with PocketSphinx | {synthetic:g} min | synthesised for this model; the prompts CC BY-SA 3.0 and \
CC BY 3.0 |{reader}{kokoro}

At p, b and m the motion was sealed, at f and v the lower lip was moved to the upper teeth, lips that overlapped were
parted, and pauses of made-up lines rest. In made-up lines the teacher was given the actor's amplitude, rounded and
spread vowels more of it than the capture has, low vowels a lower jaw and sibilants a higher one, as published
measurements of careful speech ask for (`training/mouth/lip_rounding.py`, `training/mouth/jaw_height.py`).

Motion is averaged over five frames of 16 ms, in a triangle, before lips and teeth meet, so that it does not tremble; it
learned without that.

{noise}{ears}GRID's last ten clips, FACEGOOD's `1114_2_04`, the prompts of `training/corpus/kept_out_prompts.txt`, the Italian
prompts, the game's dialogue and LJSpeech never trained. Nor did eight more GRID clips and every twelfth recording
of festvox-ru, but these chose between settings, such as how the peaks of contact are acted on.
The test figures of earlier models, and of sisters of this one that differ in training and in how surely contact
must be heard, were known when it was chosen, so they lean a little to the good side; so were the test performances when
it was decided how emotions are recovered from the face.

## What it measures
`python -m training evaluate`, on takes, lines and sounds that never trained:

```
{table}
```

Everything is measured with the neutral vector unless a heading names another. It lies {careful:.0%} of the way from
GRID's casual manner of speaking (`speaker grid_s1`) to that of the made-up lines (`careful speech`), because an
animator wants to see what is said.
Ridge regression and loudness are fitted to each captured speaker alone, and on other speech are what GRID taught them.
`phones` is a ridge regression that is told the takes' aligned phones and hears nothing: what follows from what was said,
and when, by the simplest of means.
{strangers}

The exported graphs differ from the trained network by {parity:.1e} m at most. In both, nearly all that
listens to the voice computes with whole numbers of eight bits.

## What it cannot do
- One British man and one Mandarin voice are all the real motion it has seen. Other voices move the mouth in his
  manner, as a teacher that knows their phones thinks he would.
- The capture is neutral. What the emotions do to the face comes from performances of it by rules
  (`training/performance`, which names its sources), not from people; that they are recovered says only that the model
  learned those rules. `speaker facegood` is the manner of the animator-made capture, `careful speech` that of the
  made-up lines.
- {hearing}
- It moves what GRID's tracking and FACEGOOD's rig move: mostly mouth and jaw. Tongue motion comes from FACEGOOD
  alone. Gaze, blinks and head are not predicted from the voice.

## Licence
The model is licensed under CC BY-SA 4.0. Name its source as: {credits}
"""
#: A row of the first table.
_READER = """
| Likewise a Russian man who reads, recorded and labelled for Debian's `festvox-ru` by Nickolay V. Shmyrev (2005) | \
{:g} min | BSD-like |"""

#: Another.
_KOKORO = """
| 54 natural voices, and others between two of them, synthesised with Kokoro-82M (hexgrad 2025; English, Spanish, \
French, Hindi, Italian and Portuguese) and aligned with PocketSphinx: contact alone learned from them; whose speech they \
were made of is not told | \
{:g} min | the model and its voices Apache 2.0 |"""

#: A paragraph of its own, where contact is heard by two ears.
_SECOND_EAR = """Contact is heard by two ears. One learned from the speech above alone. The other listens to phones, as the
acoustic model `en-us` of PocketSphinx judges them (copyright 2015 Alpha Cephei, BSD-like licence): a small network
learned to answer as its Gaussians do, on the speech above and on frames that they draw (`training/second_ear/recogniser_lesson.py`).
None of their numbers is in the bundle. Whose speech they were trained on is not told with them, so nobody can say that
the speakers measured below, LJSpeech's among them, were strangers to that teacher.

"""


#: Another, where steady noise is lowered first.
_NOISE = """A recording's steady noise, such as a fan's, is lowered by up to {:g} dB before the network hears it
(`inference/steady_noise.py`); it learned from noise as it is. A recording without such noise stays as it is.

"""

_DEAF = "Emotion is not heard from the voice."
_HEARS = """Emotion is heard from the voice (From Voice, 0 by default) by a regression on pitch, voice quality, loudness
  and pace, learned from {utterances} utterances of {voices} voices performed by rules. It tells how aroused a voice is
  better than which emotion it is: of performed voices that were kept out, it names {right:.0%} of the moments rightly
  (mean over the eleven labels {balanced:.0%}, chance 9 %), and arousal heard and performed correlate with
  {arousal_r:.2f}. Voices that are rough or bright by nature can sound aroused to it when they are neutral. The five
  acted lines trained nothing, but they were looked at when it was settled what is measured and that angry voices are
  performed roughly; so was the music when it was settled what is no speech."""


def _hearing(figures: dict[str, Any] | None) -> str:
    """Return what the card says of hearing."""
    if figures is None:
        return _DEAF
    known = {name: figures[name] for name in ("utterances", "voices")}
    return _HEARS.format(**known, **figures["kept_out_voices"])


def write_model_card(
    path: Path,
    model: Path,
    figures: dict[str, Any],
    table: str,
    *,
    device: str,
    left_out: Mapping[str, Path],
) -> None:
    """Write the card.

    Args:
        path: Markdown file to write.
        model: The bundle it describes.
        figures: What the training returned.
        table: What `evaluate` printed.
        device: What it was trained on.
        left_out: The bundles that the table compares, by what their training left out.
    """
    manifest = load_bundle(model).manifest
    config = manifest.training["config"]
    text = _TEXT.format(
        name=manifest.name,
        size=model.stat().st_size / 1e6,
        network=manifest.network,
        features=f"{manifest.features.kind} with {manifest.features.channels} channels",
        steps=figures["steps"],
        minutes=figures["seconds"] / 60,
        device=device,
        frame_rate=manifest.timing.frame_rate,
        synthetic=config["synthetic_minutes"],
        noise=_NOISE.format(reduction) if (reduction := manifest.features.noise_reduction_db) else "",
        ears=_SECOND_EAR if config.get("recognising_steps") else "",
        kokoro=_KOKORO.format(config["kokoro_minutes"]) if config.get("kokoro_minutes") else "",
        reader=_READER.format(config["reader_minutes"]) if config.get("reader_minutes") else "",
        careful=config["careful_share"],
        hearing=_hearing(manifest.training.get("hearing")),
        table=table,
        strangers=_strangers(left_out, config),
        parity=figures["parity_m"],
        credits=manifest.credits,
    )
    temporary = path.with_name(path.name + ".part")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def _strangers(left_out: Mapping[str, Path], config: dict[str, Any]) -> str:
    """Return what the table's columns of strangers are."""
    if not left_out:
        return "No model was trained without some of the voices (`--left-out` does that), so what strangers get is not measured."
    sentences = []
    for path in sorted(set(left_out.values())):
        missing = ", ".join(name for name, of in left_out.items() if of == path)
        theirs = load_bundle(path).manifest.training["config"]
        others = _otherwise(theirs, config)
        option = f" --steps {theirs['steps']}" if theirs["steps"] != config["steps"] else ""
        sentences.append(
            f"What a voice of another kind gets is measured with a model that never heard {missing}, trained likewise"
            f"{others} (`train-default --left-out {missing.replace(', ', ',')}{option}`)."
        )
    return "\n".join(sentences)


def _otherwise(theirs: dict[str, Any], ours: dict[str, Any]) -> str:
    """Return how another training differs beside what `--left-out` itself sets."""
    own = ("corpus_engines", "emotion_steps", "heard_utterances")
    first = TrainingConfig.from_json(theirs).to_json()
    second = TrainingConfig.from_json(ours).to_json()
    differ = [
        f"{k} {first[k]} instead of {second[k]}" for k in first if k not in own and first[k] != second[k]
    ]
    return f", but with {', '.join(differ)}" if differ else ""
