"""The faulty backward passes: each is one line away from the package's, and each can be told."""

from __future__ import annotations

import inspect
import itertools

import pytest

from lstmlab.cells import VARIANTS, backward, check_gradients, gradient_errors
from lstmlab.exercises.network import planted
from lstmlab.exercises.network.planted import FAULTS, OTHERS, PLANTED, Fault, faulty, pattern

ALL = FAULTS | OTHERS
ON_THE_PAGE = list(itertools.product(("V", "NP", "NIG", "NFG", "NOAF"), (1, 2)))
SUMS = {"y of the wrong step": {"R_z", "R_i", "R_f", "R_o"}}
HANDED_BACK = {
    "sign of p_i": "c0", "p_f left out": "c0", "f left out": "c0",
    "R_z transposed": "y0", "R_f transposed": "y0",
}  # fmt: skip
O_ARRAYS = {"W_o", "R_o", "p_o", "b_o"}


def source() -> str:
    module = inspect.getmodule(backward)
    assert module is not None
    return inspect.getsource(module)


@pytest.mark.parametrize("name", ALL)
def test_a_faulty_pass_differs_from_the_package_in_one_line(name: str) -> None:
    fault, right = ALL[name], source()
    changed = right.replace(fault.right, fault.wrong)
    before, after = right.splitlines(), changed.splitlines()
    assert len(before) == len(after)
    assert sum(a != b for a, b in zip(before, after, strict=True)) == 1


@pytest.mark.parametrize("name", ALL)
def test_a_careful_check_finds_every_faulty_pass(name: str) -> None:
    for seed in range(3):
        assert check_gradients("V", inputs=2, blocks=2, steps=3, batch=2, seed=seed,
                               backward=faulty(name)) > 1e-3  # fmt: skip


def test_the_ten_candidates_leave_ten_patterns_in_what_the_page_shows() -> None:
    seen = {name: tuple(pattern(name, *where) for where in ON_THE_PAGE) for name in FAULTS}
    assert len(FAULTS) == 10
    assert len(set(seen.values())) == 10


def test_in_v_alone_three_pairs_look_alike() -> None:
    seen = {name: tuple(pattern(name, "V", steps) for steps in (1, 2, 3, 4)) for name in FAULTS}
    alike = {frozenset(pair) for pair in itertools.combinations(FAULTS, 2)
             if seen[pair[0]] == seen[pair[1]]}  # fmt: skip
    assert alike == {
        frozenset({"sign of p_o", "slope of tanh c"}),
        frozenset({"sign of p_i", "p_f left out"}),
        frozenset({"R_z transposed", "R_f transposed"}),
    }


@pytest.mark.parametrize("name", [*FAULTS, "f left out"])
def test_the_place_of_an_error_shows_as_the_chapter_says(name: str) -> None:
    one, two, three = (pattern(name, "V", steps) for steps in (1, 2, 3))
    if name in SUMS:
        assert one == two == three == SUMS[name]
    elif name in HANDED_BACK:
        assert one == {HANDED_BACK[name]}
        assert not two & O_ARRAYS if HANDED_BACK[name] == "c0" else two >= O_ARRAYS
        assert three >= O_ARRAYS
    else:  # in a delta
        assert {"x", "y0", "c0"} - one <= {"c0"}
        assert any(array.startswith("b_") for array in one)


@pytest.mark.parametrize("name", FAULTS)
def test_a_pattern_does_not_hang_on_the_seed(name: str) -> None:
    for seed in (1, 2):
        errors = gradient_errors("V", inputs=2, blocks=3, steps=2, seed=seed, backward=faulty(name))
        assert {array for array, error in errors.items() if error > 1e-6} == pattern(name, "V", 2)


def test_the_letters_are_three_of_the_ten_and_the_worked_example_is_none() -> None:
    assert list(PLANTED) == ["A", "B", "C"]
    assert set(PLANTED.values()) < set(FAULTS)
    for letter, name in [*PLANTED.items(), ("D", "f left out")]:
        assert pattern(letter, "V", 2) == pattern(name, "V", 2)


@pytest.mark.parametrize("variant", VARIANTS)
def test_faulty_passes_run_in_every_variant(variant: str) -> None:
    for name in "ABCD":
        assert check_gradients(variant, inputs=2, blocks=2, steps=2, backward=faulty(name)) >= 0


def test_an_unknown_name_and_a_line_that_is_not_there_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(ValueError, match="name must be one of A, B, C, D"):
        faulty("E")
    monkeypatch.setitem(planted.FAULTS, "gone", Fault("no such line", "pass"))
    with pytest.raises(ValueError, match="right must be part of exactly one line"):
        faulty("gone")
