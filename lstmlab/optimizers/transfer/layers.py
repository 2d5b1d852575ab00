"""What a translator is made of: LSTM layers that read and that write, and attention between.

In the shapes below B is sentences, S pieces of the longest, U pieces of the longest translation, H
units.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

RESIDUAL_FROM = 3
"""From which layer on a layer's input is added to its output (Wu et al. 2016, figure 1)."""
State = tuple[Tensor, Tensor]
"""h and c of an LSTM layer."""


class Encoder(nn.Module):
    """LSTM layers that read a sentence, the first in both directions.

    Parameters
    ----------
    pieces, units, layers : int
        As for `Translator`.

    Attributes
    ----------
    size : int
        Numbers it has for each piece: 2 H with one layer, else H.
    """

    def __init__(self, pieces: int, units: int, layers: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(pieces, units)
        self.first = nn.LSTM(units, units, batch_first=True, bidirectional=True)
        self.others = nn.ModuleList(
            nn.LSTM(2 * units if n == 2 else units, units, batch_first=True)
            for n in range(2, layers + 1)
        )
        self.size = units if layers > 1 else 2 * units

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """(B, S) to (B, S, size); 0 beyond a sentence's end.

        The first layer is told where sentences end: its backward direction begins there. The others
        may read on, for nothing comes back from there.
        """
        packed = pack_padded_sequence(
            self.embedding(x), lengths, batch_first=True, enforce_sorted=False
        )
        read = pad_packed_sequence(self.first(packed)[0], batch_first=True)[0]
        for n, layer in enumerate(self.others, start=2):
            read = residual(n, read, layer(read)[0])
        return read


class Attention(nn.Module):
    """Which places of a sentence matter now: v · tanh(W_q h + W_m memory), softmax over places.

    Parameters
    ----------
    units : int
        H, of its hidden layer and of the h that asks.
    size : int
        Numbers a place.

    Notes
    -----
    Bahdanau et al. (2015, appendix A.1.2); Wu et al., equation 4, "a feed forward network with one
    hidden layer".
    """

    def __init__(self, units: int, size: int) -> None:
        super().__init__()
        self.W_q = nn.Linear(units, units, bias=False)
        self.W_m = nn.Linear(size, units, bias=False)
        self.v = nn.Parameter(torch.empty(units))

    def forward(self, h: Tensor, hidden: Tensor, absent: Tensor) -> Tensor:
        """Weights of the places, which add up to 1.

        Parameters
        ----------
        h : Tensor, (B, H)
        hidden : Tensor, (B, S, H)
            W_m memory, which is the same at every step.
        absent : Tensor of bool, (B, S)
            True beyond a sentence's end; the weight is 0 there.

        Returns
        -------
        Tensor, (B, S)
        """
        scores = torch.tanh(self.W_q(h)[:, None] + hidden) @ self.v
        return scores.masked_fill(absent, -math.inf).softmax(1)


class Asked:
    """Sentences that were read, to be asked at every step of the decoder.

    Parameters
    ----------
    attention : Attention
    memory : Tensor, (B, S, size)
    absent : Tensor of bool, (B, S)
    """

    def __init__(self, attention: Attention, memory: Tensor, absent: Tensor) -> None:
        self.attention, self.memory, self.absent = attention, memory, absent
        self.hidden: Tensor = attention.W_m(memory)

    def weights(self, h: Tensor) -> Tensor:
        """Of the places, (B, S)."""
        weights: Tensor = self.attention(h, self.hidden, self.absent)
        return weights

    def __call__(self, h: Tensor) -> Tensor:
        """The context: the mean of the memory by these weights, (B, size)."""
        return (self.weights(h)[:, None] @ self.memory)[:, 0]


class Decoder(nn.Module):
    """LSTM layers that write a translation, a piece at a time.

    Parameters
    ----------
    labels, units, layers : int
        As for `Translator`.
    size : int
        Numbers of a context.

    Notes
    -----
    Only the first layer and the attention depend on each other from step to step; the layers above
    are given all steps at once. That is why GNMT asks with the first layer (Wu et al., abstract).
    """

    def __init__(self, labels: int, units: int, layers: int, size: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(labels, units)
        self.first = nn.LSTMCell(units + size, units)
        self.others = nn.ModuleList(
            nn.LSTM(units + size, units, batch_first=True) for _ in range(2, layers + 1)
        )
        self.logits = nn.Linear(units, labels)

    def step(
        self, embedded: Tensor, attend: Asked, state: State | None = None
    ) -> tuple[Tensor, Tensor, State]:
        """The first layer's h, (B, H), the context, (B, size), and its state, after one piece."""
        if state is None:
            zero = embedded.new_zeros(len(embedded), self.first.hidden_size)
            state = zero, zero
        context = attend(state[0])
        h, c = self.first(torch.cat([embedded, context], 1), state)
        return h, context, (h, c)

    def bottom(self, embedded: Tensor, attend: Asked) -> tuple[Tensor, Tensor]:
        """All steps of the first layer: h, (B, U, H), and contexts, (B, U, size)."""
        state, hs, contexts = None, [], []
        for one in embedded.unbind(1):
            h, context, state = self.step(one, attend, state)
            hs.append(h)
            contexts.append(context)
        return torch.stack(hs, 1), torch.stack(contexts, 1)

    def top(
        self, hs: Tensor, contexts: Tensor, states: list[State] | None = None
    ) -> tuple[Tensor, list[State]]:
        """The layers above, and the logits, (B, U, labels); the states to go on from."""
        after = []
        for n, layer in enumerate(self.others, start=2):
            state = None if states is None else states[n - 2]
            said, state = layer(torch.cat([hs, contexts], 2), state)
            hs = residual(n, hs, said)
            after.append(state)
        return self.logits(hs), after


def residual(n: int, x: Tensor, y: Tensor) -> Tensor:
    """Output of layer n, counted from 1, whose input was x and whose LSTM said y."""
    return x + y if n >= RESIDUAL_FROM else y
