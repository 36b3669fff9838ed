import json
import signal
import subprocess
import sys
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from inference.audio_file import AudioClip, read_audio
from inference.errors import LipwrightError
from inference.face_prediction import FacePredictor
from inference.model_bundle import load_bundle
from training.checkpoint import CHECKPOINT_NAME, FIELDS, make_run_folder, save_checkpoint
from training.command_train import train_command
from training.corpus.phones import Segment
from training.export.bundle import BundleLabel, export_bundle
from training.preparation import prepare
from training.teaching.careful_speech import CAREFUL
from training.trainer import Trainer, train_project
from training.validation import predict_line

REPOSITORY = Path(__file__).resolve().parents[2]
CHILD = """
import sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from training.command_train import train_command
from training.corpus.phones import Segment
from training.config import TrainingConfig
import json
config = TrainingConfig.from_json(json.loads(sys.argv[3]))
train_command(Path(sys.argv[1]), Path(sys.argv[2]), config=config, run_folder=Path(sys.argv[4]))
"""

#: No file may grow beyond a kilobyte, which is what a full disk looks like to whoever writes.
CROWDED_CHILD = """
import json, resource, signal, sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from inference.errors import LipwrightError
from training.config import TrainingConfig
from training.trainer import train_project
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))
try:
    train_project(Path(sys.argv[1]), TrainingConfig.from_json(json.loads(sys.argv[2])), Path(sys.argv[3]))
except LipwrightError as error:
    print(error)
"""


@pytest.fixture(scope="module", params=["karras2017", "lipwright"])
def trained(request, small_project, small_config, tmp_path_factory):
    config = replace(small_config, network=request.param)
    return train_project(small_project, config, tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def bundle(trained, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "small.lipmodel"
    export_bundle(trained, path, BundleLabel("small", "CC0-1.0", "nobody"))
    return load_bundle(path)


def test_a_minute_of_capture_teaches_the_jaw_to_follow_the_voice(trained):
    assert trained.figures["r gap"] > 0.8


def test_training_leaves_curves_for_tensorboard(small_project, small_config, tmp_path):
    train_project(small_project, replace(small_config, steps=12), tmp_path)
    assert any(f.name.startswith("events.out.tfevents") for f in tmp_path.iterdir())


def test_the_bundle_speaks_as_the_network_does(trained, bundle):
    sound = read_audio(trained.prepared.validation[0].audio_path)
    predictor = FacePredictor(bundle)
    times = np.arange(int(2.5 * bundle.frame_rate)) / bundle.frame_rate
    ours = predictor.coefficients(predictor.analyse(sound), times)
    theirs = predict_line(trained.network, trained.prepared, sound.samples)[: len(times)]
    offsets = bundle.mean_offset + np.tensordot(ours, bundle.basis, 1)
    assert bundle.manifest.training["parity_m"] <= 1e-5
    assert np.abs(offsets - np.tensordot(theirs, trained.prepared.basis, 1)).max() <= 1e-5
    assert np.ptp(offsets, axis=0).max() > 2e-3


def test_zero_emotion_is_the_middle_of_what_was_learned(bundle):
    assert bundle.emotion_database.shape[1] == bundle.emotion_size == 16
    assert np.abs(bundle.emotion_database.mean(0)).max() < 1e-3
    assert all(np.abs(v).max() > 0 for v in bundle.emotion_vectors)


def test_manners_other_than_the_speakers_own_become_sliders(trained, tmp_path):
    rng = np.random.default_rng(0)
    careful, bea = rng.standard_normal((2, 16)).astype(np.float32) * 0.3
    taught = replace(trained, styles={"Bea": bea, CAREFUL: careful})
    path = tmp_path / "manners.lipmodel"
    export_bundle(taught, path, BundleLabel("manners", "CC0-1.0", "nobody"))
    found = load_bundle(path)
    manners = dict(zip(found.emotion_names, found.emotion_vectors, strict=True))
    np.testing.assert_allclose(manners["careful speech"], careful, atol=1e-6)
    np.testing.assert_allclose(manners["speaker Bea"], bea, atol=1e-6)


def test_silence_stays_nearly_still(bundle):
    silence = AudioClip.from_samples(np.zeros(32000, np.float32), 16000, "silence")
    predictor = FacePredictor(bundle)
    coefficients = predictor.coefficients(predictor.analyse(silence), np.arange(60) / 30)
    offsets = np.tensordot(coefficients, bundle.basis, 1)
    assert np.ptp(offsets, axis=0).max() < 1e-4


def test_only_who_knows_when_somebody_speaks_rests_where_nobody_does(small_project, small_config, tmp_path):
    config = replace(small_config, network="lipwright")
    prepared = prepare(small_project, config)
    for phones, rests in (((), False), ((Segment("AA", 0.1, 0.4),), True)):
        known = replace(prepared, motions=[replace(m, segments=phones) for m in prepared.motions])
        network = Trainer(known, config, tmp_path / str(rests), "cpu").averaged_network()
        assert (network.silent_code is not None) == rests


def test_same_seed_same_network(small_project, small_config, tmp_path):
    config = replace(small_config, steps=6)
    first, second = (train_project(small_project, config, tmp_path / name) for name in "ab")
    other = train_project(small_project, replace(config, seed=2), tmp_path / "c")
    weights = [t.network.output.weight for t in (first, second, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.allclose(weights[0], weights[2])
    for name, run in (("a", first), ("b", second)):
        export_bundle(run, tmp_path / f"{name}.lipmodel", BundleLabel("small"))
    bundles = [zipfile.ZipFile(tmp_path / f"{name}.lipmodel") for name in "ab"]
    files = [{n: b.read(n) for n in b.namelist() if n != "model.json"} for b in bundles]  # it has the seconds
    assert files[0] == files[1]


@pytest.mark.parametrize("network", ["karras2017", "lipwright"])
def test_motion_learns_first_and_contact_after_it(small_project, small_config, tmp_path, network):
    config = replace(small_config, network=network, channels=40, steps=8, motion_steps=5)
    trainer = Trainer(prepare(small_project, config), config, tmp_path, "cpu")
    learner, learned = trainer.learner, []
    while trainer.step < config.steps:
        before = {name: value.detach().clone() for name, value in learner.named_parameters()}
        trainer.take_step()
        changed = {name for name, value in learner.named_parameters() if not torch.equal(value, before[name])}
        learned.append({name.split(".")[1] for name in changed if name.startswith("network.")})
    hears = network == "lipwright"
    assert all("output" in names and "touch" not in names for names in learned[:5])
    assert all(("touch" in names) == hears and ("output" in names) != hears for names in learned[5:])


def test_at_last_motion_learns_what_to_take_over_from_contacts_ear_and_nothing_else(
    small_project, small_config, tmp_path
):
    small = replace(small_config, network="lipwright", channels=40)
    config = replace(small, steps=8, motion_steps=3, refining_steps=3)
    trainer = Trainer(prepare(small_project, config), config, tmp_path / "run", "cpu")
    while trainer.step < 5:
        trainer.take_step()
    before = {name: value.detach().clone() for name, value in trainer.learner.named_parameters()}
    assert not before["network.code_from_contact.weight"].any()
    while trainer.step < config.steps:
        trainer.take_step()
    changed = {n for n, value in trainer.learner.named_parameters() if not torch.equal(value, before[n])}
    assert changed == {"network.code_from_contact.weight", "network.code_from_contact.bias"}


def test_a_run_too_short_for_it_does_not_refine(small_project, small_config, tmp_path):
    small = replace(small_config, network="lipwright", channels=40)
    config = replace(small, steps=4, motion_steps=3, refining_steps=3)
    trainer = Trainer(prepare(small_project, config), config, tmp_path / "run", "cpu")
    trainer.run(lambda _: None)
    assert not trainer.learner.network.code_from_contact.weight.any()


def test_a_killed_run_goes_on_and_ends_where_it_would_have(small_project, small_config, tmp_path):
    config = json.dumps(replace(small_config, steps=40).to_json())

    def start(name):
        arguments = [str(small_project), str(tmp_path / f"{name}.lipmodel"), config, str(tmp_path / name)]
        return subprocess.Popen(
            [sys.executable, "-c", CHILD, *arguments], cwd=REPOSITORY, stderr=subprocess.PIPE
        )

    whole = start("whole")
    killed = start("killed")
    checkpoint = tmp_path / "killed" / CHECKPOINT_NAME
    while not checkpoint.exists() and killed.poll() is None:
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL, "the run ended before it could be killed"
    step = torch.load(checkpoint, weights_only=True)["step"]
    assert 0 < step < 40
    resumed = start("killed")
    assert (whole.wait(), resumed.wait()) == (0, 0)
    graphs = [zipfile.ZipFile(tmp_path / f"{n}.lipmodel").read("face.onnx") for n in ("whole", "killed")]
    assert graphs[0] == graphs[1]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"network": "perceptron"}, "no network called 'perceptron'"),
        ({"steps": 0}, "at least 1"),
        ({"device": "cuda"}, "no CUDA device"),
        ({"device": "foo"}, "no device called 'foo'"),
        ({"device": "cpu:99"}, "no device 'cpu:99'"),
        ({"seed": -1}, "no usable seed"),
        ({"seed": 2**31}, "no usable seed"),
    ],
)
def test_wrong_requests_are_refused_before_training(small_project, tmp_path, change, words):
    if change.get("device") == "cuda" and torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    with pytest.raises(LipwrightError, match=words):
        train_command(small_project, tmp_path / "m.lipmodel", run_folder=tmp_path / "run", **change)
    assert not list(tmp_path.iterdir())


def test_an_output_folder_that_does_not_exist_is_named(small_project, tmp_path):
    with pytest.raises(LipwrightError, match="nowhere does not exist"):
        train_command(small_project, tmp_path / "nowhere" / "m.lipmodel")


def test_an_output_that_could_not_be_written_is_refused_before_training(small_project, tmp_path):
    (tmp_path / "folder.lipmodel").mkdir()
    for name, words in (("folder.lipmodel", "is a folder"), ("model.zip", r"must end in \.lipmodel")):
        with pytest.raises(LipwrightError, match=words):
            train_command(small_project, tmp_path / name)
    with pytest.raises(LipwrightError, match="cannot be written"):
        train_command(small_project, Path("/proc/model.lipmodel"))


def test_a_checkpoint_of_another_run_is_refused(small_project, small_config, tmp_path):
    config = replace(small_config, steps=3)
    train_project(small_project, config, tmp_path)
    with pytest.raises(LipwrightError, match=r"other settings.*--run DIR"):
        train_project(small_project, replace(config, emotion_size=24), tmp_path)


def test_a_damaged_checkpoint_is_named(small_project, small_config, tmp_path):
    (tmp_path / CHECKPOINT_NAME).write_bytes(b"not a checkpoint")
    with pytest.raises(LipwrightError, match="not a readable checkpoint"):
        train_project(small_project, small_config, tmp_path)


@pytest.mark.parametrize("content", [{"step": 3}, [1, 2]])
def test_a_file_that_is_no_checkpoint_is_named(small_project, small_config, tmp_path, content):
    torch.save(content, tmp_path / CHECKPOINT_NAME)
    with pytest.raises(LipwrightError, match="not a readable checkpoint"):
        train_project(small_project, small_config, tmp_path)


def test_parameters_of_another_shape_are_no_checkpoint(small_project, small_config, tmp_path):
    config = replace(small_config, steps=1)
    train_project(small_project, config, tmp_path)
    state = torch.load(tmp_path / CHECKPOINT_NAME, weights_only=True)
    assert set(state) == set(FIELDS)
    torch.save(state | {"learner": {}}, tmp_path / CHECKPOINT_NAME)
    with pytest.raises(LipwrightError, match="not a readable checkpoint"):
        train_project(small_project, config, tmp_path)


def test_a_run_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(LipwrightError, match=r"cannot be made .*--run"):
        make_run_folder(tmp_path / "file" / "run")


def test_a_full_disk_keeps_the_old_checkpoint_and_leaves_nothing(tmp_path, monkeypatch):
    save_checkpoint(tmp_path, {"step": 1})

    def full(_state, path):
        path.write_bytes(b"half")
        raise RuntimeError("unexpected pos 64 vs 0")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(LipwrightError, match="free some disk space"):
        save_checkpoint(tmp_path, {"step": 2})
    assert [p.name for p in tmp_path.iterdir()] == [CHECKPOINT_NAME]
    assert torch.load(tmp_path / CHECKPOINT_NAME, weights_only=True)["step"] == 1


def test_a_disk_that_fills_up_with_curves_is_named(small_project, small_config, tmp_path):
    config = json.dumps(replace(small_config, steps=60, checkpoint_every=1000).to_json())
    arguments = [str(small_project), config, str(tmp_path)]
    command = [sys.executable, "-c", CROWDED_CHILD, *arguments]
    child = subprocess.run(command, check=True, cwd=REPOSITORY, capture_output=True, text=True)
    assert child.stdout.startswith(f"{tmp_path}: the curves cannot be written (File too large); free some")


def test_a_run_whose_loss_is_no_number_stops_without_a_checkpoint(small_project, small_config, tmp_path):
    config = replace(small_config, steps=3, loss=replace(small_config.loss, motion=float("nan")))
    with pytest.raises(LipwrightError, match="step 0: the loss is no number"):
        train_project(small_project, config, tmp_path)
    assert not (tmp_path / CHECKPOINT_NAME).exists()


def test_no_progress_bar_is_drawn_into_a_log(small_project, small_config, tmp_path, capfd):
    train_project(small_project, replace(small_config, steps=2), tmp_path)
    assert "step/s" not in capfd.readouterr().err
