"""Promise: nobody can search for a stranger. Tries to get a face past the one door for probes."""

import numpy as np
import pytest

from search import matching, probes
from search.models import Enrolment, LivenessCheck
from search.states import EnrolmentState, LivenessState


@pytest.mark.parametrize("state", [state for state in EnrolmentState if state != EnrolmentState.ACTIVE])
def test_only_an_active_enrolment_is_a_probe(enrolled_alice: Enrolment, state: EnrolmentState) -> None:
    Enrolment.objects.filter(pk=enrolled_alice.pk).update(state=state)
    # The object in memory still says active; the door reads again.
    assert enrolled_alice.state == EnrolmentState.ACTIVE
    with pytest.raises(probes.NotAProbe):
        matching.backward(enrolled_alice)
    assert probes.all_probes() == []


def test_without_a_passed_liveness_check_it_is_no_probe(enrolled_alice: Enrolment) -> None:
    LivenessCheck.objects.update(state=LivenessState.FAILED)
    with pytest.raises(probes.NotAProbe, match="liveness"):
        probes.probe_of(enrolled_alice)


def test_a_closed_account_is_no_probe(enrolled_alice: Enrolment) -> None:
    user = enrolled_alice.subject.user
    user.is_active = False
    user.save()
    assert probes.all_probes() == []


def test_templates_of_another_model_are_no_probe(enrolled_alice: Enrolment) -> None:
    enrolled_alice.templates.update(model_id="some-other-model")
    with pytest.raises(probes.NotAProbe, match="template"):
        probes.probe_of(enrolled_alice)


def test_a_probe_is_a_unit_vector(enrolled_alice: Enrolment) -> None:
    probe = probes.probe_of(enrolled_alice)
    assert np.linalg.norm(probe.vector) == pytest.approx(1.0, abs=1e-5)
    assert probe.subject_id == enrolled_alice.subject_id
