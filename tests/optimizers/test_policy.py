"""The policy is a probability over the strings of a grammar, and over no others."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import Tensor

from lstmlab.optimizers import Grammar, Policy

SMALL = Grammar(2, operands=("g", "m"), unary=("x", "exp"), binary=("*", "+"))
GRAMMARS = {
    "1 group": Grammar(1),
    "2 groups": Grammar(2),
    "4 groups": Grammar(4),
    "2 operands": SMALL,
    "no constraint": Grammar(2).free(),
    "operands may be the same": Grammar(2, distinct_operands=False),
    "nothing is used again": Grammar(2, reuse=False),
    "an addition at the end": Grammar(2, final_addition=True),
    "extensions": Grammar(2, ("m", "2", "linear"), ("sqrt", "x", "drop0.3"), ("+", "/", "left")),
    "one choice": Grammar(4, ("g", "m"), ("x",), ("left",)),
}


def made(
    grammar: Grammar,
    units: int = 8,
    spread: float = 1.0,
    seed: int = 0,
    dtype: torch.dtype = torch.float64,
) -> Policy:
    generator = torch.Generator().manual_seed(seed)
    return Policy(grammar, units=units, spread=spread, generator=generator, dtype=dtype)


def drawn(policy: Policy, n: int, seed: int = 0) -> Tensor:
    return policy.sample(n, torch.Generator().manual_seed(seed))


def listed(policy: Policy) -> Tensor:
    """All strings of a small grammar."""
    return policy.actions(list(policy.grammar.strings()))


def illegal(grammar: Grammar, actions: Tensor) -> Tensor:
    """Which strings break a constraint, read off the numbers and not from `Grammar`."""
    wrong = torch.zeros(len(actions), dtype=torch.bool)
    own = len(grammar.operands)
    for k in range(grammar.groups):
        op1, op2, u1, u2, b = actions[:, 5 * k : 5 * k + 5].T
        for op in (op1, op2):
            wrong |= (op < 0) | (op >= own + k)
        wrong |= (u1 >= len(grammar.unary)) | (u2 >= len(grammar.unary))
        wrong |= b >= len(grammar.binary)
        if grammar.distinct_operands:
            wrong |= op1 == op2
        if grammar.reuse and k:
            wrong |= (op1 < own) & (op2 < own)
    if not grammar.final_addition and "+" in grammar.binary:
        wrong |= b == grammar.binary.index("+")
    return wrong


def learned(policy: Policy) -> None:
    """Steps towards strings of which most would be illegal, as large as can be."""
    for step in range(25):
        actions = drawn(policy, 20, step)
        wanted = (actions[:, ::5] == actions[:, 1::5].roll(1, 0)).double().mean(1)
        worth = (policy.log_prob(actions) * (wanted - wanted.mean())).mean()
        slopes = torch.autograd.grad(worth, list(policy.parameters()))
        with torch.no_grad():
            for weight, slope in zip(policy.parameters(), slopes, strict=True):
                weight += 0.5 * slope.sign()


@torch.no_grad()
def times_50(policy: Policy) -> None:
    for weight in policy.parameters():
        weight *= 50


@torch.no_grad()
def spite(policy: Policy) -> None:
    """Whatever a constraint can forbid is by far the likeliest, were it not forbidden."""
    for t, row in enumerate(policy.rows):
        slot = policy.grammar.slot(t)
        if t % 5 < 2:
            policy.b_y[row[: len(policy.grammar.operands)]] += 900.0
            policy.b_y[row[0]] += 900.0
        if "+" in slot:
            policy.b_y[row[slot.index("+")]] += 900.0


@pytest.mark.parametrize("name", GRAMMARS)
@pytest.mark.parametrize("then", [None, times_50, spite, learned])
def test_illegal_rules_are_never_sampled(name: str, then) -> None:
    """Of each kind of weights 100,000 strings, 10,000 a grammar."""
    grammar = GRAMMARS[name]
    policy = made(grammar, units=8, dtype=torch.float32)
    if then is not None:
        then(policy)
    actions = drawn(policy, 10_000)
    assert actions.shape == (10_000, 5 * grammar.groups)
    assert not illegal(grammar, actions).any()
    strings = policy.tokens(actions[::500])
    assert all(tokens in grammar for tokens in strings)
    assert policy.tokens(policy.greedy()[None])[0] in grammar
    assert policy.log_prob(actions[::10]).isfinite().all()


@pytest.mark.parametrize("u", [0.0, 1 - 2**-53, 1.0])
def test_a_number_that_rounds_to_an_end_writes_a_legal_string(
    u: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    policies = {name: made(grammar, dtype=torch.float32) for name, grammar in GRAMMARS.items()}
    monkeypatch.setattr(torch, "rand", lambda shape, **_: torch.full(shape, u).double())
    for name, policy in policies.items():
        assert not illegal(GRAMMARS[name], policy.sample(3)).any()


def test_the_check_of_legality_can_fail() -> None:
    free = GRAMMARS["no constraint"]
    actions = drawn(made(free), 500)
    assert 0.1 < illegal(Grammar(2), actions).double().mean() < 1
    by_grammar = [tokens not in Grammar(2) for tokens in made(free).tokens(actions)]
    assert illegal(Grammar(2), actions).tolist() == by_grammar


@pytest.mark.parametrize(
    "grammar",
    [
        SMALL,
        SMALL.free(),
        Grammar(1, ("g", "m", "v"), ("x", "exp", "sign")),
        Grammar(3, ("g", "m"), ("x",), ("*", "-")),
        Grammar(2, ("g", "m"), ("x", "exp"), ("*", "+"), reuse=False),
    ],
    ids=["small", "free", "1 group", "3 groups", "reuse"],
)
@pytest.mark.parametrize("spread", [0.08, 2.0])
def test_probabilities_of_all_strings_sum_to_1(grammar: Grammar, spread: float) -> None:
    policy = made(grammar, spread=spread)
    p = policy.log_prob(listed(policy)).exp()
    assert len(p) == grammar.count()
    assert abs(float(p.detach().sum()) - 1) < 1e-12


def test_a_string_that_is_forbidden_has_probability_0() -> None:
    policy, free = made(SMALL), made(SMALL.free())
    actions = listed(free)
    forbidden = [tokens not in SMALL for tokens in SMALL.free().strings()]
    assert policy.log_prob(actions).isneginf().tolist() == forbidden
    assert policy.entropy(actions).isfinite().all()
    gradient = torch.autograd.grad(policy.log_probs(actions)[:, 0].sum(), policy.b_y)[0]
    assert gradient.isfinite().all()


def test_the_probability_of_a_string_is_that_of_its_tokens_one_after_the_other() -> None:
    policy = made(Grammar(2))
    actions = drawn(policy, 3)
    log_p = policy.log_probs(actions).detach()
    for row, tokens in zip(log_p, policy.tokens(actions), strict=True):
        for t, token in enumerate(tokens):
            p = policy.choices(tokens[:t])
            assert list(p) == list(policy.grammar.choices(tokens[:t]))
            assert sum(p.values()) == pytest.approx(1, abs=1e-12)
            assert p[token] == pytest.approx(float(row[t].exp()), rel=1e-12)


def test_logits_and_distributions_say_the_same() -> None:
    policy = made(Grammar(2))
    actions = drawn(policy, 4)
    whole = policy.distributions(actions)
    logits = policy.logits(actions)
    assert [tuple(x.shape) for x in logits] == [(4, len(Grammar(2).slot(t))) for t in range(10)]
    for t, x in enumerate(logits):
        torch.testing.assert_close(whole[:, t, : x.shape[1]], x.log_softmax(1))
        assert whole[:, t, x.shape[1] :].isneginf().all()
    taken = torch.stack([whole[:, t].gather(1, actions[:, t, None])[:, 0] for t in range(10)], 1)
    assert torch.equal(taken, policy.log_probs(actions))
    assert torch.equal(taken.sum(1), policy.log_prob(actions))


def test_the_mean_entropy_of_prefixes_is_the_entropy_of_all_strings() -> None:
    policy = made(SMALL, spread=1.5)
    actions = listed(policy)
    log_p = policy.log_prob(actions).detach()
    exact = -(log_p.exp() * log_p).sum()
    assert float((log_p.exp() * policy.entropy(actions).detach()).sum()) == pytest.approx(
        float(exact), rel=1e-12
    )
    assert 0.5 < float(exact) < 0.9 * np.log(SMALL.count())


def test_a_policy_begins_almost_uniform_over_what_is_allowed() -> None:
    policy = Policy(Grammar(2), generator=torch.Generator().manual_seed(0))
    for p in (policy.choices(), policy.choices(("g",)), policy.choices(("g", "m"))):
        assert max(p.values()) < 1.5 * min(p.values())
    assert set(policy.choices(("g",))) == set(Grammar(2).operands) - {"g"}


@pytest.mark.parametrize("seed", [0, 1])
def test_strings_are_drawn_as_often_as_they_are_likely(seed: int) -> None:
    policy = made(SMALL, spread=1.5, seed=seed)
    all_ = listed(policy)
    p = policy.log_prob(all_).exp().detach().numpy()
    assert p.max() > 20 * np.median(p)
    draws = 50_000
    place = {tuple(row): n for n, row in enumerate(all_.tolist())}
    drawn_ = [place[tuple(row)] for row in drawn(policy, draws, seed).tolist()]
    counts = np.bincount(drawn_, minlength=len(p))
    rare = draws * p < 5
    expected = np.append(draws * p[~rare], draws * p[rare].sum())
    counts = np.append(counts[~rare], counts[rare].sum())
    squared = ((counts - expected) ** 2 / expected).sum()
    freedom = len(expected) - 1
    assert abs(squared - freedom) < 4 * np.sqrt(2 * freedom)


def test_greedy_takes_the_likeliest_token_at_every_place() -> None:
    for seed in range(5):
        policy = made(Grammar(2), seed=seed)
        actions = policy.greedy()[None]
        assert actions.shape == (1, 10)
        assert torch.equal(actions, policy.distributions(actions).argmax(2))


def _functional(policy: Policy, what: str, actions: Tensor):
    names = list(dict(policy.named_parameters()))

    class Asked(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.policy = policy

        def forward(self) -> Tensor:
            return getattr(self.policy, what)(actions)

    module = Asked()
    return lambda *weights: torch.func.functional_call(
        module, {f"policy.{name}": w for name, w in zip(names, weights, strict=True)}, ()
    )


@pytest.mark.parametrize("what", ["log_prob", "entropy"])
def test_gradients_and_second_derivatives_are_right(what: str) -> None:
    policy = made(Grammar(1, ("g", "m"), ("x", "exp"), ("*", "+")), units=2, spread=0.7)
    asked = _functional(policy, what, drawn(policy, 2))
    weights = tuple(weight.detach().requires_grad_() for weight in policy.parameters())
    assert torch.autograd.gradcheck(asked, weights)
    assert torch.autograd.gradgradcheck(asked, weights)


def test_the_gradient_of_all_probabilities_together_is_0() -> None:
    policy = made(SMALL, units=4)
    total = policy.log_prob(listed(policy)).exp().sum()
    for gradient in torch.autograd.grad(total, list(policy.parameters())):
        assert gradient.abs().max() < 1e-12


def test_strings_and_actions_are_each_other() -> None:
    policy = made(Grammar(4), units=2)
    actions = drawn(policy, 50)
    assert torch.equal(policy.actions(policy.tokens(actions)), actions)
    assert policy.actions([]).shape == (0, 20)
    for row, tokens in zip(actions.tolist(), policy.tokens(actions), strict=True):
        assert tokens == tuple(policy.grammar.slot(t)[a] for t, a in enumerate(row))


def test_the_same_generator_gives_the_same_weights_and_strings() -> None:
    one, other = made(Grammar(2)), made(Grammar(2))
    assert all(map(torch.equal, one.parameters(), other.parameters()))
    assert torch.equal(drawn(one, 50), drawn(other, 50))
    assert not torch.equal(drawn(one, 50), drawn(one, 50, 1))
    assert torch.equal(drawn(one, 50)[:7], one.sample(50, torch.Generator().manual_seed(0))[:7])


def test_first_weights_are_uniform_and_the_same_in_single_and_double_precision() -> None:
    policy = Policy(Grammar(2), generator=torch.Generator().manual_seed(3))
    shapes = {name: tuple(weight.shape) for name, weight in policy.named_parameters()}
    assert shapes["W_z"] == shapes["R_o"] == (150, 150)
    assert shapes["b_f"] == (150,)
    assert shapes["W_y"] == (sum(len(Grammar(2).slot(t)) for t in range(10)), 150)
    assert len(shapes) == 15
    every = torch.cat([weight.detach().flatten() for weight in policy.parameters()])
    assert 0.0799 < float(every.abs().max()) <= 0.08
    assert float(every.std()) == pytest.approx(0.08 / 3**0.5, rel=0.01)
    double = Policy(Grammar(2), generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    for single, weight in zip(policy.parameters(), double.parameters(), strict=True):
        assert torch.equal(single, weight.float())


def test_state_holds_the_weights_and_nothing_else() -> None:
    policy, other = made(SMALL), made(SMALL, seed=1)
    assert set(policy.state_dict()) == set(dict(policy.named_parameters()))
    other.load_state_dict(policy.state_dict())
    assert torch.equal(drawn(policy, 20), drawn(other, 20))


def test_torchs_default_device_changes_nothing() -> None:
    """On "meta" there are no numbers: a tensor that was made there could not be used."""
    here = made(SMALL)
    with torch.device("meta"):
        policy = made(SMALL)
        actions = drawn(policy, 50)
        assert torch.equal(actions, drawn(here, 50))
        assert torch.equal(policy.actions(policy.tokens(actions)), actions)
        assert torch.equal(policy.log_prob(actions), here.log_prob(actions))
        assert torch.equal(policy.entropy(actions), here.entropy(actions))
        assert torch.equal(policy.greedy(), here.greedy())
        assert policy.choices(("g",)) == here.choices(("g",))
        assert policy.sample(3).shape == (3, policy.length)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_a_gpu_gives_the_same_numbers_but_for_rounding() -> None:
    here, there = made(Grammar(4)), made(Grammar(4)).to("cuda")
    actions = drawn(here, 200)
    assert torch.equal(drawn(there, 200).cpu(), actions)
    torch.testing.assert_close(there.log_prob(actions).cpu(), here.log_prob(actions))
    ours, theirs = (
        torch.autograd.grad(policy.log_prob(actions).sum(), list(policy.parameters()))
        for policy in (here, there)
    )
    for x, y in zip(ours, theirs, strict=True):
        torch.testing.assert_close(y.cpu(), x)
    generator = torch.Generator("cuda").manual_seed(0)
    assert not illegal(Grammar(4), there.sample(100_000, generator).cpu()).any()


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 1e300])
def test_weights_that_are_not_finite_are_refused_where_strings_are_written(bad: float) -> None:
    policy = made(SMALL)
    with torch.no_grad():
        policy.b_y[-1] = bad if bad != 1e300 else 0
        policy.W_y[-1] = bad
        policy.W_y *= 1e200 if bad == 1e300 else 1
    for write in (lambda: policy.sample(3), policy.greedy):
        with pytest.raises(FloatingPointError, match="weights must be finite and not so large"):
            write()


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"units": 0}, ValueError, "units must be a whole number, 1 or more, got 0"),
        ({"units": 2.5}, ValueError, r"units must be .*, got 2\.5"),
        ({"spread": -0.1}, ValueError, r"spread must be 0 or more, got -0\.1"),
        ({"spread": float("nan")}, ValueError, "spread must be 0 or more, got nan"),
        ({"dtype": torch.float16}, ValueError, "dtype must be torch.float32 or torch.float64, got"),
        ({"grammar": "g"}, TypeError, "grammar must be a Grammar, .*, got 'g'"),
    ],
)
def test_wrong_settings_are_refused(
    settings: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        Policy(**({"grammar": SMALL} | settings))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("actions", "error", "message"),
    [
        ([[0] * 10], TypeError, "actions must be a LongTensor, got list"),
        (torch.zeros(2, 10), TypeError, "actions must be a LongTensor, got torch.float32"),
        (torch.zeros(10, dtype=torch.long), ValueError, r"must be \(B, 10\) .*, got \(10,\)"),
        (torch.zeros(2, 5, dtype=torch.long), ValueError, r"2 groups, got \(2, 5\)"),
        (torch.full((2, 10), 2), ValueError, r"actions\[0, 0\] must be from 0 to 1, got 2"),
        (-torch.ones(2, 10, dtype=torch.long), ValueError, r"must be from 0 to 1, got -1"),
    ],
)
@pytest.mark.parametrize(
    "what", ["logits", "log_probs", "log_prob", "entropy", "distributions", "tokens"]
)
def test_actions_that_are_none_are_refused(
    what: str, actions: object, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        getattr(made(SMALL), what)(actions)


def test_strings_that_the_grammar_forbids_have_no_actions() -> None:
    policy = made(SMALL)
    good = SMALL.string(0)
    with pytest.raises(ValueError, match=r"strings\[1\]\[1\] must be one of m after 'g', got 'g'"):
        policy.actions([good, ("g", "g", *good[2:])])
    with pytest.raises(ValueError, match=r"strings\[0\] must be 10 tokens"):
        policy.actions([good[:5]])
    with pytest.raises(ValueError, match=r"before\[1\] is not allowed"):
        policy.choices(("g", "g"))
    with pytest.raises(ValueError, match="n must be a whole number, 1 or more, got 0"):
        policy.sample(0)
