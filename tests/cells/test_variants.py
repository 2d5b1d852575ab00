from dataclasses import FrozenInstanceError, asdict

import pytest

from lstmlab.cells import (
    SRN,
    VARIANTS,
    SimpleRecurrent,
    Variant,
    as_cell,
    as_variant,
    count_params,
    param_shapes,
)


def test_names_and_order_are_the_papers():
    assert list(VARIANTS) == ["V", "NIG", "NFG", "NOG", "NIAF", "NOAF", "CIFG", "NP", "FGR"]


@pytest.mark.parametrize("name", [v for v in VARIANTS if v != "V"])
def test_each_variant_is_one_switch_away_from_vanilla(name):
    vanilla, other = asdict(VARIANTS["V"]), asdict(VARIANTS[name])
    assert sum(vanilla[switch] != other[switch] for switch in vanilla) == 1


@pytest.mark.parametrize(
    ("name", "missing"),
    [("NIG", "i"), ("NFG", "f"), ("NOG", "o"), ("CIFG", "f")],
)
def test_a_gate_that_is_off_has_no_weights(name, missing):
    assert not [key for key in param_shapes(name, 3, 4) if key.endswith(f"_{missing}")]


def test_np_has_no_peepholes_and_fgr_nine_more_matrices():
    assert not [key for key in param_shapes("NP", 3, 4) if key.startswith("p_")]
    extra = param_shapes("FGR", 3, 4).keys() - param_shapes("V", 3, 4).keys()
    assert extra == {f"R_{a}{b}" for a in "ifo" for b in "ifo"}


def test_counts_are_those_of_the_formula():
    M, N = 88, 100
    gate = N * M + N * N + N
    assert count_params("V", M, N) == 4 * gate + 3 * N
    assert count_params("NP", M, N) == 4 * gate
    assert count_params("CIFG", M, N) == 3 * gate + 2 * N
    assert count_params("NIAF", M, N) == count_params("NOAF", M, N) == count_params("V", M, N)
    assert count_params("FGR", M, N) == count_params("V", M, N) + 9 * N * N


def test_counts_do_not_overflow():
    assert count_params("FGR", 1, 4 * 10**9) > 9 * (4 * 10**9) ** 2


def test_a_variant_cannot_be_changed_and_can_be_a_key():
    with pytest.raises(FrozenInstanceError):
        VARIANTS["V"].peepholes = False
    assert {Variant(): 1}[VARIANTS["V"]] == 1


def test_unknown_names_list_the_known_ones():
    with pytest.raises(ValueError, match=r"one of V, NIG, .* got 'GRU'"):
        as_variant("GRU")
    with pytest.raises(TypeError, match="got 3"):
        as_variant(3)


def test_the_srn_is_a_cell_but_no_variant():
    assert as_cell("SRN") is as_cell(SimpleRecurrent()) is SRN
    assert as_cell("CIFG") is as_cell(VARIANTS["CIFG"]) is VARIANTS["CIFG"]
    assert param_shapes("SRN", 3, 4) == {"W_z": (4, 3), "R_z": (4, 4), "b_z": (4,)}
    with pytest.raises(ValueError, match="one of V, .*, FGR, got 'SRN'"):
        as_variant("SRN")
    with pytest.raises(TypeError, match="variant must be a Variant"):
        as_variant(SRN)
    with pytest.raises(ValueError, match="one of V, .*, FGR or SRN, got 'GRU'"):
        as_cell("GRU")
    with pytest.raises(TypeError, match="got 3"):
        as_cell(3)


@pytest.mark.parametrize(
    ("switches", "message"),
    [
        ({"coupled": True, "input_gate": False}, "needs input_gate=True"),
        ({"coupled": True, "forget_gate": False}, "forget_gate=False"),
        (
            {
                "full_gate_recurrence": True,
                "input_gate": False,
                "forget_gate": False,
                "output_gate": False,
            },
            "at least one gate",
        ),
    ],
)
def test_contradictory_switches_are_refused_with_the_reason(switches, message):
    with pytest.raises(ValueError, match=message):
        Variant(**switches)


def test_a_switch_must_be_a_bool():
    with pytest.raises(TypeError, match="peepholes must be True or False, got 1"):
        Variant(peepholes=1)
