"""The network that writes update rules: an LSTM, and a softmax for every place of the string."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

import torch
from torch import Tensor, nn

from lstmlab.optimizers.grammar import Grammar, Tokens
from lstmlab.optimizers.recurrence import lstm, step
from lstmlab.optimizers.spelling import check_grammar, check_tokens
from lstmlab.search.searcher import check_count, check_number

Pick: TypeAlias = Callable[[int, Tensor], Tensor]
"""Chooses from log-probabilities (B, K) at a place: its number, and they, to (B,) whole numbers."""


class Policy(nn.Module):
    """A probability for each token string of a grammar (Bello et al., 2017, section 3.2).

    The token that was just written is what the LSTM reads next, as a vector of its own; at the
    beginning, the vector of a start sign. At place t its outputs y go to the softmax of that
    place,

        p(token k | tokens before) ∝ exp(W_y[t, k] · y + b_y[t, k]),

    where the logits of forbidden tokens are set to -∞.

    Parameters
    ----------
    grammar : Grammar
    units : int
        N: LSTM blocks, and numbers in a token's vector; 150 in the paper.
    spread : float
        Every first weight, biases and vectors too, is uniform on [-spread, spread]; 0.08 in the
        paper.
    generator : torch.Generator, optional
        Of the first weights, on the CPU; torch's own if not given.
    dtype : torch.dtype
        float32 or float64. The first weights of both are the same, but for rounding.

    Attributes
    ----------
    grammar : Grammar
    length : int
        L = 5 · groups, the tokens of a string.
    E : Parameter, (1 + V, N)
        Vectors: the start sign's, and those of the V different tokens.
    W_z, R_z, b_z, W_i, R_i, b_i, W_f, R_f, b_f, W_o, R_o, b_o : Parameter
        Of the LSTM, as Greff et al. write them, without peepholes: (N, N), and (N,) for b.
    W_y, b_y : Parameter, (∑ K_t, N) and (∑ K_t,)
        Of the softmaxes, one place's rows below the other's: K_t is the number of tokens in
        `grammar.slot(t)`.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as above.

    Notes
    -----
    Actions are strings as whole numbers: a LongTensor (B, L), where actions[b, t] is the place of
    a token in `grammar.slot(t)`. A string that the grammar forbids has probability 0.

    What is forbidden depends on the place and the token before alone (`Grammar.choices`), so that
    it is a table. Everything is made of torch's own operations, which can be differentiated twice.
    """

    E: nn.Parameter
    W_y: nn.Parameter
    b_y: nn.Parameter
    sizes: Tensor
    words: Tensor
    rows: Tensor
    forbidden: Tensor

    def __init__(
        self,
        grammar: Grammar,
        *,
        units: int = 150,
        spread: float = 0.08,
        generator: torch.Generator | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__()
        self.grammar = check_grammar(grammar)
        self.units = check_count(units, "units")
        self.spread = check_number(spread, "spread", 0, math.inf, "0 or more")
        if dtype not in (torch.float32, torch.float64):
            raise ValueError(f"dtype must be torch.float32 or torch.float64, got {dtype!r}")
        self.length = 5 * grammar.groups
        self._slots = [grammar.slot(place) for place in range(self.length)]
        with torch.device("cpu"):  # whatever torch's default is
            self._tables()
        N, K = self.units, sum(map(len, self._slots))
        shapes: dict[str, tuple[int, ...]] = {"E": (int(self.words.max()) + 1, N)}
        for part in "zifo":
            shapes |= {f"W_{part}": (N, N), f"R_{part}": (N, N), f"b_{part}": (N,)}
        shapes |= {"W_y": (K, N), "b_y": (K,)}
        for name, shape in shapes.items():
            u = torch.rand(shape, generator=generator, dtype=torch.float64, device="cpu")
            setattr(self, name, nn.Parameter(((2 * u - 1) * self.spread).to(dtype)))

    def extra_repr(self) -> str:
        """The grammar and the size."""
        return f"{self.grammar}, units={self.units}"

    def logits(self, actions: Tensor) -> list[Tensor]:
        """For every place t, (B, K_t): what its softmax is of, after the tokens before; -∞ where
        one is forbidden."""
        logits = self._logits(self._check(actions))
        return [logits[:, t, : len(slot)] for t, slot in enumerate(self._slots)]

    def distributions(self, actions: Tensor) -> Tensor:
        """log p of every token after the tokens before: (B, L, K), where K is the longest slot's.

        -∞ for tokens that are forbidden and beyond a slot's end.
        """
        return self._logits(self._check(actions)).log_softmax(-1)

    def log_probs(self, actions: Tensor) -> Tensor:
        """log p of every token that was chosen, (B, L): -∞ for a token that is forbidden there."""
        log_p = self.distributions(actions)
        return log_p.gather(2, actions.to(log_p.device)[:, :, None]).squeeze(2)

    def log_prob(self, actions: Tensor) -> Tensor:
        """log p of every string, (B,): -∞ for a string that the grammar forbids."""
        return self.log_probs(actions).sum(1)

    def entropy(self, actions: Tensor) -> Tensor:
        """In nats, (B,): of the distribution at every place after the tokens before, summed.

        Its mean over strings that the policy wrote is, in expectation, the entropy of all strings.
        """
        log_p = self.distributions(actions)
        return -(log_p.exp() * log_p.masked_fill(log_p.isneginf(), 0)).sum((1, 2))

    @torch.no_grad()
    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """n strings, each token drawn from its distribution: a LongTensor (n, L).

        The generator gives one number for every token, in float64: from one on the CPU, policies
        on any device take the same numbers.

        Raises
        ------
        FloatingPointError
            If weights are not finite, or so large that logits are not.
        """
        device = "cpu" if generator is None else generator.device
        shape = check_count(n), self.length
        u = torch.rand(shape, generator=generator, dtype=torch.float64, device=device)
        u = u.to(self.E.device)

        def drawn(t: int, log_p: Tensor) -> Tensor:
            """The first token up to which there is more than a share u of the probability."""
            below = log_p.double().exp().cumsum(1)
            total = below[:, -1:]
            return ((below <= u[:, t, None] * total) & (below < total)).sum(1)

        return self._write(n, drawn)

    @torch.no_grad()
    def greedy(self) -> Tensor:
        """The string of which every token is the likeliest after those before: LongTensor (L,).

        Which need not be the likeliest string.
        """
        return self._write(1, lambda t, log_p: log_p.argmax(1))[0]

    @torch.no_grad()
    def choices(self, before: Sequence[str] = ()) -> dict[str, float]:
        """The tokens that may come next, with their probabilities.

        Raises
        ------
        ValueError
            If `before` is not the beginning of a string of the grammar, or is a whole one.
        """
        allowed = self.grammar.choices(before)
        t = len(before)
        begun = [self._slots[place].index(token) for place, token in enumerate(before)]
        actions = torch.tensor([begun + [0] * (self.length - t)], device=self.E.device)
        p = self._logits(actions)[0, t].softmax(0).tolist()
        return {token: p[self._slots[t].index(token)] for token in allowed}

    def tokens(self, actions: Tensor) -> list[Tokens]:
        """The strings of actions (B, L)."""
        return [
            tuple(slot[action] for slot, action in zip(self._slots, row, strict=True))
            for row in self._check(actions).tolist()
        ]

    def actions(self, strings: Sequence[Sequence[str]]) -> Tensor:
        """Strings as actions, (B, L); ValueError if one is not of the grammar."""
        rows = [
            [slot.index(token) for slot, token in zip(self._slots, tokens, strict=True)]
            for tokens in (
                check_tokens(self.grammar, string, f"strings[{n}]")
                for n, string in enumerate(strings)
            )
        ]
        return torch.tensor(rows, device=self.E.device).reshape(len(rows), self.length)

    def _tables(self) -> None:
        """What depends on the grammar alone, for place t, the token before p and the token k:
        how many k there are, their rows in E and in W_y, and whether p forbids k."""
        L, K = self.length, max(map(len, self._slots))
        number = {token: n for n, token in enumerate(dict.fromkeys(sum(self._slots, ())), start=1)}
        words, rows = torch.zeros(L, K, dtype=torch.long), torch.zeros(L, K, dtype=torch.long)
        forbidden = torch.ones(L, K, K, dtype=torch.bool)
        head, first = self.grammar.string(0), 0
        for t, slot in enumerate(self._slots):
            words[t, : len(slot)] = torch.tensor([number[token] for token in slot])
            rows[t, : len(slot)] = torch.arange(first, first + len(slot))
            first += len(slot)
            befores = self._slots[t - 1] if t % 5 == 1 else head[t - 1 : t] if t else ("",)
            allowed = [self.grammar.choices((*head[: t - 1], p) if t else ()) for p in befores]
            table = torch.tensor([[token not in tokens for token in slot] for tokens in allowed])
            forbidden[t, : len(befores) if t % 5 == 1 else K, : len(slot)] = table
        for name, value in (("words", words), ("rows", rows), ("forbidden", forbidden)):
            self.register_buffer(name, value, persistent=False)
        sizes = torch.tensor([len(slot) for slot in self._slots])
        self.register_buffer("sizes", sizes, persistent=False)

    def _check(self, actions: Tensor) -> Tensor:
        """Actions, on the policy's device; an error that says what is wrong with them."""
        if not isinstance(actions, Tensor) or actions.dtype != torch.long:
            kind = actions.dtype if isinstance(actions, Tensor) else type(actions).__name__
            raise TypeError(f"actions must be a LongTensor, got {kind}")
        if actions.dim() != 2 or actions.shape[1] != self.length:
            raise ValueError(
                f"actions must be (B, {self.length}) for {self.grammar.groups} groups, "
                f"got {tuple(actions.shape)}"
            )
        actions = actions.to(self.E.device)
        wrong = (actions < 0) | (actions >= self.sizes)
        if wrong.any():
            b, t = wrong.nonzero()[0].tolist()
            raise ValueError(
                f"actions[{b}, {t}] must be from 0 to {self.sizes[t] - 1}, got {actions[b, t]}"
            )
        return actions

    def _logits(self, actions: Tensor) -> Tensor:
        """(B, L, K), -∞ where a token is forbidden or none."""
        B, L = actions.shape
        before = torch.cat([actions.new_zeros(B, 1), actions[:, :-1]], 1)
        place = torch.arange(L, device=actions.device)
        read = self.words[place[:-1], before[:, 1:]]
        x = self.E[torch.cat([actions.new_zeros(B, 1), read], 1)]
        W, R, b = self._lstm()
        x = x.transpose(0, 1).flatten(0, 1)
        a_x = torch.cat([torch.addmm(b_p, x, W_p.T) for W_p, b_p in zip(W, b, strict=True)], 1)
        y = lstm(a_x.view(L, B, -1), *R)  # (L, B, N)
        a_y = torch.baddbmm(self.b_y[self.rows][:, None], y, self.W_y[self.rows].transpose(1, 2))
        return a_y.transpose(0, 1).masked_fill(self.forbidden[place, before], -math.inf)

    def _write(self, n: int, pick: Pick) -> Tensor:
        """n strings, token by token."""
        W, R, b = (torch.cat(parts) for parts in self._lstm())
        y = c = self.E.new_zeros(n, self.units)
        last = torch.zeros(n, dtype=torch.long, device=self.E.device)
        word, written, finite = last, [], torch.tensor(True, device=self.E.device)
        for t, slot in enumerate(self._slots):
            y, c = step(self.E[word] @ W.T + b + y @ R.T, c)
            rows = self.rows[t, : len(slot)]
            a_y = torch.addmm(self.b_y[rows], y, self.W_y[rows].T)
            finite &= a_y.isfinite().all()
            log_p = a_y.masked_fill(self.forbidden[t, last, : len(slot)], -math.inf).log_softmax(1)
            last = pick(t, log_p)
            word = self.words[t, last]
            written.append(last)
        if not finite:
            raise FloatingPointError("the policy's weights must be finite and not so large")
        return torch.stack(written, 1)

    def _lstm(self) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
        """W, R and b of the parts z, i, f and o."""
        W, R, b = ([getattr(self, f"{name}_{part}") for part in "zifo"] for name in "WRb")
        return W, R, b
