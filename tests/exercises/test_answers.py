"""The helpers of checks read what is meant, and say kindly what is not of the form."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from fractions import Fraction
from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray

from lstmlab.exercises.answers import (
    array,
    call,
    choice,
    close,
    function,
    mapping,
    members,
    number,
    several,
    truth,
    weights,
    whole,
)
from lstmlab.exercises.feedback import UNWRITTEN, Wrong

from .garbage import GARBAGE, hostile

Reader = Callable[[object], object]


class Tensor:
    """Like a tensor or a column of a table: an array by ``__array__`` alone."""

    def __init__(self, values: NDArray[np.float64], error: Exception | None = None) -> None:
        self.values, self.error = values, error

    def __array__(self, dtype: object = None, copy: object = None) -> NDArray[np.float64]:
        if self.error:
            raise self.error
        return self.values


def refused(read: Callable[[], object]) -> Wrong:
    """The `Wrong` that reading an answer raises."""
    with pytest.raises(Wrong) as caught:
        read()
    return caught.value


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        (2, 2.0),
        (0.5, 0.5),
        (np.float32(0.5), 0.5),
        (np.int64(3), 3.0),
        (np.array(0.25), 0.25),
        (Tensor(np.array(0.25)), 0.25),
        (Fraction(1, 4), 0.25),
        (Decimal("0.25"), 0.25),
        (lambda: 7, 7.0),
        (lambda: np.array(7), 7.0),
    ],
)
def test_a_number_is_read_in_every_form_it_comes_in(answer: object, value: float) -> None:
    got = number(answer)
    assert type(got) is float
    assert got == value


@pytest.mark.parametrize(
    ("answer", "mistake", "part"),
    [
        (None, "form", "is None, and a single number is wanted"),
        (True, "form", "is True"),
        ("0.5", "form", "the text '0.5'"),
        (1j, "form", "1j"),
        (np.zeros(1), "form", "an array of shape (1,)"),
        ([0.5], "form", "a list of 1 entry"),
        (float("nan"), "not-finite", "is nan"),
        (10**400, "not-finite", "is inf"),
        (..., UNWRITTEN, "..."),
        (lambda x: 1, "signature", "cannot be called as"),
        (lambda: None, "form", "is None"),
        (lambda: len, "form", "is a function"),
    ],
)
def test_what_is_not_a_number_is_named(answer: object, mistake: str, part: str) -> None:
    wrong = refused(lambda: number(answer))
    assert wrong.mistake == mistake
    assert part in wrong.says
    assert wrong.hint


def test_infinity_is_a_number_where_a_check_allows_it() -> None:
    assert number(np.inf, finite=False) == np.inf


@pytest.mark.parametrize("answer", [3, 3.0, np.float64(3), np.array(3)])
def test_a_whole_number_may_be_written_as_a_float(answer: object) -> None:
    got = whole(answer)
    assert type(got) is int
    assert got == 3


def test_half_of_a_thing_is_not_whole() -> None:
    wrong = refused(lambda: whole(2.5))
    assert (wrong.mistake, "is 2.5" in wrong.says) == ("not-whole", True)


def test_true_and_false_are_neither_numbers_nor_texts() -> None:
    assert truth(np.True_) is True
    assert truth(lambda: False) is False
    for answer in (0, "True", None, np.array(True)):
        assert refused(lambda answer=answer: truth(answer)).mistake == "form"


def test_an_option_is_found_whatever_its_capitals() -> None:
    options = ("V", "CIFG", "c", "16")
    assert choice(" cifg ", options) == "CIFG"
    assert choice(np.str_("C"), options) == "c"
    assert choice(16, options) == "16"
    assert choice(lambda: "V", options) == "V"


def test_two_options_that_differ_in_capitals_alone_stay_two() -> None:
    assert [choice(letter, ("y", "Y")) for letter in "yY"] == ["y", "Y"]


@pytest.mark.parametrize(
    ("answer", "mistake"),
    [("NIG", "not-an-option"), (None, "form"), (True, "form"), (["V"], "form")],
)
def test_what_is_no_option_is_told_the_options(answer: object, mistake: str) -> None:
    wrong = refused(lambda: choice(answer, ("V", "NP")))
    assert wrong.mistake == mistake
    assert 'one of "V" and "NP"' in wrong.says


@pytest.mark.parametrize("answer", [{"z", "C"}, ["z", "c", "c"], ("c", "z"), np.array(["c", "z"])])
def test_members_may_come_in_a_set_a_list_or_an_array(answer: object) -> None:
    assert members(answer, ("z", "i", "c")) == {"z", "c"}


def test_no_member_is_a_set_too_but_a_text_is_not() -> None:
    assert members(set(), ("z", "c")) == frozenset()
    assert refused(lambda: members("zc", ("z", "c"))).mistake == "form"
    wrong = refused(lambda: members({"q"}, ("z", "c")))
    assert wrong.mistake == "not-an-option"
    assert wrong.says.startswith("A member of your answer is the text 'q'")


@pytest.mark.parametrize(
    "answer",
    [
        [[1, 2], [3, 4]],
        ((1.0, 2), np.array([3, 4])),
        [range(1, 3), [3, 4]],
        np.array([[1, 2], [3, 4]], dtype=np.float32),
        np.array([[1, 2], [3, 4]]).T.copy().T,
        Tensor(np.array([[1.0, 2], [3, 4]])),
        lambda: [[1, 2], [3, 4]],
    ],
)
def test_an_array_is_read_in_every_form_it_comes_in(answer: object) -> None:
    got = array(answer, (None, 2))
    assert type(got) is np.ndarray
    assert got.dtype == np.float64
    assert np.array_equal(got, [[1, 2], [3, 4]])


def test_the_array_that_a_check_gets_is_its_own() -> None:
    answer = np.zeros(3)
    array(answer)[:] = 1
    assert not answer.any()


@pytest.mark.parametrize(
    ("answer", "mistake", "part"),
    [
        (np.zeros((2, 3)), "shape", "has shape (2, 3), and shape (any, 2) is wanted"),
        (3, "shape", "has shape (), and shape (any, 2)"),
        ([[1, np.nan]], "not-finite", "holds nan at [0, 1]"),
        ([[1], [2, 3]], "form", "a list of 2 entries"),
        (np.array(["a", "b"]), "form", "an array of numbers is wanted"),
        (np.ones(2) * 1j, "form", "an array of numbers is wanted"),
        ({"a": 1}, "form", "a dict of 1 entry"),
        (Tensor(np.zeros(2), RuntimeError("it needs a gradient")), "form",
         "cannot be read: RuntimeError: it needs a gradient"),
    ],
)  # fmt: skip
def test_what_is_not_such_an_array_is_named(answer: object, mistake: str, part: str) -> None:
    wrong = refused(lambda: array(answer, (None, 2)))
    assert wrong.mistake == mistake
    assert part in wrong.says


def test_a_dict_has_the_names_that_are_asked_for() -> None:
    got = mapping(lambda: OrderedDict(b=[1, 2], a=1), ["a", "b"])
    assert list(got) == ["a", "b"]
    assert number(got["a"]) == 1
    assert array(got["b"], (2,)).tolist() == [1, 2]
    wrong = refused(lambda: number(got["b"]))
    assert wrong.says.startswith('The entry "b" of `your function()` is a list')


@pytest.mark.parametrize(
    ("answer", "mistake", "part"),
    [
        ({"a": 1}, "keys", 'has no entry "b"'),
        ({"a": 1, "b": 2, "c": 3}, "keys", 'it has "c", which is not asked for'),
        ({"a": 1, "b": 2, 3: 4}, "keys", "not named by a text"),
        ([("a", 1)], "form", "a dict is wanted"),
    ],
)
def test_a_dict_with_other_names_is_told_which(answer: object, mistake: str, part: str) -> None:
    wrong = refused(lambda: mapping(answer, ["a", "b"]))
    assert wrong.mistake == mistake
    assert part in wrong.says


def test_weights_are_arrays_of_the_shapes_asked_for() -> None:
    shapes = {"W": (2, 1), "b": (2,)}
    got = weights({"b": [0, 0], "W": np.ones((2, 1))}, shapes)
    assert {name: value.shape for name, value in got.items()} == shapes
    wrong = refused(lambda: weights({"b": [0, 0], "W": [1, 1]}, shapes))
    assert wrong.says.startswith('The entry "W" of your answer has shape (2,)')


def test_several_values_come_apart() -> None:
    z, c = several((1, [2, 3]), "z", "c")
    assert number(z) == 1
    assert array(c).tolist() == [2, 3]
    first, _ = several(np.arange(6).reshape(2, 3), "z", "c")
    assert array(first).tolist() == [0, 1, 2]
    for answer, mistake in (((1, 2, 3), "length"), (3, "form"), ({1, 2}, "form"), (None, "form"),
                            (np.broadcast_to(0.0, (10**7, 10**7)), "length")):  # fmt: skip
        wrong = refused(lambda answer=answer: several(answer, "z", "c"))
        assert wrong.mistake == mistake
        assert "2 values, z, c" in wrong.says


@pytest.mark.parametrize("read", [number, whole, truth, partial(choice, options=("a", "b")),
                                  partial(members, allowed=("a", "b")), array,
                                  partial(mapping, keys=("a", "b")),
                                  partial(weights, shapes={"a": (1,), "b": (2,)}),
                                  lambda answer: several(answer, "a", "b")])  # fmt: skip
@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_is_refused_or_read_and_raises_nothing_else(read: Reader, name: str) -> None:
    with suppress(Wrong):
        read(GARBAGE[name]())


def half(x: object) -> object:
    raise NotImplementedError("left to you")


def test_what_a_function_is_given_is_a_copy() -> None:
    def spoils(x: NDArray[np.float64], w: dict[str, NDArray[np.float64]]) -> float:
        x[:], w["b"][:] = 1, 1
        w.clear()
        return 0.0

    x, w = np.zeros(2), {"b": np.zeros(2)}
    call(function(spoils, "x", "w"), x, w)
    assert not x.any()
    assert not w["b"].any()


@pytest.mark.parametrize(
    ("answer", "mistake"),
    [
        (3, "form"),
        (int, "form"),
        ("half", "form"),
        (lambda: 1, "signature"),
        (lambda x, y: 1, "signature"),
        (lambda *, x: 1, "signature"),
    ],
)
def test_what_is_no_function_of_one_argument_is_named(answer: object, mistake: str) -> None:
    assert refused(lambda: function(answer, "x")).mistake == mistake


@pytest.mark.parametrize(
    "answer",
    [np.tanh, len, partial(max, 3), lambda x, y=1: x, lambda *rest: 1, hostile("__call__")],
)
def test_everything_that_can_be_called_so_is_a_function(answer: object) -> None:
    assert callable(function(answer, "x").value)


def test_a_stub_is_not_written_yet_and_not_an_error() -> None:
    wrong = refused(lambda: call(function(half, "x"), 1))
    assert wrong.mistake == UNWRITTEN
    assert wrong.says == "`half` raises NotImplementedError."


def test_an_error_is_named_with_its_line_and_the_shapes_it_had() -> None:
    def product(w: dict[str, NDArray[np.float64]], x: NDArray[np.float64], n: int) -> object:
        return w["W_z"] @ x

    wrong = refused(
        lambda: call(function(product, "w", "x", "n"), {"W_z": np.ones((2, 3))}, np.ones(4), 2)
    )
    assert wrong.mistake == "raises"
    assert wrong.says.startswith("`product(w, x, 2)` raises ValueError: matmul")
    assert 'at `return w["W_z"] @ x`' in wrong.says
    assert wrong.says.endswith("There w is a dict of 1 entry, x is an array of shape (4,).")


@pytest.mark.parametrize(
    ("error", "hint"),
    [(RecursionError("deep"), "without an end"), (SystemExit(2), "end the whole notebook"),
     (NameError("name 'q'"), "defines this name"), (KeyError("W"), "Which names")],
)  # fmt: skip
def test_the_hint_fits_the_error(error: BaseException, hint: str) -> None:
    def fails() -> None:
        raise error

    assert hint in refused(lambda: number(fails)).hint


def test_a_warning_is_no_noise_and_is_told_where_it_matters(
    capfd: pytest.CaptureFixture[str],
) -> None:
    def overflows(x: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.exp(x)

    f = function(overflows, "x")
    assert number(call(f, np.array(1.0))) > 2
    wrong = refused(lambda: array(call(f, np.array([1.0, 1e9]))))
    assert "holds inf at [1] (NumPy warned: overflow encountered in exp)" in wrong.says
    assert capfd.readouterr() == ("", "")


def test_what_a_reader_prints_stays(capsys: pytest.CaptureFixture[str]) -> None:
    def talks() -> int:
        print("hello")
        return 1

    assert number(talks) == 1
    assert capsys.readouterr().out == "hello\n"


def test_an_interrupted_function_interrupts() -> None:
    def waits() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        number(waits)


def test_an_iterator_is_left_as_it_was() -> None:
    endless = itertools.count()
    assert refused(lambda: array(endless)).mistake == "form"
    assert next(endless) == 0


@pytest.mark.parametrize(
    ("got", "want", "tol", "verdict"),
    [
        (1.0000001, 1.0, 1e-6, True),
        (1.00001, 1.0, 1e-6, False),
        (1e-9, 0.0, 1e-6, True),
        (1e-9, 2e-9, 1e-6, False),  # small is not close: the scale is that of what is wanted
        (0.509, 0.5, 0.02, True),
        (np.array([1, 1e-7]), np.array([1.0, 0]), 1e-6, True),
        (np.zeros(2), np.zeros(3), 1.0, False),
        (np.zeros((1, 2)), np.zeros(2), 1.0, False),
        (np.zeros(0), np.zeros(0), 1e-6, True),
        (np.nan, 1.0, 1.0, False),
    ],
)
def test_close_is_relative_to_the_largest_that_is_wanted(
    got: float, want: float, tol: float, verdict: bool
) -> None:
    assert close(got, want, tol) is verdict
