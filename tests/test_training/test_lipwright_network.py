import copy
from dataclasses import replace

import numpy as np
import onnxruntime
import pytest
import torch

from training.corpus.phones import Segment
from training.dataset import Motion
from training.evaluation.lip_teeth import LipToTeeth
from training.export.lipwright import EXPORTED_CHANNELS, EXPORTED_FIELD, face_graph, speech_graph
from training.losses import phone_loss, touch_loss
from training.mouth.jaw_alone import chin_row
from training.mouth.jaw_height import jaw_height
from training.mouth.lip_contact import LIP_PAIRS, lip_lines, sealed, signed_gaps
from training.mouth.lip_rounding import lip_rounding
from training.mouth.mouth_width import width_row
from training.mouth.teeth_contact import teeth_contact
from training.networks import lipwright
from training.networks.lipwright import CALM_REACH, calm
from training.teaching.teacher import FRAME_RATE, FaceSpace, finer, in_contact

MM = 0.001


@pytest.fixture(scope="module")
def lips(head, basis):
    return lip_lines(head, basis.as_array())


@pytest.fixture(scope="module")
def teeth(head, basis):
    return teeth_contact(head, basis.as_array())


@pytest.fixture(scope="module")
def space(head, basis, lips, teeth):
    nothing = np.zeros(0, np.float32)
    careful = lip_rounding(head, basis.as_array(), 0.04), jaw_height(head, basis.as_array())
    return FaceSpace(None, lips, teeth, *careful, nothing, nothing, nothing)


@pytest.fixture(scope="module")
def network(lips, teeth, basis):
    torch.manual_seed(3)
    net = lipwright.Network(40, 16, 20, len(basis.rows), 0.3).eval()
    net.set_lips(lips, teeth)
    torch.nn.init.constant_(net.silence.bias, 2.5)  # so that noise passes for silence, more or less
    torch.nn.init.normal_(net.code_from_contact.weight, std=0.02)
    net.rest_in_silence(torch.randn(40) - 0.5)
    return net


def pose(head, basis, **weights):
    """Coefficients [1, R] of a pose given by shape-key weights."""
    row = np.zeros((1, 52))
    for name, value in weights.items():
        row[0, list(head.shape_names).index(name)] = value
    return basis.weights_to_coefficients(row)


def run(graph, **inputs):
    return onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"]).run(None, inputs)[0]


@pytest.mark.parametrize("extra", [0, 1, 2, 3, 57])
def test_whole_line_equals_single_windows(network, extra):
    window, hop = network.whole_window, lipwright.HOP
    features, emotion = torch.randn(1, window + extra, 40), torch.randn(1, 16)
    windows = features[0].unfold(0, window, hop).transpose(1, 2)
    codes = (features.shape[1] - lipwright.SPEECH_FIELD) // 2 + 1
    with torch.no_grad():
        line = network(features, emotion[:, None].expand(-1, codes, -1))[0]
        single = network.forward_window(windows, emotion.expand(len(windows), -1))
    assert len(line) == len(windows) > extra // hop
    torch.testing.assert_close(line, single, atol=2e-5, rtol=0)


def test_graphs_equal_torch_when_the_emotion_changes_over_time(network):
    rng = np.random.default_rng(0)
    features = rng.standard_normal((1, 259, 40)).astype(np.float32) + 1
    features[:, 126:210] -= 1  # quiet, then nothing
    features[:, 210:] -= 4
    with torch.no_grad():
        heard = network.silence(network.contact(torch.tensor(features)))
        rest = network.rest(heard, network.loudness(torch.tensor(features)))
        assert 0.01 < rest.mean() < 0.99
        code = network.speech_code(torch.tensor(features))
        emotion = rng.standard_normal((1, code.shape[1], 16)).astype(np.float32)
        expected = network.face(code, torch.tensor(emotion)).numpy()
    exported = run(speech_graph(network, 40), features=features)
    assert exported.shape == (1, (259 - EXPORTED_FIELD) // 2 + 1, EXPORTED_CHANNELS)
    graph = face_graph(network, np.zeros(16, np.float32))
    edge = (code.shape[1] - exported.shape[1]) // 2
    given = run(graph, code=exported, emotion=emotion[:, edge:-edge])
    np.testing.assert_allclose(given, expected[:, edge:-edge], atol=2e-5)


def test_full_contact_seals_an_open_mouth_and_none_leaves_it(head, basis, lips, network):
    wide = torch.tensor(pose(head, basis, jawOpen=0.5, mouthLowerDownLeft=0.1))[None]
    touching = network.seal(wide, torch.tensor([[[1.0, 0.0]]]))[0].numpy()
    open_ = network.seal(wide, torch.zeros(1, 1, 2))[0].numpy()
    assert signed_gaps(lips, wide[0].numpy()).min() > 8 * MM
    assert np.abs(signed_gaps(lips, touching)).max() < 0.3 * MM
    np.testing.assert_allclose(open_, wide[0].numpy(), atol=1e-6)


def test_sealed_lips_meet_in_depth_too_and_the_mouth_stays_as_wide(head, basis, lips):
    for shapes in ({"jawOpen": 0.4, "mouthPucker": 0.3}, {"mouthFunnel": 0.4}, {"jawOpen": 0.3}):
        wide = pose(head, basis, **shapes)
        closed = sealed(lips, wide, np.ones(1, np.float32))
        before, after = (
            head.vertices[head.landmarks68]
            + np.tensordot(c[0], basis.as_array()[:, head.landmarks68], axes=1)
            for c in (wide, closed)
        )
        for upper, lower in LIP_PAIRS:
            assert np.linalg.norm(after[upper] - after[lower]) < 0.6 * MM
        width = [np.linalg.norm(points[54] - points[48]) for points in (before, after)]
        assert width[1] == pytest.approx(width[0], abs=0.3 * MM)


def test_f_leaves_the_mouth_as_wide_as_it_was(head, basis, teeth):
    for shapes in ({"mouthPucker": 0.4}, {"jawOpen": 0.3}, {"mouthSmileLeft": 0.5, "mouthSmileRight": 0.5}):
        before = pose(head, basis, **shapes)
        change = teeth.applied(before, np.ones(1, np.float32)) - before
        assert abs((change @ width_row(head, basis.as_array())).item()) < 0.01 * MM


def test_graphs_doubt_contact_as_torch_does(head, basis, lips, teeth):
    torch.manual_seed(12)
    network = lipwright.Network(40, 16, 20, len(basis.rows), 0.0).eval()
    network.set_lips(lips, teeth)
    with torch.no_grad():
        network.output.weight.mul_(0.3)
        network.output.bias.copy_(torch.tensor(pose(head, basis, jawOpen=0.18))[0])
        features = torch.randn(1, 427, 40)
        belief = network.belief(network.speech(features))[0, :, 0]
        code = network.speech_code(features)
        expected = network.face(code, torch.zeros(1, code.shape[1], 16)).numpy()
    assert belief.min() < -0.5
    assert (belief == 0).any()
    assert belief.max() > 0.5
    exported = run(speech_graph(network, 40), features=features.numpy())
    emotion = np.zeros((1, exported.shape[1], 16), np.float32)
    given = run(face_graph(network, emotion[0, 0]), code=exported, emotion=emotion)
    edge = (code.shape[1] - exported.shape[1]) // 2
    np.testing.assert_allclose(given, expected[:, edge:-edge], atol=1e-5)


def test_contact_is_doubted_where_motion_opens_the_mouth(head, basis, network):
    network = copy.deepcopy(network)
    features, beliefs = torch.randn(1, 171, 40), {}
    with torch.no_grad():
        network.output.weight.zero_()
        for jaw in (0.05, 0.17, 0.4):
            network.output.bias.copy_(torch.tensor(pose(head, basis, jawOpen=jaw))[0])
            beliefs[jaw] = network.belief(network.speech(features))[0, :, 0]
            shares = network.speech_code(features)[0, 1:-1, -2:]
            assert 0 <= shares.min() <= shares.max() <= 1
    assert (beliefs[0.05] > beliefs[0.17]).all()
    assert (beliefs[0.17] > beliefs[0.4] + 1).all()


def test_contact_closes_as_far_as_its_share_says(head, basis, lips, network):
    wide = torch.tensor(pose(head, basis, jawOpen=0.5))
    network = copy.deepcopy(network)
    with torch.no_grad():
        network.output.weight.zero_()
        network.output.bias.copy_(wide[0])
        for share in (1.0, 0.5, 0.0):
            code = torch.zeros(1, 3, lipwright.Network.code_channels)
            code[..., -2] = share
            gap = signed_gaps(lips, network.face(code, torch.zeros(1, 3, 16))[0].numpy()).mean()
            left = (1 - share) * signed_gaps(lips, wide.numpy()).mean()
            assert gap == pytest.approx(left, abs=0.4 * MM)


def test_lips_pressed_through_each_other_are_parted(head, basis, lips):
    crossed = pose(head, basis, mouthClose=0.1)
    assert signed_gaps(lips, crossed).max() < -2 * MM
    assert signed_gaps(lips, sealed(lips, crossed, np.zeros(1, np.float32))).min() > -0.1 * MM


def test_sealing_uses_the_shape_that_is_made_for_it(head, basis, lips):
    wide = pose(head, basis, jawOpen=0.5)
    change = sealed(lips, wide, np.ones(1, np.float32)) - wide
    made_for_it = pose(head, basis, mouthClose=1.0)
    cosine = (change @ made_for_it.T).item() / np.linalg.norm(change) / np.linalg.norm(made_for_it)
    assert cosine > 0.8


def test_contact_is_asked_for_where_the_target_touches():
    touching = torch.tensor([[[1.0, torch.nan], [0.0, torch.nan]]])
    right, wrong = torch.tensor([[[6.0, 6.0], [-6.0, 6.0]]]), torch.tensor([[[-6.0, 6.0], [6.0, 6.0]]])
    weight = torch.ones(1, 2)
    assert touch_loss(right, touching, weight) < 0.1
    assert touch_loss(wrong, touching, weight) > 3


def test_phones_are_asked_for_where_they_are_known():
    logit, weight = torch.zeros(1, 3, 4), torch.tensor([[1.0, 1.0, 0.0]])
    logit[0, 0, 2] = 20.0
    assert phone_loss(logit, torch.tensor([[2, -1, 1]]), weight) < 1e-3
    assert phone_loss(logit, torch.tensor([[1, -1, 1]]), weight) > 10
    assert phone_loss(logit, torch.full((1, 3), -1), weight) == 0


def test_capture_between_whose_frames_a_b_falls_is_closed_there(head, basis, lips, space):
    frames = pose(head, basis, jawOpen=0.4).repeat(10, 0)
    valid = np.ones(10, bool)
    valid[7] = False
    segments = (Segment("B", 0.11, 0.15),)
    take = Motion("t", "a", np.zeros(16000, np.float32), 0.02, 25.0, frames, valid, segments=segments)
    fine = in_contact(finer(take), space)
    times = fine.start + np.arange(len(fine.coefficients)) / FRAME_RATE
    gap = signed_gaps(lips, fine.coefficients).mean(1)
    assert fine.frame_rate == FRAME_RATE
    assert len(times) == len(fine.valid) == 19
    assert gap[np.abs(times - 0.13).argmin()] < 0.3 * MM
    assert gap[times > 0.25].min() > 5 * MM
    assert fine.touch[np.abs(times - 0.13).argmin(), 0] == pytest.approx(1, abs=0.01)
    assert fine.touch[times > 0.25, 0].max() < 0.01
    assert not fine.touch[:, 1].any()
    assert not fine.valid[np.abs(times - 0.30).argmin()]


def test_the_lower_lip_goes_to_the_teeth_from_any_mouth_and_a_smile_stays(head, basis, teeth, network):
    measure = LipToTeeth.of_head(head)
    open_, smile = {"jawOpen": 0.4, "mouthFunnel": 0.2}, {"mouthSmileLeft": 0.4, "mouthSmileRight": 0.4}
    for shapes in (open_, smile, open_ | smile):
        wide = pose(head, basis, **shapes)
        touch = torch.tensor([[[0.0, 1.0]]])
        there = network.seal(torch.tensor(wide)[None], touch)[0].numpy()
        vertices = head.vertices + np.tensordot(there, basis.as_array(), axes=1)
        assert measure.distance(vertices[:, measure.lip_vertices])[0] < 1.2 * MM
    smiling = teeth.applied(pose(head, basis, **smile), np.ones(1, np.float32))
    kept = smiling - teeth.pose
    np.testing.assert_allclose(kept, pose(head, basis, **smile), atol=2 * MM)


def test_f_in_captured_motion_touches_the_teeth_and_unknown_phones_say_nothing(head, basis, space):
    frames = pose(head, basis, jawOpen=0.4).repeat(20, 0)
    take = Motion("t", "a", np.zeros(16000, np.float32), 0.02, 50.0, frames, np.ones(20, bool))
    assert np.isnan(in_contact(take, space).touch[:, 1]).all()
    spoken = in_contact(replace(take, segments=(Segment("V", 0.1, 0.2),)), space)
    measure = LipToTeeth.of_head(head)
    vertices = head.vertices + np.tensordot(spoken.coefficients[6:7], basis.as_array(), axes=1)
    assert measure.distance(vertices[:, measure.lip_vertices])[0] < 1.2 * MM
    assert spoken.touch[6, 1] == pytest.approx(1)
    assert spoken.touch[18, 1] == 0


def test_motion_that_trembles_is_calmed_and_a_steady_one_stays():
    steady = torch.linspace(0, 1, 40)[None, :, None]
    trembling = steady + 0.1 * (-1.0) ** torch.arange(40)[None, :, None]
    inside = slice(CALM_REACH, -CALM_REACH)
    torch.testing.assert_close(calm(steady)[:, inside], steady[:, inside])
    assert (calm(trembling) - steady)[:, inside].abs().max() < 0.02
    torch.testing.assert_close(calm(torch.ones(1, 9, 2)), torch.ones(1, 9, 2))


def test_what_the_pose_follows_is_calm(network):
    restless = copy.deepcopy(network)
    restless.silent_code = None
    features = torch.randn(1, EXPORTED_FIELD + 40, network.mel_bands)
    with torch.no_grad():
        followed = restless.speech_code(features)[..., : lipwright.WIDTH]
        heard = restless.motion_code(features, restless.contact(features))
    torch.testing.assert_close(followed, calm(heard))
    shaken, still = (x.diff(n=2, dim=1).abs().mean() for x in (heard, followed))
    assert still < 0.5 * shaken


def test_rounding_narrows_the_mouth_around_its_vowel_and_spreading_widens_it(head, basis, space):
    times = np.arange(0, 1, 0.02)
    added = space.rounding.added((Segment("UW", 0.2, 0.3), Segment("IY", 0.6, 0.7)), times)
    lip = head.landmarks68[[48, 54]]
    corners = head.vertices[lip] + np.tensordot(added, basis.as_array()[:, lip], axes=1)
    width = np.linalg.norm(corners[:, 0] - corners[:, 1], axis=1) / MM
    assert width[0] == pytest.approx(width[-1])
    assert width[12] < 0.92 * width[0]
    assert width[8] < width[0] - 0.5
    assert width[17] < width[8] - 0.5  # later than evenly round it
    assert width[32] > width[0] + 1


def test_the_jaw_is_low_at_ah_less_at_a_short_one_and_high_at_s(head, basis, space):
    times = np.arange(0, 1.4, 0.02)
    spoken = (Segment("AA", 0.2, 0.35), Segment("AA", 0.7, 0.74), Segment("S", 1.1, 1.2))
    added = space.jaw.added(spoken, times) @ chin_row(head, basis.as_array()) / MM
    assert added[0] == pytest.approx(0)
    assert added[14] > 3
    assert 0.5 < added[36] < 0.5 * added[14]
    assert added[57] < -1.5


def test_s_keeps_its_jaw_up_beside_ah(head, basis, space):
    times = np.arange(0, 0.6, 0.02)
    spoken = (Segment("AA", 0.1, 0.25), Segment("S", 0.25, 0.4))
    added = space.jaw.added(spoken, times) @ chin_row(head, basis.as_array()) / MM
    assert added[8] > 3
    assert added[14] < -1.5


def test_a_moved_neutral_stands_for_the_manner_it_was_moved_to(network):
    features = torch.randn(1, 140, 40, generator=torch.Generator().manual_seed(1))
    manner = 0.5 * torch.randn(16, generator=torch.Generator().manual_seed(2))
    moved = copy.deepcopy(network)
    moved.move_neutral(manner)
    with torch.no_grad():
        code, actual = (net.speech(features) for net in (network, moved))
        nothing = torch.zeros(1, code.shape[1], 16)
        careful, actor = network.pose(code, nothing + manner), network.pose(code, nothing)
        torch.testing.assert_close(moved.pose(actual, nothing), careful)
        torch.testing.assert_close(moved.pose(actual, nothing - manner), actor, atol=1e-5, rtol=1e-5)
    assert float((careful - actor).abs().max()) > 1e-3


def test_the_face_rests_where_nobody_speaks_for_long_and_never_while_somebody_does(network):
    logits = torch.full((1, 200, 1), -6.0)
    for first, last in ((40, 52), (80, 140)):
        logits[:, first:last] = 6.0
    rest = network.rest(logits, 2 * torch.ones_like(logits))[0, :, 0]
    assert not rest[:80].any(), "a stop is no rest"
    assert not rest[140:].any()
    assert rest[100:120].min() > 0.999
    assert rest.diff().abs().max() < 0.15, "the face takes its time"
    assert not network.rest(logits, torch.full_like(logits, 0.1)).any(), (
        "in quiet moments motion knows better"
    )


def test_the_face_rests_where_a_recording_was_cut_to_nothing(network):
    loudness = torch.full((1, 200, 1), 2.0)
    loudness[:, 60:64] = loudness[:, 80:140] = 0
    rest = network.rest(torch.full_like(loudness, -3), loudness)[0, :, 0]
    assert not rest[:80].any(), "a stop is no rest"
    assert not rest[140:].any()
    assert rest[100:120].min() > 0.999


def test_a_contact_stays_made_on_the_way_to_rest_and_back(network):
    """However much surer it is on the one side than on the other."""
    cut = torch.full((1, 600, 40), -3.0)
    cut[:, 250:350] = -4.0
    resting = copy.deepcopy(network)
    with torch.no_grad():
        for layer, contact in ((resting.touch, -1.0), (resting.phones, 0.0)):
            layer.weight.zero_()
            layer.bias.fill_(contact)
        resting.silence.bias.fill_(-9)
        resting.rest_in_silence(cut[0, 300])
        resting.touch.bias.fill_(30)
        rest = resting.rest(torch.full((1, 200, 1), -9.0), resting.loudness(cut)[:, :200])
        teeth = resting.speech_code(cut)[0, 1:-1, -1]
    assert rest.max() > 0.3
    assert teeth.min() > 0.9


def test_rest_is_what_silence_does_to_the_face(network):
    features = 1 + torch.rand(1, 600, 40)
    silence = torch.randn(40) - 1
    resting = copy.deepcopy(network)
    resting.rest_in_silence(silence)
    with torch.no_grad():
        resting.silence.weight.zero_()
        resting.silence.bias.fill_(9)
        loud = resting.face(resting.speech_code(features), torch.zeros(1, 254, 16))
        silent = resting.face(resting.speech_code(silence.expand(1, 600, 40)), torch.zeros(1, 254, 16))
    torch.testing.assert_close(loud, silent, atol=1e-5, rtol=0)
