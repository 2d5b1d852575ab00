"""A rule as an optimizer of torch."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import TypeAlias

import torch
from torch import Tensor
from torch.optim.optimizer import _global_optimizer_post_hooks, _global_optimizer_pre_hooks

from lstmlab.optimizers import draws
from lstmlab.optimizers.evaluate import BETAS, DELTA, Step
from lstmlab.optimizers.flat import Bucket, Engine
from lstmlab.optimizers.foreach import Foreach
from lstmlab.optimizers.options import (
    Group,
    as_rule,
    check_engine,
    check_names,
    check_options,
    check_param,
    has_numba,
)
from lstmlab.optimizers.rule import Rule
from lstmlab.optimizers.tokens import EXTENSIONS

Stepping: TypeAlias = Callable[..., object]
"""The method `step`."""

Move: TypeAlias = tuple[Bucket, int, int, list[Tensor], Step, float]
"""What an engine is given."""


class RuleOptimizer(torch.optim.Optimizer):
    """Trains by a rule: every weight w moves to w - lr · rule.

    Parameters
    ----------
    params : iterable of Parameter, of dict, or of pairs of name and Parameter
        As for all of torch's optimizers. Groups may have their own `lr`, `betas`, `delta`, `steps`,
        and names of yours; what looks like another option is refused.
    rule : Rule or str
        A string is a name in `ZOO`, such as "momentum", or read by `Rule.parse` without extensions.
    lr : float
        λ, 0 or more. Schedulers may change it.
    betas : tuple of float
        β₁, β₂, β₃: how slowly the running averages of g, g² and g³ forget. From 0 to below 1.
    delta : float
        δ, added to what divides: in x / y, in `adam` and in `rmsprop`. 0 or more.
    generator : torch.Generator, optional
        From which one number is taken, at the beginning and only if the rule has `noise` or `drop`;
        all their draws follow from it, the same in every engine. torch's own if not given.
    steps : int, optional
        T, for a rule with a decay: after as many steps it is 0.
    engine : {"auto", "foreach", "machine", "generated"}
        "foreach" uses torch's operations, on any device. "machine" and "generated" are compiled by
        Numba, for float32 and float64 on a CPU: the first once for all rules, the second for this
        rule, at the first step and in about a second; it is the fastest. "auto" takes "machine"
        where it can and "foreach" elsewhere.
    detect_anomalies : bool
        Whether a step that would leave a weight or a running average that is not finite is taken
        back and raises FloatingPointError. It costs a copy of all of them at each step.

    Attributes
    ----------
    rule : Rule
    state : dict
        For every parameter "step", and those of "m", "v", "gamma" that the rule needs, with their
        bias not corrected. Allocated at the first step.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as above, a parameter is complex or no floating-point number, Numba
        is missing for an engine that needs it, or a group has an option that is the whole
        optimizer's ("rule"), misspelt ("beta") or another optimizer's ("weight_decay").

    Notes
    -----
    `lr` multiplies the rule as it stands, so `RuleOptimizer(params, "g", lr)` is gradient descent
    and `RuleOptimizer(params, "adam", lr)` is Adam (Bello et al. 2017, section 3.1; the sign is
    that of descent).

    Examples
    --------
    >>> model = torch.nn.Linear(3, 1)
    >>> optimizer = RuleOptimizer(model.parameters(), "g * exp(sign(g) * sign(m))", lr=0.1)
    """

    def __init__(
        self,
        params: Iterable[object],
        rule: Rule | str,
        lr: float,
        *,
        betas: tuple[float, float, float] = BETAS,
        delta: float = DELTA,
        generator: torch.Generator | None = None,
        steps: int | None = None,
        engine: str = "auto",
        detect_anomalies: bool = False,
    ) -> None:
        if not isinstance(generator, torch.Generator | None):
            raise TypeError(f"generator must be a torch.Generator or None, got {generator!r}")
        if not isinstance(detect_anomalies, bool):
            raise TypeError(f"detect_anomalies must be True or False, got {detect_anomalies!r}")
        check_engine(engine)
        self.rule = as_rule(rule)
        self.engine, self.detect_anomalies = engine, detect_anomalies
        self._key = _drawn(generator) if any(node.random for node in self.rule.graph) else 0
        self._forget()
        defaults = {"lr": lr, "betas": betas, "delta": delta, "steps": steps}
        super().__init__(params, defaults)

    def add_param_group(self, param_group: Group) -> None:
        """Add parameters with options of their own.

        Raises
        ------
        ValueError, TypeError
            If an option or a parameter is not as the constructor wants it.
        """
        check_names(param_group)
        key = draws.mixed(self._key + len(self.param_groups)) if self._key else 0
        merged = {"rule": str(self.rule), "key": key, **param_group}
        check_options({**self.defaults, **merged}, self.rule)
        super().add_param_group(merged)
        try:
            for p in self.param_groups[-1]["params"]:
                check_param(p, self.engine)
        except (TypeError, ValueError):
            self.param_groups.pop()
            raise

    def step(self, closure: Callable[[], object] | None = None) -> object:
        """Take a step.

        Parameters
        ----------
        closure : callable, optional
            Computes the gradients anew, and returns the loss.

        Returns
        -------
        object
            What the closure returned.

        Raises
        ------
        RuntimeError
            If a gradient is sparse, or a parameter has changed its size, dtype or device; then
            nothing has changed, in no group.
        FloatingPointError
            With `detect_anomalies`, if a weight or a running average would not be finite; then
            nothing has changed.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        moves: list[Move] = []
        for n, group in enumerate(self.param_groups):
            for bucket in self._buckets_of(n, group):
                moves += _moves(bucket, group)
        if self.detect_anomalies:
            self._try(moves)
        else:
            self._make(moves)
        return loss

    @staticmethod
    def profile_hook_step(func: Stepping) -> Stepping:
        """What torch wraps around `step`: a note to its profiler, and hooks; only if there are any.

        Without, its note alone would take a third of the time of a step of a small network.
        """
        noted = torch.optim.Optimizer.profile_hook_step(func)

        @functools.wraps(func)
        def wrapper(self: RuleOptimizer, *args: object, **kwargs: object) -> object:
            watched = (
                self._optimizer_step_pre_hooks
                or self._optimizer_step_post_hooks
                or _global_optimizer_pre_hooks
                or _global_optimizer_post_hooks
                or torch.autograd._profiler_enabled()
            )
            return (noted if watched else func)(self, *args, **kwargs)

        return wrapper

    def load_state_dict(self, state_dict: Group) -> None:
        """Go on where another optimizer with the same rule was: bit for bit, draws included.

        Raises
        ------
        ValueError
            If it is the state of another rule, or of no rule, or its groups do not fit.
        """
        for group in state_dict["param_groups"]:
            if "rule" not in group:
                raise ValueError("state_dict must be that of a RuleOptimizer, but names no rule")
            if Rule.parse(group["rule"], tuple(EXTENSIONS)) != self.rule:
                raise ValueError(
                    f"state_dict must be that of the rule {self.rule}, got {group['rule']}"
                )
            check_options(group, self.rule)
        super().load_state_dict(state_dict)

    def _make(self, moves: list[Move]) -> None:
        """Move weights and averages."""
        for move in moves:
            bucket, first, last, _, step, _ = move
            self._engine_of(bucket)(*move)
            bucket.count(first, last, step.t)

    def _try(self, moves: list[Move]) -> None:
        """Move them, or leave all as it was if one would not be finite."""
        before = [(bucket, bucket.saved()) for bucket in {move[0] for move in moves}]
        self._make(moves)
        if not all(bucket.finite() for bucket, _ in before):
            for bucket, saved in before:
                bucket.restore(saved)
            raise FloatingPointError(
                f"the rule {self.rule} would leave weights or averages that are not finite; "
                f"nothing has changed"
            )

    def _buckets_of(self, n: int, group: Group) -> list[Bucket]:
        """A group's parameters by device and dtype; none until one has a gradient."""
        if n not in self._buckets:
            params: Iterable[Tensor] = group["params"]
            if all(p.grad is None for p in params):
                return []
            alike: dict[tuple[object, ...], list[Tensor]] = {}
            for p in params:
                alike.setdefault((p.device, p.dtype), []).append(p)
            self._buckets[n] = [
                Bucket(ps, self.rule.memory, draws.branch(group["key"], k), self.state)
                for k, ps in enumerate(alike.values())
            ]
            for bucket in self._buckets[n]:
                self.state.update((p, bucket.state(k)) for k, p in enumerate(bucket.params))
        return self._buckets[n]

    def _engine_of(self, bucket: Bucket) -> Engine:
        """The engine for a bucket, made when it is first asked for."""
        name = self.engine
        if name == "auto":
            name = "machine" if bucket.compilable and has_numba() else "foreach"
        if name not in self._engines:
            self._engines[name] = _engine(name, self.rule)
        return self._engines[name]

    def __getstate__(self) -> dict[str, object]:
        own = {name: self.__dict__[name] for name in ("rule", "engine", "detect_anomalies", "_key")}
        return {**super().__getstate__(), **own}

    def __setstate__(self, state: dict[str, object]) -> None:
        self._forget()
        super().__setstate__(state)

    def _forget(self) -> None:
        """Drop what can be made again from parameters, groups and state."""
        self._buckets: dict[int, list[Bucket]] = {}
        self._engines: dict[str, Engine] = {}


def _moves(bucket: Bucket, group: Group) -> list[Move]:
    """What is to be done with the parameters of a bucket that have a gradient, after a check."""
    gradients = [p.grad for p in bucket.params]
    lr = float(group["lr"])
    b1, b2, b3 = group["betas"]
    betas = float(b1), float(b2), float(b3)
    options = betas, group["delta"], group["steps"], bucket.key
    return [
        (bucket, first, last, bucket.checked(first, gradients[first:last]), Step(t, *options), lr)
        for first, last, t in bucket.runs(gradients)
    ]


def _engine(name: str, rule: Rule) -> Engine:
    if name == "foreach":
        return Foreach(rule.graph)
    if name == "machine":
        from lstmlab.optimizers.machine import Machine

        return Machine(rule.graph)
    from lstmlab.optimizers.generated import Generated

    return Generated(rule.graph)


def _drawn(generator: torch.Generator | None) -> int:
    """A number from a generator, on whatever device it lives."""
    device = "cpu" if generator is None else generator.device
    return int(torch.randint(1, 2**62, (), generator=generator, device=device))
