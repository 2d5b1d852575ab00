"""A translator in the manner of Google's: LSTMs that read, LSTMs that write, attention between.

Wu et al. (2016), "Google's Neural Machine Translation System" (GNMT), at a size for one core;
Bello et al. (2017, section 5.3) carry PowerSign to theirs. In the shapes below B is sentences, S
pieces of the longest, U pieces of the longest translation, H units.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from lstmlab.optimizers.transfer.layers import Asked, Attention, Decoder, Encoder
from lstmlab.tasks.generated import check_whole
from lstmlab.tasks.translation.subwords import BEGIN, END, PAD


class Translator(nn.Module):
    """Encoder, attention and decoder.

    Parameters
    ----------
    pieces : int
        Of the language that is read, the four special ones of `subwords` counted in.
    labels : int
        Of the language that is written.
    units : int
        H, of every layer and of the attention's hidden layer; embeddings have as many numbers.
    layers : int
        Of encoder and of decoder. The encoder's first reads in both directions.
    generator : torch.Generator, optional
        From which the first weights come; torch's own if not given.

    Raises
    ------
    ValueError
        If an argument is not as above.

    Notes
    -----
    As in the paper (section 3): only the encoder's first layer is bidirectional; from the third
    layer on, a layer's input is added to its output; attention is a network with one hidden layer,
    asked by the decoder's first layer of the piece before, and what it finds goes to all layers of
    the decoder. Eight layers of 1,024 units are the paper's, one of 64 our default.

    Our decisions: weights and biases begin uniform within 1/√H, which for 1,024 units is 0.031 (the
    paper has 0.04 for all), but embeddings normal with variance 1: so small a network, if they are
    as small, takes more than twice as many epochs. The decoder's states begin at 0, so that all it
    knows of a sentence comes through attention. No dropout.
    """

    def __init__(
        self,
        pieces: int,
        labels: int,
        *,
        units: int = 64,
        layers: int = 1,
        generator: torch.Generator | None = None,
    ) -> None:
        pieces, labels = (
            check_whole(what, value, END + 1)
            for what, value in (("pieces", pieces), ("labels", labels))
        )
        units, layers = check_whole("units", units), check_whole("layers", layers)
        super().__init__()
        self.units, self.layers = units, layers
        with torch.device("meta"):  # no numbers are drawn there
            self.encoder = Encoder(pieces, units, layers)
            self.attention = Attention(units, self.encoder.size)
            self.decoder = Decoder(labels, units, layers, self.encoder.size)
        self.to_empty(device="cpu")
        bound = 1 / math.sqrt(units)
        for name, p in self.named_parameters():
            if "embedding" in name:
                nn.init.normal_(p, generator=generator)
            else:
                nn.init.uniform_(p, -bound, bound, generator=generator)

    def forward(self, x: Tensor, lengths: Tensor, before: Tensor) -> Tensor:
        """Logits of every piece of a translation, given those before it (teacher forcing).

        Parameters
        ----------
        x : Tensor of int64, (B, S)
            Sentences; what is beyond a sentence's length is not read.
        lengths : Tensor of int64, (B,), on the CPU
            1 or more each, S the largest.
        before : Tensor of int64, (B, U)
            <s>, and the translations without their last piece.

        Returns
        -------
        Tensor of float32, (B, U, labels)

        Raises
        ------
        ValueError
            If lengths are not as above.
        """
        attend = self._attend(x, lengths)
        hs, contexts = self.decoder.bottom(self.decoder.embedding(before), attend)
        logits: Tensor = self.decoder.top(hs, contexts)[0]
        return logits

    @torch.no_grad()
    def greedy(self, x: Tensor, lengths: Tensor, longest: int) -> Tensor:
        """Translations of the likeliest piece at each step.

        Parameters
        ----------
        x, lengths
            As for `forward`.
        longest : int
            Pieces after which a translation is broken off.

        Returns
        -------
        Tensor of int64, (B, U)
            U is `longest` at most; after a translation's </s> there is <pad>.

        Raises
        ------
        FloatingPointError
            If logits are not finite.
        ValueError
            As for `forward`.
        """
        attend = self._attend(x, lengths)
        piece = x.new_full((len(x),), BEGIN)
        ended = piece == END
        below, above = None, None
        written = []
        for _ in range(check_whole("longest", longest)):
            h, context, below = self.decoder.step(self.decoder.embedding(piece), attend, below)
            logits, above = self.decoder.top(h[:, None], context[:, None], above)
            if not bool(logits.isfinite().all()):
                raise FloatingPointError("the translator's logits are not finite")
            piece = logits[:, 0].argmax(1).masked_fill(ended, PAD)
            written.append(piece)
            ended = ended | (piece == END)
            if bool(ended.all()):
                break
        return torch.stack(written, 1)

    @torch.no_grad()
    def attended(self, x: Tensor, lengths: Tensor, before: Tensor) -> Tensor:
        """Where the attention was at each piece of a translation.

        Parameters
        ----------
        x, lengths, before
            As for `forward`.

        Returns
        -------
        Tensor of float32, (B, U, S)
            Weights of a sentence's pieces, which add up to 1.
        """
        attend = self._attend(x, lengths)
        hs = self.decoder.bottom(self.decoder.embedding(before), attend)[0]
        asking = torch.cat([torch.zeros_like(hs[:, :1]), hs[:, :-1]], 1)
        return torch.stack([attend.weights(h) for h in asking.unbind(1)], 1)

    def _attend(self, x: Tensor, lengths: Tensor) -> Asked:
        """The encoded sentences, ready to be asked."""
        if lengths.shape != x.shape[:1] or int(lengths.max()) != x.shape[1]:
            raise ValueError(
                f"lengths must be {len(x)} numbers of which the largest is {x.shape[1]}, for x of "
                f"shape {tuple(x.shape)}, got {lengths.tolist()}"
            )
        memory = self.encoder(x, lengths)
        absent = torch.arange(memory.shape[1], device=lengths.device)[None] >= lengths[:, None]
        return Asked(self.attention, memory, absent.to(x.device))
