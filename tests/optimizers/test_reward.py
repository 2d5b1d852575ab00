"""What a rule is worth: how rates are chosen, what becomes of hopeless rules, and the filter."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from lstmlab.optimizers import ZOO, Grammar, Rule
from lstmlab.optimizers.child import Hopeless, train_child
from lstmlab.optimizers.filtering import TUNING, FromReward, Stage, finalists
from lstmlab.optimizers.landscapes import RATES
from lstmlab.optimizers.reward import RuleReward, best_rate
from lstmlab.optimizers.spelling import UniformRules, params_of
from lstmlab.search import Serial, run, table
from lstmlab.search.ledger import described
from lstmlab.tasks import load
from lstmlab.tasks.images.half import halved

SMALL = RuleReward(
    Grammar(1), examples=200, held_out=None, epochs=2, filters=4, rates=(0.001, 0.01, 0.1)
)


def params(*tokens: str):
    return params_of(Grammar(1), tokens)


# -- the reward ---------------------------------------------------------------------------------


def test_the_best_rate_after_an_epoch_is_trained_to_the_end():
    """By hand: rates on one seed, the reward on another."""
    rule, seed = Rule.parse("adam"), 3
    first, second = (int(n) for n in np.random.SeedSequence(seed).generate_state(2))
    kept = {"examples": 200, "batch": 20, "filters": 4}
    task = load("images", source="embedded")
    tried = [
        train_child(rule, task, lr=lr, seed=first, hopeless=Hopeless(), **kept).reward
        for lr in SMALL.rates
    ]
    lr = SMALL.rates[int(np.argmax(tried))]
    whole = train_child(rule, task, lr=lr, epochs=2, seed=second, **kept)
    found = SMALL.of(rule, seed)
    assert found.tried == tuple(tried)
    assert (found.lr, found.reward, found.accuracy) == (lr, whole.reward, whole.accuracy)
    assert found.updates > whole.updates == 20
    assert max(tried) > 0.2


def test_the_same_seed_gives_the_same_reward_and_another_another():
    rule = Rule.parse("drop(m, 0.3)")
    assert SMALL.of(rule, 1) == SMALL.of(rule, 1)
    assert SMALL.of(rule, 1) != SMALL.of(rule, 2)


def test_a_better_rule_has_a_larger_reward():
    """Steps that know nothing of the gradient, steps up, and steps down."""
    reward = replace(SMALL, hopeless=None)
    up, noise, down = (reward.of(Rule.parse(text), 0).reward for text in ("-g", "noise", "rmsprop"))
    assert max(up, noise) < 0.3 < 0.6 < down


def test_of_equal_rates_the_smallest_is_taken():
    """A rule that moves nothing is as good at one rate as at another."""
    still = replace(SMALL, hopeless=None).of(Rule.parse("g - g"), 0)
    assert len(set(still.tried)) == 1
    assert still.lr == min(SMALL.rates)
    downwards = replace(SMALL, hopeless=None, rates=SMALL.rates[::-1])
    assert downwards.of(Rule.parse("g - g"), 0).lr == min(SMALL.rates)
    assert best_rate((1.0, 0.1, 0.01, 0.001), (0.5, 0.7, 0.7, 0.6)) == 0.01


def test_a_rule_whose_rates_all_show_no_promise_has_no_reward_and_says_why():
    reward = replace(SMALL, hopeless=Hopeless(after=5))
    found = reward.of(Rule.parse("noise"), 0)
    assert (found.reward, found.lr, found.accuracy) == (0, None, ())
    assert found.tried == (0, 0, 0)
    assert found.stopped == "3 of 3 rates showed no promise"
    assert not found.failed
    assert found.updates == 3 * 4


def test_a_rule_that_fails_at_every_rate_has_no_reward_and_says_why():
    found = replace(SMALL, rates=(1e37, 1e38), hopeless=None).of(Rule.parse("1"), 0)
    assert (found.reward, found.lr) == (0, None)
    assert found.failed == "at every rate, first: the loss was nan after 1 updates"
    assert not found.stopped


def test_one_rate_that_trains_is_enough():
    found = replace(SMALL, rates=(0.01, 1e38)).of(Rule.parse("adam"), 0)
    assert found.lr == 0.01
    assert found.tried[1] == 0
    assert found.reward > 0.3


def test_a_rule_that_fails_only_in_the_long_training_has_no_reward_but_a_rate():
    """Weights grow 100,000 times in each update: in four they overflow, in one they do not."""
    reward = replace(SMALL, examples=20, hopeless=None, rates=(1e6,), epochs=4)
    found = reward.of(Rule.parse("1e-1*w"), 0)
    assert (found.lr, found.reward) == (1e6, 0)
    assert found.failed.startswith("at the rate 1e+06 outputs were not finite after epoch ")
    assert not found.stopped


def test_it_says_what_is_written_down_of_a_trial():
    answer = SMALL(params("g", "m", "sign", "x", "left"), 5)
    assert answer["formula"] == "sign(g)"
    found = SMALL.of(Rule.parse("sign(g)"), 5)
    assert answer["value"] == found.reward
    assert (answer["lr"], answer["updates"]) == (found.lr, found.updates)
    assert (answer["tried"], answer["accuracy"]) == (list(found.tried), list(found.accuracy))
    assert answer["failed"] == answer["stopped"] == ""


def test_hopeless_rules_are_trials_of_value_0_and_not_failed_ones():
    searcher = UniformRules(Grammar(1), seed=4, batch=5)
    study = run(searcher, SMALL, 10, executor=Serial(), progress=False)
    found = table(study)
    assert set(found["state"]) == {"complete"}
    assert found["value"].between(0, 1).all()
    none = (found["stopped"] != "") | (found["failed"] != "")
    assert none.any()
    assert (found.loc[none, "value"] == 0).all()
    assert found.loc[~none, "lr"].isin(SMALL.rates).all()


def test_pictures_beyond_the_examples_judge_but_choose_no_rate():
    plain = load("images", source="embedded")
    for held_out, spare in ((300, 0), (400, 100), (150, -150)):
        valid = replace(SMALL, held_out=held_out).task.valid
        assert len(valid.x) == len(valid.classes) == held_out
        assert np.array_equal(valid.x[:300], plain.valid.x[:held_out])
        if spare > 0:
            assert np.array_equal(valid.x[300:], plain.train.x[200 : 200 + spare])
            assert np.array_equal(valid.classes[300:], plain.train.classes[200 : 200 + spare])
    few, many = (replace(SMALL, held_out=n).of(Rule.parse("adam"), 0) for n in (None, 1200))
    assert few.tried == many.tried
    assert few.reward != many.reward
    assert {round(accuracy * 1200, 6) % 1 for accuracy in many.accuracy} == {0}


def test_pictures_can_be_halved():
    assert SMALL.task.train.x.shape[1:] == (8, 8, 1)
    small = replace(SMALL, halved=True)
    assert np.array_equal(small.task.train.x, halved(load("images", source="embedded")).train.x)
    assert small.train(Rule.parse("adam"), 0.01, 0).reward > 0.1


def test_torch_keeps_its_number_of_threads():
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        SMALL.tried(Rule.parse("g"), 0.1, 0)
        assert torch.get_num_threads() == 2
        with pytest.raises(ValueError, match="lr must be"):
            SMALL.tried(Rule.parse("g"), -1.0, 0)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)


@pytest.mark.parametrize("name", ["adam", "powersign", "found-2", "found-10"])
def test_rules_that_are_known_to_train_are_not_given_up(name):
    """By the sizes that a search uses; found-2 is a slow one."""
    assert RuleReward().of(ZOO[name].rule, 0).reward > 0.85


def test_a_string_of_another_grammar_is_judged_as_what_it_is():
    """With other groups, constraints and extensions: a reward is a rule's, not a grammar's."""
    free = Grammar(1).free()
    two = ("g", "m", "x", "sign", "*", "r1", "1", "sign", "x", "left")
    root = Grammar(1, ("g", "v"), ("x", "sqrt"), ("/",))
    for grammar, tokens in (
        (free, ("g", "g", "x", "x", "+")), (Grammar(2), two), (root, ("g", "v", "x", "sqrt", "/")),
    ):  # fmt: skip
        answer = SMALL(params_of(grammar, tokens), 1)
        rule = Rule.from_tokens(tokens, grammar.extensions)
        assert (answer["formula"], answer["value"]) == (str(rule), SMALL.of(rule, 1).reward)


def test_no_trial_fails_because_a_reward_was_made_for_another_grammar():
    reward = replace(SMALL, examples=20, epochs=1, rates=(0.1,))
    for grammar in (Grammar(1).free(), Grammar(2)):
        study = run(UniformRules(grammar), reward, 15, executor=Serial(), progress=False)
        assert {trial.state.name for trial in study.trials} == {"COMPLETE"}


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"1.op1": "h"}, r"tokens\[0\] must be an operand"),
        ({"1.b": None}, r"tokens\[4\] must be a binary function .* got 'None'"),
        ({"2.op1": "g"}, r"params must have 1\.op1, .*, 1\.b, got"),
    ],
)
def test_what_is_no_rule_is_not_judged(wrong, named):
    with pytest.raises(ValueError, match=named):
        SMALL({**params("g", "m", "x", "x", "*"), **wrong}, 0)
    with pytest.raises(ValueError, match=r"params must have 1\.op1, .*, 1\.b, got"):
        SMALL({}, 0)


def test_device_and_betas_reach_the_child():
    rule, kept = Rule.parse("adam"), {"examples": 200, "batch": 20, "filters": 4}
    task, betas = load("images", source="embedded"), (0.5, 0.9, 0.8)
    other = replace(SMALL, betas=betas).train(rule, 0.01, 4)
    known = train_child(rule, task, lr=0.01, epochs=2, seed=4, betas=betas, **kept)
    assert other.loss == known.loss != SMALL.train(rule, 0.01, 4).loss
    with pytest.raises(ValueError, match="device must be one that torch has here, .* got 'meta'"):
        replace(SMALL, device="meta").train(rule, 0.01, 4)


def test_a_study_knows_the_device_and_the_betas_of_its_reward():
    for other in (replace(SMALL, device="cuda"), replace(SMALL, betas=(0.5, 0.9, 0.9))):
        assert described(other) != described(SMALL)


def test_a_training_of_no_epochs_is_refused():
    with pytest.raises(ValueError, match="epochs must be a whole number, 1 or more, got 0"):
        SMALL.train(Rule.parse("g"), 0.1, 0, 0)


@pytest.mark.parametrize(
    ("given", "error", "named"),
    [
        ({"grammar": "g"}, TypeError, "grammar must be a Grammar"),
        ({"examples": 0}, ValueError, "examples must be a whole number, 1 or more, got 0"),
        ({"held_out": 0}, ValueError, "held_out must be a whole number, 1 or more, got 0"),
        ({"epochs": 1.5}, ValueError, "epochs must be a whole number, 1 or more, got 1.5"),
        ({"filters": 0}, ValueError, "filters must be a whole number"),
        ({"batch": 0}, ValueError, "batch must be a whole number"),
        ({"rates": ()}, ValueError, r"rates must be a tuple of learning rates, got \(\)"),
        ({"rates": [0.1]}, ValueError, "rates must be a tuple of learning rates"),
        ({"rates": (0.1, -1.0)}, ValueError, "rates must be .* got -1.0"),
        ({"engine": "fast"}, ValueError, "engine must be one of"),
        ({"hopeless": True}, TypeError, "hopeless must be a Hopeless or None, got True"),
        ({"device": "gpu"}, ValueError, "device must be one that torch has here, .* got 'gpu'"),
        ({"device": 0}, ValueError, "device must be a name such as .* got 0"),
        ({"betas": (0.9, 1.0, 0.9)}, ValueError, "betas must be three numbers from 0 to below 1"),
    ],
)
def test_a_reward_that_is_none_is_refused(given, error, named):
    with pytest.raises(error, match=named):
        replace(SMALL, **given)


def test_more_pictures_than_there_are_cannot_judge():
    with pytest.raises(ValueError, match="held_out must be 1297 or less, .* 200 .* got 1298"):
        replace(SMALL, held_out=1298).of(Rule.parse("g"), 0)


# -- the filter ---------------------------------------------------------------------------------

QUALITY = {"adam": 0.9, "m": 0.8, "g": 0.7, "sign(g)": 0.6, "rmsprop": 0.5, "1": 0.0}


class Formula:
    """A trainer whose accuracies have a formula; the rule "m" falls behind in long trainings."""

    rates = (0.01, 0.1, 1.0)

    def __init__(self):
        self.asked = []

    def first(self, rule, lr, seed):
        self.asked.append(("first", str(rule), lr, seed))
        worth = QUALITY[str(rule)]
        return worth and worth - abs(math.log10(lr) + 1) / 10

    def whole(self, rule, lr, seed, epochs):
        self.asked.append(("whole", str(rule), lr, seed, epochs))
        worth = QUALITY[str(rule)] - (0.5 if str(rule) == "m" and epochs > 5 else 0)
        return worth + seed % 7 / 1e6, worth - 0.05


RULES = [Rule.parse(text) for text in QUALITY]
STAGES = (Stage(5, 2, 3), Stage(10, 2, 2), Stage(10, 3, 2))


def named(standings):
    return [str(one.rule) for one in standings]


def test_the_best_go_on_and_longer_trainings_decide():
    done = finalists(RULES, Formula(), STAGES)
    assert named(done)[:3] == ["adam", "g", "m"]
    assert [one.stages for one in done] == [3, 3, 2, 1, 1, 0]
    assert named(done)[3:] == ["sign(g)", "rmsprop", "1"]
    assert all(one.lr == 0.1 for one in done[:-1])
    assert done[0].score == pytest.approx(0.9, abs=1e-5)
    assert [len(values) for values in done[0].valid] == [2, 2, 3]
    assert np.allclose(done[0].test[-1], 0.85)


def test_a_rule_that_nothing_trains_is_out_before_the_first_stage():
    done = finalists(RULES, Formula(), STAGES)[-1]
    assert (str(done.rule), done.lr, done.stages, done.score) == ("1", None, 0, 0.0)
    assert done.valid == done.test == []


def test_no_stage_has_a_seed_of_another_and_all_rules_have_the_same():
    trainer = Formula()
    finalists(RULES, trainer, STAGES)
    tuning = {seed for what, *_, seed in trainer.asked if what == "first"}
    assert len(tuning) == TUNING
    of = {}
    for what, name, *rest in trainer.asked:
        if what == "whole":
            of.setdefault(name, []).append(rest[1])
    assert len(set(of["adam"])) == len(of["adam"]) == 2 + 2 + 3
    assert not set(of["adam"]) & tuning
    assert of["m"] == of["adam"][:4]
    other = Formula()
    finalists(RULES, other, STAGES, seed=1)
    assert not {one[3] for one in other.asked} & {one[3] for one in trainer.asked}


def test_the_last_stage_does_not_order_those_it_judges():
    """What was chosen by luck must not be chosen by luck again."""

    class Lucky(Formula):
        def whole(self, rule, lr, seed, epochs):
            valid, test = super().whole(rule, lr, seed, epochs)
            return (1 - valid, test) if len(self.seen(rule)) > 4 else (valid, test)

        def seen(self, rule):
            return [one for one in self.asked if one[:2] == ("whole", str(rule))]

    done = finalists(RULES, Lucky(), STAGES)
    assert named(done)[:2] == ["adam", "g"]
    assert done[0].score < done[1].score


def test_known_rules_are_in_every_stage_and_take_nobodys_place():
    beside = [Rule.parse("rmsprop"), Rule.parse("1")]
    done = finalists(RULES[:4], Formula(), STAGES, beside=beside)
    stages = {str(one.rule): one.stages for one in done}
    assert stages == {"adam": 3, "g": 3, "m": 2, "sign(g)": 1, "rmsprop": 3, "1": 0}


def test_equal_rules_are_one():
    twice = [Rule.parse("g * m"), Rule.parse("m * g"), Rule.parse("g")]
    QUALITY.update({"g * m": 0.4, "m * g": 0.4})
    assert len(finalists(twice, Formula(), (Stage(1, 1, 2),))) == 2


def test_a_stage_keeps_all_unless_it_says_how_many_and_the_last_chooses_none():
    done = finalists(RULES, Formula(), (Stage(5, 1), Stage(5, 1, 2), Stage(10, 1, 1)))
    assert [one.stages for one in done] == [3, 3, 2, 2, 2, 0]


def test_of_equal_rates_a_finalist_has_the_smallest():
    class Same(Formula):
        rates = (1.0, 0.01, 0.1)

        def first(self, rule, lr, seed):
            return 0.5

    assert finalists([Rule.parse("g")], Same(), (Stage(1, 1),))[0].lr == 0.01


def test_an_accuracy_that_is_no_number_counts_as_nothing():
    class Lost(Formula):
        def whole(self, rule, lr, seed, epochs):
            return (
                (math.nan, math.nan) if rule == RULES[0] else super().whole(rule, lr, seed, epochs)
            )

    last = [one for one in finalists(RULES, Lost(), STAGES) if one.stages][-1]
    assert last.rule == RULES[0]
    assert (last.stages, last.score) == (1, 0.0)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"stages": Stage(1, 1)}, "stages must be a list of Stages"),
        ({"trainer": None}, "trainer must be a RuleReward or a Trainer, got None"),
        ({"trainer": RuleReward}, "trainer must be a RuleReward or a Trainer, got <class"),
    ],
)
def test_a_filter_of_something_else_is_refused(given, named):
    with pytest.raises(TypeError, match=named):
        finalists(RULES, **{"trainer": Formula(), **given})


def test_stages_may_come_one_by_one():
    assert finalists(RULES, Formula(), iter(STAGES)) == finalists(RULES, Formula(), STAGES)


def test_equal_rewards_are_said_alike():
    given = {"rates": tuple(np.array([0.01, 1.0])), "betas": [0.9, 0.5, np.float64(0.5)]}
    plain = RuleReward(Grammar(1), rates=(0.01, 1), betas=(0.9, 0.5, 0.5))
    assert repr(RuleReward(Grammar(1), **given)) == repr(plain)
    assert hash(RuleReward(Grammar(1), **given)) == hash(plain)
    with pytest.raises(TypeError, match="halved must be True or False, got 'no'"):
        RuleReward(Grammar(1), halved="no")


def test_what_a_controller_found_best_is_taken_as_it_is():
    found = [(rule, 0.5) for rule in RULES]
    assert finalists(found, Formula(), STAGES) == finalists(RULES, Formula(), STAGES)


def test_known_rules_may_come_one_at_a_time():
    beside = (Rule.parse(text) for text in ("rmsprop", "1"))
    done = finalists(RULES[:4], Formula(), STAGES, beside=beside)
    assert {str(one.rule): one.stages for one in done}["rmsprop"] == 3
    assert [one.stages for one in done] == [3, 3, 3, 2, 1, 0]


def test_what_is_no_rule_is_no_finalist():
    for given in ({"rules": ["g", "m"]}, {"rules": "g"}, {"rules": RULES, "beside": ["g"]}):
        name = "beside" if "beside" in given else "rules"
        with pytest.raises(TypeError, match=rf"{name} must be Rules, such as .*, got 'g'"):
            finalists(**given, trainer=Formula(), stages=STAGES)
    with pytest.raises(TypeError, match=r"stages must be Stages, such as .*, got 3"):
        finalists(RULES, Formula(), (3,))


def test_a_reward_trains_finalists_itself():
    reward = replace(SMALL, rates=(0.01,))
    done = finalists([Rule.parse("adam"), Rule.parse("noise")], reward, (Stage(2, 1, 1),))
    assert named(done) == ["adam", "noise"]
    (valid,), (test,) = done[0].valid[0], done[0].test[0]
    assert min(valid, test) > 0.3
    assert FromReward(reward).rates == (0.01,)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: finalists([], Formula(), STAGES), "rules must be 1 or more, got none"),
        (lambda: finalists(RULES, Formula(), ()), "stages must be 1 or more, got none"),
        (lambda: finalists(RULES, Formula(), seed=-1), "seed must be a whole number"),
        (lambda: Stage(0, 1, 1), "epochs must be a whole number, 1 or more, got 0"),
        (lambda: Stage(1, 1.5, 1), "seeds must be a whole number, 1 or more, got 1.5"),
        (lambda: Stage(1, 1, 0), "keep must be a whole number, 1 or more, got 0"),
    ],
)
def test_a_filter_that_is_none_is_refused(call, named):
    with pytest.raises(ValueError, match=named):
        call()


def test_the_papers_seven_rates_are_tried():
    assert RuleReward().rates == RATES
