"""A method gets the relaxed values it asks for, from trials at corners and from the arches."""

import math
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState, create_trial

from lstmlab.search import Climber, GradientDescent, QuasiNewton, Serial, rehearse, run
from lstmlab.search.coordinates import Box, Raw
from lstmlab.search.relaxation import ARCH
from tests.search.made import assert_same, environment

SPACE = {
    "hidden": IntDistribution(20, 800),
    "length": IntDistribution(5, 40),
    "lr": FloatDistribution(1e-4, 1),
}
POINT = {"hidden": 40.25, "length": 12.8, "lr": 0.1}


class Asks(Climber):
    """A method that asks for lists of points, one after the other, and keeps what it is sent."""

    def __init__(self, space, requests, **options):
        super().__init__(space, **options)
        self.requests, self.sent = requests, []
        self.begin()

    def climb(self):
        for points in self.requests:
            self.sent.append((yield points))


def product(params, seed):
    return params["hidden"] * params["length"] + params["lr"]


def told(searcher, values, order=None):
    """Answer a batch; None is a failed trial."""
    asked = searcher.ask(searcher.batch)
    trials = []
    for number, (params, value) in enumerate(zip(asked, values, strict=True)):
        trial = create_trial(
            params=params, distributions=searcher.space, value=value,
            state=TrialState.FAIL if value is None else TrialState.COMPLETE,
        )  # fmt: skip
        trial.number = number
        trials.append(trial)
    searcher.tell(trials if order is None else [trials[n] for n in order])
    return asked


def test_the_papers_point_asks_for_its_four_corners():
    searcher = Asks(SPACE, [[POINT]])
    assert (searcher.batch, searcher.lag) == (4, 0)
    asked = told(searcher, [1.0, 10.0, 100.0, 1000.0])
    assert [tuple(p.values()) for p in asked] == [(h, s, 0.1) for h in (40, 41) for s in (12, 13)]
    assert searcher.sent == [pytest.approx([0.75 * (0.2 + 8) + 0.25 * (20 + 800)])]
    assert searcher.ask(4) == []
    assert (searcher.trainings, searcher.ended) == (4, "steps")


def test_all_corners_of_a_request_are_one_batch_in_any_order():
    other = POINT | {"hidden": 60.5}
    sent = []
    for order in (range(8), [5, 1, 7, 0, 2, 6, 3, 4]):
        searcher = Asks(SPACE, [[POINT, other]])
        assert searcher.batch == 8
        told(searcher, [float(n) ** 2 for n in range(8)], order)
        sent.append(searcher.sent)
    assert sent[0] == sent[1]


def test_a_batch_may_be_asked_for_in_parts_and_waits_for_all():
    searcher = Asks(SPACE, [[POINT], [POINT]])
    first = searcher.ask(3) + searcher.ask(3)
    assert len(first) == 4
    assert searcher.ask(1) == []
    with pytest.raises(ValueError, match="trials must be those that were asked for, got 5"):
        searcher.tell([None] * 5)


def test_fresh_corners_are_trained_again_and_others_once():
    for fresh, batches in ((True, [8, 4]), (False, [4, 4])):
        searcher = Asks(SPACE, [[POINT, POINT], [POINT | {"hidden": 50.5}], [POINT]], fresh=fresh)
        found = rehearse(searcher, product, 100)
        assert len(found) == (16 if fresh else 8)
        assert found.number.max() + 1 == searcher.trainings
        assert found.duplicated(list(SPACE)).any() == fresh
        assert searcher.sent[0] == pytest.approx([40.25 * 12.8 + 0.1] * 2)
        assert searcher.sent[2] == pytest.approx([40.25 * 12.8 + 0.1])
        assert Asks(SPACE, [[POINT, POINT]], fresh=fresh).batch == batches[0]


def test_repetitions_are_averaged():
    searcher = Asks(SPACE, [[POINT | {"hidden": 40.0, "length": 12.0}]], repetitions=3)
    assert searcher.batch == 3
    told(searcher, [1.0, 2.0, 6.0])
    assert searcher.sent == [[3.0]]


def test_corners_out_of_bounds_cost_their_arch_and_no_training():
    searcher = Asks(SPACE, [[POINT | {"hidden": 2.0}, POINT | {"length": 40.5, "hidden": 50.0}]])
    asked = told(searcher, [7.0])
    assert asked == [{"hidden": 50, "length": 40, "lr": 0.1}]
    below, half = searcher.sent[0]
    assert below == ARCH + (2 - 410) ** 2
    assert half == pytest.approx(0.5 * 7 + 0.5 * (ARCH + (41 - 25) ** 2))


def test_a_walk_among_the_arches_alone_ends():
    far = [POINT | {"lr": 2.0 + n} for n in range(300)]
    searcher = Asks(SPACE, [[point] for point in far])
    assert searcher.ask(1) == []
    assert (len(searcher.sent), searcher.trainings, searcher.batch) == (300, 0, 1)


def test_a_point_that_is_not_finite_costs_infinity_and_no_training():
    searcher = Asks(SPACE, [[POINT | {"lr": math.nan}, POINT | {"hidden": math.inf}]])
    assert searcher.sent == [[math.inf, math.inf]]


def test_a_failed_trial_costs_as_much_as_the_worst():
    on = {"hidden": 40.0, "length": 12.0, "lr": 0.1}
    points = [on | {"lr": rate} for rate in (0.1, 0.2, 0.3)]
    searcher = Asks(SPACE, [points[:1], points, points[:1]], fresh=False)
    told(searcher, [None])
    assert searcher.sent == [[ARCH]]
    told(searcher, [3.0, 9.0])
    assert searcher.sent[1:] == [[9.0, 3.0, 9.0], [9.0]]


def test_maximizing_turns_values_and_not_arches():
    searcher = Asks(
        SPACE, [[POINT | {"hidden": 40.0, "length": 5.0}, POINT | {"hidden": 1.0}]],
        direction="maximize",
    )  # fmt: skip
    told(searcher, [5.0])
    assert searcher.sent == [[-5.0, pytest.approx(ARCH + 409**2)]]


def test_starts_are_the_papers_or_anywhere_in_the_box():
    raw = np.array([Asks(SPACE, [], seed=seed).start for seed in range(200)])
    assert 0 <= raw.min() < 0.5 < 9.5 < raw.max() <= 10
    boxed = np.array([Asks(SPACE, [], seed=seed, boxed=True).start for seed in range(200)])
    assert 0 <= boxed.min() < 0.05 < 0.95 < boxed.max() <= 1
    assert len(np.unique(raw)) == raw.size
    assert (Asks(SPACE, [], seed=3).start == raw[3]).all()
    assert Asks(SPACE, [], start=POINT).start.tolist() == [40.25, 12.8, 0.1]


def test_the_box_is_logarithmic_where_it_can_be():
    space = SPACE | {"drop": FloatDistribution(0, 0.5), "fixed": IntDistribution(3, 3)}
    box = Box(space)
    middle = box.point(np.full(5, 0.5))
    assert middle == pytest.approx(
        {"hidden": math.sqrt(20 * 800), "length": math.sqrt(200), "lr": 0.01, "drop": 0.25,
         "fixed": 3.0}
    )  # fmt: skip
    assert box.vector(middle) == pytest.approx(np.full(5, 0.5))
    assert box.lattice(np.full(5, 0.5))["hidden"] == 126
    assert box.point(np.full(5, -1.0)) == {name: d.low for name, d in space.items()}
    assert box.point(np.full(5, 2.0)) == {name: d.high for name, d in space.items()}
    with pytest.raises(ValueError, match=r"point\['lr'\] must be in 0.0001…1, got 3"):
        box.vector(middle | {"lr": 3.0})


def test_beside_a_place_an_integer_moves_by_one_at_least():
    box = Box(SPACE)
    x = box.vector({"hidden": 30, "length": 40, "lr": 0.1})
    assert box.point(box.beside(x, 0, 1e-6))["hidden"] == pytest.approx(31)
    assert box.point(box.beside(x, 0, -1e-6))["hidden"] == pytest.approx(29)
    assert (box.beside(x, 1, 0.3) == x).all()
    assert box.beside(x, 2, 0.01)[2] == pytest.approx(x[2] + 0.01)


def test_raw_coordinates_leave_the_bounds():
    raw = Raw(SPACE)
    assert raw.point(raw.vector(POINT) - 100) == pytest.approx(
        {"hidden": -59.75, "length": -87.2, "lr": -99.9}
    )


def test_every_iterate_is_in_the_path():
    searcher = GradientDescent(SPACE, seed=1, steps=30, step=1.0)
    rehearse(searcher, product, 10_000)
    path = searcher.path()
    assert list(path.step) == list(range(31))
    assert set(path.kind) == {"gradient", "end"}
    assert list(path.columns) == ["step", *SPACE, "value", "gradient", "kind", "trainings"]
    assert path.trainings.is_monotonic_increasing
    assert path.trainings.iloc[-1] == searcher.trainings > 0
    moved = np.diff(path[list(SPACE)].to_numpy(), axis=0)
    assert np.linalg.norm(moved, axis=1) == pytest.approx(np.ones(30))
    assert path.gradient[:-1].to_numpy() == pytest.approx(
        [math.hypot(*it.gradient) for it in searcher.iterates[:-1]]
    )
    assert GradientDescent(SPACE, steps=0).path().step.tolist() == [0]


def bowl(point):
    """A smooth one over the paper's coordinates."""
    return sum((value - middle) ** 2 for value, middle in zip(point.values(), (30, 9, 5)))  # noqa: B905


def test_walk_takes_a_function_of_points_in_place_of_trials():
    for direction, sign in (("minimize", 1), ("maximize", -1)):
        searcher = GradientDescent(SPACE, step=0.5, steps=100, h=1e-6, direction=direction)
        path = searcher.walk(lambda point, sign=sign: sign * bowl(point))
        assert bowl(path[-1].point) < 0.5**2 < bowl(path[0].point)
        assert (len(path), searcher.trainings, path[3].trainings) == (101, 600, 24)
    rehearsed = GradientDescent(SPACE, steps=3, start=POINT)
    rehearse(rehearsed, product, 9)
    with pytest.raises(ValueError, match="walk must begin with a new searcher"):
        rehearsed.walk(bowl)


def test_walking_into_nan_costs_as_much_as_the_worst():
    searcher = Asks(SPACE, [[POINT], [POINT | {"lr": 3.0}, POINT], [POINT | {"lr": math.inf}]])
    searcher.walk(lambda point: math.nan if point["lr"] == 0.1 else point["lr"])
    assert searcher.sent[-3:] == [[ARCH], [3.0, 3.0], [math.inf]]


def resumable():
    """The searchers whose trials must not depend on who evaluates them."""
    return {
        "descent": lambda: GradientDescent(SPACE, seed=3, start=POINT),
        "quasi": lambda: QuasiNewton(SPACE, seed=3, repetitions=2, start=POINT),
        "customary descent": lambda: GradientDescent.customary(SPACE, seed=3),
        "customary quasi": lambda: QuasiNewton.customary(SPACE, update="dfp", seed=3),
    }


def noisy(params, seed):
    """A bowl with noise; one in ten fails."""
    rng = np.random.default_rng(seed)
    if rng.random() < 0.1:
        return math.nan
    bowl = (math.log(params["lr"]) + 4) ** 2 + math.log(params["hidden"] / 99) ** 2
    return bowl + (params["length"] - 17) ** 2 / 100 + rng.normal() / 10


@pytest.mark.parametrize("kind", resumable())
def test_resumed_and_in_parallel_it_is_the_same(kind, tmp_path):
    make = resumable()[kind]
    whole = run(make(), noisy, 70, executor=Serial(), progress=False)
    assert len(whole.trials) > 20
    assert_same(run(make(), noisy, 70, executor=ThreadPoolExecutor(7), progress=False), whole)
    for trials in (3, 17, 70):
        again = run(
            make(), noisy, trials, executor=ThreadPoolExecutor(2),
            storage=tmp_path / "a.journal", progress=False,
        )  # fmt: skip
    assert_same(again, whole)
    assert_same(rehearse(make(), noisy, 70), whole)


KILLED = """
import os, signal, sys
from lstmlab.search import Serial, run
from tests.search.test_climber import noisy, resumable
left = 13
def objective(params, seed):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return noisy(params, seed)
make = resumable()[sys.argv[1]]
run(make(), objective, 40, executor=Serial(), storage=sys.argv[2], progress=False)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="it kills with SIGKILL")
@pytest.mark.parametrize("kind", ["quasi", "customary quasi"])
def test_after_kill_9_it_goes_on_as_if_it_had_not_been(kind, tmp_path, root):
    place = str(tmp_path / "a.journal")
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, kind, place], cwd=root, env=environment(root), check=False
    )
    assert killed.returncode == -signal.SIGKILL
    made = []

    def objective(params, seed):
        made.append(params)
        return noisy(params, seed)

    make = resumable()[kind]
    again = run(make(), objective, 40, executor=Serial(), storage=place, progress=False)
    assert len(made) == 40 - 13
    assert_same(again, run(make(), noisy, 40, executor=Serial(), progress=False))


@pytest.mark.parametrize(
    ("says", "space", "options"),
    [
        (r"space\['k'\] must be a Float- or IntDistribution",
         {"k": CategoricalDistribution(["a", "b"])}, {}),
        ("space must not name a hyperparameter 'step'", {"step": FloatDistribution(0, 1)}, {}),
        ("point must name hidden, length, lr, got lr", SPACE, {"start": {"lr": 0.1}}),
        (r"point\['lr'\] must be a finite number", SPACE, {"start": POINT | {"lr": math.nan}}),
        (r"point\['lr'\] must be in 0.0001…1, got 2", SPACE,
         {"start": POINT | {"lr": 2.0}, "boxed": True}),
        ("repetitions must be a whole number, 1 or more, got 0", SPACE, {"repetitions": 0}),
        ("steps must be a whole number, 0 or more, got -1", SPACE, {"steps": -1}),
        ("tolerance must be 0 or more, got nan", SPACE, {"tolerance": math.nan}),
    ],
)  # fmt: skip
def test_wrong_arguments_are_named(says, space, options):
    with pytest.raises(ValueError, match=says):
        Asks(space, [], **options)


def test_a_climber_without_a_method_says_so():
    with pytest.raises(NotImplementedError, match=r"Climber must have a method climb\(\)"):
        Climber(SPACE).ask(1)
