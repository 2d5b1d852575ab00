"""Text that a network writes: one character after the other, each drawn from what it expects."""

import numpy as np

from lstmlab.cells import Array, Params
from lstmlab.tasks.generated import check_whole
from lstmlab.training.checks import check_number, from_0
from lstmlab.training.network import Network
from lstmlab.training.stream import Codes, one_hot


def sample(
    network: Network,
    params: Params,
    start: Codes,
    length: int,
    *,
    temperature: float = 1.0,
    rng: np.random.Generator,
) -> Codes:
    """Let a network go on from a beginning.

    Parameters
    ----------
    network : Network
        Of one direction, with the loss "softmax", and as many outputs as inputs.
    params : dict of str to ndarray
    start : ndarray of int, (T,)
        What it reads first, one token or more; for a text, `lstmlab.tasks.shakespeare.codes` makes
        it.
    length : int
        How many tokens are drawn.
    temperature : float
        τ: what is drawn from is p^(1/τ), made to sum to 1. Below 1 likely tokens become likelier;
        at 0 the likeliest is always taken; above 1 all become more alike.
    rng : Generator

    Returns
    -------
    ndarray of int, (length,)
        Codes; `lstmlab.tasks.shakespeare.text` makes a text of them.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range, or the weights are not this network's.
    """
    if network.inputs != network.outputs or network.loss != "softmax":
        raise ValueError(
            f"network must say what follows what it reads, with the loss 'softmax', got {network}"
        )
    start = np.asarray(start)
    right = start.ndim == 1 and len(start) and start.dtype.kind in "iu"
    if not right or start.min() < 0 or start.max() >= network.inputs:
        raise ValueError(
            f"start must be one whole number or more from 0 to {network.inputs - 1}, got {start!r}"
        )
    length = check_whole("length", length, least=0)
    if not isinstance(rng, np.random.Generator):
        raise ValueError(f"rng must be a numpy.random.Generator, got {rng!r}")
    machine = network.stepper(params)
    for frame in one_hot(start, network.inputs, params["W_y"].dtype):
        p = machine(frame)
    drawn = np.empty(length, int)
    for n in range(length):
        drawn[n] = rng.choice(len(p), p=warmed(p, temperature))
        p = machine(one_hot(drawn[n : n + 1], network.inputs, params["W_y"].dtype)[0])
    return drawn


def warmed(p: Array, temperature: float) -> Array:
    """p^(1/τ), made to sum to 1, in float64; for τ = 0 all of it is where p is largest.

    Raises
    ------
    ValueError
        If the temperature is below 0 or no finite number.
    """
    check_number("temperature", temperature, from_0, "a finite number, 0 or more")
    if temperature == 0:
        return np.asarray(np.eye(len(p))[p.argmax()])
    with np.errstate(divide="ignore", over="ignore"):
        log_p = np.log(p.astype(float))
        q = np.exp((log_p - log_p.max()) / temperature)
    return np.asarray(q / q.sum())
