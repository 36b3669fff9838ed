import pytest
import torch

from training.corpus.phones import PHONES, SILENCE
from training.networks.phone_contacts import contact_odds

LIPS, TEETH = 0, 1


def contact(touch, **heard):
    """Belief [2] in contact: `touch` by contact alone, phones by their probabilities."""
    phones = torch.full((1, 1, len(PHONES)), -20.0)
    for phone, probability in heard.items():
        phones[..., PHONES.index(phone)] = torch.log(torch.tensor(probability))
    alone = torch.logit(torch.tensor(touch)).expand(1, 1, 2)
    return torch.sigmoid(contact_odds(alone, phones))[0, 0].numpy()


@pytest.mark.parametrize("phone", ["B", "M", "P"])
def test_lips_touch_in_a_phone_of_the_lips_that_contact_alone_was_unsure_of(phone):
    lips, teeth = contact(0.2, **{phone: 0.95})
    assert lips > 0.6
    assert teeth < 0.25


@pytest.mark.parametrize("phone", ["F", "V"])
def test_lip_and_teeth_touch_in_f_and_v(phone):
    assert contact(0.2, **{phone: 0.95})[TEETH] > 0.6


def test_a_vowel_makes_contact_doubtful():
    assert contact(0.5, AA=1.0).max() < 0.05


@pytest.mark.parametrize("phone", [SILENCE, "N", "S"])
@pytest.mark.parametrize("touch", [0.02, 0.5, 0.98])
def test_in_a_pause_and_in_other_consonants_contact_alone_tells(phone, touch):
    assert contact(touch, **{phone: 1.0})[LIPS] == pytest.approx(touch, abs=0.01)
