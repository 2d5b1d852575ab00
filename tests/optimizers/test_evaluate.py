"""The reference says what a rule means, and its draws are those of SplitMix64."""

import numpy as np
import pytest

from lstmlab.optimizers import FOUND, TOKENS, ZOO, Grammar, Rule, draws
from lstmlab.optimizers.evaluate import Step, evaluate, remembered

from . import meaning

RNG = np.random.default_rng(0)
G, W = RNG.normal(size=1000), RNG.normal(size=1000)
AVERAGES = {"m": 0.1 * G, "v": 0.3 * G**2, "gamma": 0.2 * G**3}


def value(text: str, step: Step, extensions: tuple[str, ...] = ()) -> np.ndarray:
    rule = Rule.parse(text, extensions)
    return evaluate(rule.graph, w=W, g=G, averages=AVERAGES, step=step)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("g^3 - g^2", G**3 - G**2),
        ("m", 0.1 * G / (1 - 0.9**3)),
        ("v", 0.3 * G**2 / (1 - 0.99**3)),
        ("gamma", 0.2 * G**3 / (1 - 0.98**3)),
        ("sign(m) * 1", np.sign(G)),
        (
            "adam",
            0.1 * G / (1 - 0.9**3) / (np.sqrt(0.3 * G**2 / (1 - 0.99**3)) + 1e-3),
        ),
        ("rmsprop", G / (np.sqrt(0.3 * G**2 / (1 - 0.99**3)) + 1e-3)),
        ("1e-2*w", 0.01 * W),
        ("exp(-g)", np.exp(-G)),
        ("log(g)", np.log(np.abs(G))),
        ("clip(g, 1e-3)", np.minimum(np.maximum(G, -1e-3), 1e-3)),
        ("g / 1e-1*w", G / (0.1 * W + 1e-3)),
        ("sqrt(g)", np.sqrt(np.abs(G))),
        ("0.25 * g", 0.25 * G),
        ("linear * g", (1 - 2 / 8) * G),
        ("cosine * g", (1 + np.cos(np.pi * 2 / 8)) / 2 * G),
    ],
)
def test_a_formula_has_the_value_of_its_mathematics(text: str, wanted: np.ndarray) -> None:
    step = Step(3, (0.9, 0.99, 0.98), 1e-3, 8)
    found = value(text, step, ("sqrt", "const", "decay"))
    np.testing.assert_allclose(found, wanted, rtol=1e-13, atol=0)


def test_random_rules_have_the_value_that_an_independent_evaluation_gives() -> None:
    step = Step(1, (0.0, 0.0, 0.0))  # averages are then the powers themselves
    rng = np.random.default_rng(1)
    averages = {"m": G, "v": G**2, "gamma": G**3}
    values = {
        "g": G, "g^2": G * G, "g^3": G * G * G, **averages, "sign(g)": np.sign(G),
        "sign(m)": np.sign(G), "1": np.ones_like(G), "adam": G / (np.abs(G) + 1e-8),
        "rmsprop": G / (np.abs(G) + 1e-8),
        **{op: float(op[:-2]) * W for op in TOKENS if op.endswith("*w")},
    }  # fmt: skip
    compared = 0
    for _ in range(300):
        rule = Grammar(groups=2).sample(rng)
        drawn, made = 0, {}
        for place, node in enumerate(rule.graph):
            if node.random:
                word = draws.words(draws.stream(step.key, 1, drawn), np.arange(G.size))
                drawn += 1
                uniform = ((word >> np.uint64(40)) + 0.5) / 2**24
                made[place] = draws.gaussian(word) / 0.01 if node.op == "noise" else uniform
        with np.errstate(all="ignore"):
            wanted = meaning.evaluate(rule.graph, values, made)
        found = evaluate(rule.graph, w=W, g=G, averages=averages, step=step)
        usual = np.abs(wanted) < 1e6
        np.testing.assert_allclose(found[usual], wanted[usual], rtol=1e-6, atol=1e-9)
        compared += int(usual.sum())
    assert compared > 100 * G.size


def test_infinities_and_nan_are_those_of_the_mathematics() -> None:
    g = np.array([0.0, 1e3, np.nan])
    found = {
        text: evaluate(Rule.parse(text).graph, w=g, g=g, averages={}, step=Step(1))
        for text in ("log(g)", "exp(g)", "sign(g)", "clip(g, 1e-4)")
    }
    assert found["log(g)"][0] == -np.inf
    assert found["exp(g)"][1] == np.inf
    assert all(np.isnan(values[2]) for values in found.values())


@pytest.mark.parametrize("name", ["m", "v", "gamma"])
def test_an_average_of_a_constant_gradient_is_its_power_once_the_bias_is_corrected(
    name: str,
) -> None:
    g, average, step = np.array([0.5, -2.0]), np.zeros(2), Step(7)
    for _ in range(7):
        average = remembered(name, average, g, step.betas[("m", "v", "gamma").index(name)])
    power = g ** {"m": 1, "v": 2, "gamma": 3}[name]
    np.testing.assert_allclose(average * step.correction(name), power, rtol=1e-12)


def test_a_rule_with_a_decay_must_be_told_how_long_it_runs() -> None:
    with pytest.raises(ValueError, match="steps must be the number of steps"):
        value("linear * g", Step(1), ("decay",))


def test_the_words_are_those_of_splitmix64() -> None:
    # Steele, Lea and Flood's generator from seed 1234567, as printed in many places.
    wanted = [
        6457827717110365317, 3203168211198807973, 9817491932198370423,
        4593380528125082431, 16408922859458223821,
    ]  # fmt: skip
    assert draws.words(1234567, np.arange(5)).tolist() == wanted
    assert draws.mixed(1234567 + draws.GAMMA) == wanted[0]


def test_drop_zeroes_its_share_and_does_not_rescale() -> None:
    found = value("drop(g, 0.3)", Step(1, key=5))
    gone = found == 0
    assert 0.25 < gone.mean() < 0.35
    np.testing.assert_array_equal(found[~gone], G[~gone])


def test_noise_is_gaussian_with_deviation_one_hundredth() -> None:
    found = draws.gaussian(draws.words(draws.stream(3, 1, 0), np.arange(400_000))) / 0.01
    assert abs(found.mean()) < 0.01
    moments = [(found**power).mean() for power in (2, 3, 4)]
    np.testing.assert_allclose(moments, [1, 0, 3], atol=0.06)
    assert abs(np.corrcoef(found[:-1], found[1:])[0, 1]) < 0.01


@pytest.mark.parametrize("other", [{"t": 2}, {"key": 6}])
def test_draws_differ_between_steps_and_keys_and_not_otherwise(other: dict[str, int]) -> None:
    step = Step(1, key=5)
    first, again = value("noise", step), value("noise", step)
    np.testing.assert_array_equal(first, again)
    assert abs(np.corrcoef(first, value("noise", step._replace(**other)))[0, 1]) < 0.15


def test_a_value_used_twice_has_one_mask_and_two_drops_have_two() -> None:
    step = Step(1, key=5)
    np.testing.assert_array_equal(value("r1 = drop(g, 0.5); r1 - r1", step), 0 * G)
    apart = value("drop(g, 0.5) - drop(g, 0.5)", step)
    assert 0.4 < (apart != 0).mean() < 0.6


def test_the_index_says_which_numbers_a_piece_draws() -> None:
    rule, step = Rule.parse("drop(g, 0.5) + noise"), Step(4, key=9)
    whole = evaluate(rule.graph, w=W, g=G, averages={}, step=step)
    piece = evaluate(
        rule.graph, w=W[300:], g=G[300:], averages={}, step=step, index=np.arange(300, 1000)
    )
    np.testing.assert_array_equal(piece, whole[300:])


def test_torch_gives_what_numpy_gives_draws_included() -> None:
    torch = pytest.importorskip("torch")
    step = Step(3, key=2**63 + 11, steps=10)
    for named in ZOO.values():
        graph = named.rule.graph
        wanted = evaluate(graph, w=W, g=G, averages=AVERAGES, step=step)
        tensors = {name: torch.tensor(average) for name, average in AVERAGES.items()}
        found = evaluate(graph, w=torch.tensor(W), g=torch.tensor(G), averages=tensors, step=step)
        np.testing.assert_allclose(found.numpy(), wanted, rtol=1e-12, atol=1e-15)
    assert len(FOUND) == 16
