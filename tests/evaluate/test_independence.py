"""Who measures must not be who hid."""

from __future__ import annotations

import pytest

from passerby.core.errors import OptionError, WeightsError
from passerby.evaluate import independence
from passerby.weights import TABLE

CENTERFACE = TABLE["centerface"].sha256


@pytest.mark.parametrize("measuring", ["centerface", CENTERFACE, f"my_copy.onnx sha256 {CENTERFACE}"])
@pytest.mark.parametrize("hid", ["centerface", f"faces.onnx sha256 {CENTERFACE}"])
def test_the_same_file_is_refused_under_any_name(measuring, hid):
    with pytest.raises(OptionError, match="measure with another model"):
        independence.check(["yunet_n_640", measuring], [hid])


def test_other_models_may_measure():
    independence.check(["yunet_n_640", "f" * 64], ["centerface", "mobilefacenet"])


def test_what_is_no_model_is_refused():
    with pytest.raises(WeightsError, match="no model called"):
        independence.check(["yunet_n_640"], ["ours"])
