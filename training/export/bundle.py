"""Writes a trained network as a model bundle and checks that both speak alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
import torch

from inference.audio_features import silence_features
from inference.errors import LipwrightError
from inference.model_bundle import write_bundle
from inference.recording_colour import with_colour
from training.dataset import SAMPLE_RATE
from training.emotion_mining import EmotionTable, build_emotion_table
from training.export import karras2017, lipwright
from training.networks.lipwright import Network as Lipwright
from training.preparation import load_project_head
from training.validation import told_settings

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from inference.audio_features import FeatureSettings
    from inference.head_mesh import HeadMesh
    from training.networks import FaceNetwork
    from training.trainer import TrainedModel

#: Largest difference in metres between the network and its exported graphs that is let through: what nobody
#: sees. Most are a thousandth of it; but where a sum falls just beside a step of eight bits, two programs may
#: round it to either side.
PARITY_LIMIT = 1e-4


@dataclass(frozen=True)
class BundleLabel:
    """What a bundle says about itself.

    Attributes:
        name: Shown in the add-on's list.
        licence: Licence of the model, as an SPDX identifier or a sentence.
        credits: Whose capture it was trained on.
    """

    name: str
    licence: str = "unspecified"
    credits: str = ""


def export_bundle(trained: TrainedModel, path: Path, label: BundleLabel) -> float:
    """Write a bundle.

    Args:
        trained: A finished run.
        path: The `.lipmodel` to write; replaced only when everything succeeded.
        label: Name, licence and credits.

    Returns:
        Largest difference in metres between the network and the exported graphs on random input.

    Raises:
        LipwrightError: The graphs do not reproduce the network.
    """
    channels = trained.config.channels
    neutral = np.zeros(trained.network.emotion_size, np.float32)
    graphs, basis, mean_offset = network_graphs(trained.network, channels, neutral, trained.prepared.basis)
    difference = parity(trained, graphs, basis, mean_offset)
    if not difference <= PARITY_LIMIT:
        raise LipwrightError(
            f"{path}: the exported graphs differ from the network by {difference:.1e} m; nothing was written"
        )
    head = load_project_head(trained.prepared.project)
    emotions = build_emotion_table(trained)
    manifest = build_manifest(trained, label, head, emotions, {"parity_m": difference})
    manifest["face"]["channels"] = len(basis)
    arrays = {
        "face.npz": face_arrays(head, basis, mean_offset),
        "emotion.npz": {"database": emotions.database},
    }
    write_bundle(path, manifest, graphs, arrays)
    return difference


def network_graphs(
    network: FaceNetwork, channels: int, neutral: NDArray[np.float32], motion_basis: NDArray[np.float32]
) -> tuple[dict[str, bytes], NDArray[np.float32], NDArray[np.float32]]:
    """Return a network's graphs, and the basis [P, V, 3] and mean offset [V, 3] that their output multiplies.

    Args:
        network: Trained network.
        channels: Feature channels.
        neutral: [E] latent vector that the zero emotion of the bundle stands for.
        motion_basis: [R, V, 3] the project's.
    """
    if isinstance(network, Lipwright):
        speech = lipwright.speech_graph(network, channels)
        face = lipwright.face_graph(network, neutral)
        basis, offset = motion_basis, np.zeros(motion_basis.shape[1:], np.float32)
    else:
        speech = karras2017.speech_graph(network, channels)
        face = karras2017.face_graph(network, neutral)
        basis, offset = karras2017.vertex_output(network, motion_basis)
    return {"speech.onnx": speech, "face.onnx": face}, basis, offset


def build_manifest(
    trained: TrainedModel, label: BundleLabel, head: HeadMesh, emotions: EmotionTable, extra: dict[str, Any]
) -> dict[str, Any]:
    """Return the contents of `model.json`.

    Args:
        trained: A finished run.
        label: Name, licence and credits.
        head: The head that the model moves.
        emotions: Named emotions.
        extra: Further training figures.
    """
    network = trained.network
    settings = told_settings(network, trained.prepared.settings)
    hop = settings.hop_length * network.hop
    field, width = network.code_field, network.code_channels
    if isinstance(network, Lipwright):
        field, width = lipwright.EXPORTED_FIELD, lipwright.EXPORTED_CHANNELS
    return {
        "format_version": 1,
        "name": label.name,
        "licence": label.licence,
        "credits": label.credits,
        "network": trained.config.network,
        "sample_rate": SAMPLE_RATE,
        "loudness": {"kind": "rms", "target_db": trained.prepared.target_db},
        "features": settings.to_json(),
        "speech": {
            "file": "speech.onnx",
            "input": "features",
            "output": "code",
            "receptive_field": field,
            "stride": network.code_stride,
            "channels": width,
        },
        "face": {
            "file": "face.onnx",
            "inputs": ["code", "emotion"],
            "output": "coefficients",
            "receptive_field": network.face_field,
            "stride": network.face_stride,
        },
        "frame_rate": SAMPLE_RATE / hop,
        "emotion": {
            "size": network.emotion_size,
            "names": list(emotions.names),
            "vectors": np.round(emotions.vectors.astype(float), 6).tolist(),
        },
        "head": {"id": head.head_id, "hash": head.hash, "vertices": len(head.vertices)},
        "training": {**trained.figures, **extra, "config": trained.config.to_json()},
    }


def face_arrays(
    head: HeadMesh, basis: NDArray[np.float32], mean_offset: NDArray[np.float32]
) -> dict[str, NDArray[Any]]:
    """Return the contents of `face.npz`."""
    return {
        "template": head.vertices,
        "faces": head.faces,
        "mean_offset": mean_offset,
        "basis": basis,
        "landmarks68": head.landmarks68,
        "arkit_names": np.array(head.shape_names),
        "arkit_deltas": head.shape_deltas,
    }


def parity(
    trained: TrainedModel,
    graphs: dict[str, bytes],
    basis: NDArray[np.float32],
    mean_offset: NDArray[np.float32],
) -> float:
    """Return the largest vertex difference in metres between network and graphs, on 48 windows.

    The network evaluates each window by itself with strides, as the paper does; the graphs run over the
    whole line. A third of the windows are noise; the others lie near silence, where lips touch, and are felt
    weakly and strongly.
    """
    generator = torch.Generator().manual_seed(0)
    network = trained.network
    count = network.whole_window + 15 * network.hop
    settings = told_settings(network, trained.prepared.settings)
    noise = torch.randn(count, settings.channels, generator=generator)
    quiet = torch.tensor(silence_features(settings))[: settings.channels] + 0.1 * noise
    noise, quiet = (_with_colour(bands, settings) for bands in (noise, quiet))
    emotion = torch.randn(1, network.emotion_size, generator=generator)
    cases = (noise, 0.3 * emotion), (quiet, 0.3 * emotion), (quiet, 2 * emotion)
    return max(_difference(trained, graphs, basis, mean_offset, case) for case in cases)


def _with_colour(bands: torch.Tensor, settings: FeatureSettings) -> torch.Tensor:
    """Return normalised mel bands [N, C] as the graph gets them, [1, N, width]."""
    if not settings.colour:
        return bands[None]
    raw = bands.numpy() * np.array(settings.std, np.float32) + np.array(settings.mean, np.float32)
    coloured = np.concatenate(list(with_colour([raw], settings.fmin, settings.fmax)))
    return torch.cat([bands, torch.tensor(coloured[:, settings.channels :])], 1)[None]


def _difference(
    trained: TrainedModel,
    graphs: dict[str, bytes],
    basis: NDArray[np.float32],
    mean_offset: NDArray[np.float32],
    case: tuple[torch.Tensor, torch.Tensor],
) -> float:
    """Return the largest difference (m) on features [1, N, C] with an emotion [1, E]."""
    (features, emotion), network = case, trained.network
    windows = features[0].unfold(0, network.whole_window, network.hop).transpose(1, 2)
    with torch.no_grad():
        theirs = network.forward_window(windows, emotion.expand(len(windows), -1)).numpy()
    expected = np.tensordot(theirs, trained.prepared.basis, axes=1)
    code = _run(graphs["speech.onnx"], {"features": features.numpy()})
    track = emotion.numpy()[:, None].repeat(code.shape[1], 1)
    ours = _run(graphs["face.onnx"], {"code": code, "emotion": track})[0]
    edge = (len(expected) - len(ours)) // 2  # the exported code may look further than the network's windows
    difference = mean_offset + np.tensordot(ours, basis, axes=1) - expected[edge : len(expected) - edge]
    return float(np.abs(difference).max())


def _run(graph: bytes, inputs: dict[str, NDArray[np.float32]]) -> NDArray[np.float32]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, inputs)[0], np.float32)
