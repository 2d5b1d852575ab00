"""Text as pieces of words, learnt from the training text: byte pair encoding by SentencePiece."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lstmlab.tasks.generated import check_codes

if TYPE_CHECKING:
    from sentencepiece import SentencePieceProcessor

PAD, BEGIN, END, UNKNOWN = range(4)
SPECIAL = ("<pad>", "<s>", "</s>", "<unk>")
"""The first four pieces of every vocabulary."""
BLANK = "\u2581"
"""What a piece has for the blank before a word."""
LONGEST_LEARNT = 4192  # bytes: nothing is learnt from a longer sentence
MOST_LEARNT = 500_000
"""From how many sentences a vocabulary is learnt, at most."""


@dataclass(frozen=True)
class Subwords:
    """The pieces of one language.

    Parameters
    ----------
    model : bytes
        SentencePiece's model, as `learn` makes it.
    """

    model: bytes

    @cached_property
    def _processor(self) -> SentencePieceProcessor:
        from sentencepiece import SentencePieceProcessor

        return SentencePieceProcessor(model_proto=self.model)

    @cached_property
    def pieces(self) -> tuple[str, ...]:
        """What each code stands for; the first four are `SPECIAL`."""
        known = self._processor
        return tuple(known.id_to_piece(code) for code in range(known.get_piece_size()))

    def encode(self, text: str) -> NDArray[np.int32]:
        """The codes of a text, (T,); a character that training did not have is UNKNOWN."""
        return np.array(self._processor.encode(text), np.int32)

    def decode(self, codes: Iterable[int]) -> str:
        """The text of some codes, as `decode`."""
        return decode(self.pieces, codes)


def decode(pieces: Sequence[str], codes: Iterable[int]) -> str:
    """The text of some codes, up to the first </s>.

    Parameters
    ----------
    pieces : sequence of str
        What each code stands for.
    codes : iterable of int
        Where a network chose <pad> or <s>, nothing is written; where it chose <unk>, a ⁇ is.
    """
    said = []
    for code in check_codes("codes", codes, len(pieces)).tolist():
        if code == END:
            break
        if code == UNKNOWN:
            said.append("\u2047")
        elif code not in (PAD, BEGIN):
            said.append(pieces[code])
    return "".join(said).replace(BLANK, " ").strip(" ")


def learn(texts: Sequence[str], size: int, *, coverage: float = 1.0) -> Subwords:
    """Learn the pieces of a language.

    Parameters
    ----------
    texts : sequence of str
        Sentences. Of more than `MOST_LEARNT`, so many are taken at even distances.
    size : int
        How many pieces, the four special ones counted in, where the text has that many. Every
        character of the text is a piece, so it must have room for these.
    coverage : float
        What share of the text those characters make up that are pieces: rarer ones are unknown.

    Returns
    -------
    Subwords
        The same for the same sentences: nothing is drawn, and there is one thread. No file is
        written.

    Raises
    ------
    ValueError
        If there is nothing to learn from, or there are too many characters for the size.

    Notes
    -----
    Sennrich et al. (2016); Kudo and Richardson (2018), SentencePiece. Its normalisation is
    switched off, so that decoding what was encoded gives the same text, but for three things:
    blanks at its ends are gone, and of several in a row one is left; the character U+2581, which
    stands for a blank in pieces, becomes one; and a character that is no piece becomes a ⁇.
    """
    from sentencepiece import SentencePieceTrainer

    step = -(-len(texts) // MOST_LEARNT) or 1
    chosen = [text for text in texts[::step] if 0 < len(text.encode()) <= LONGEST_LEARNT]
    if not chosen:
        raise ValueError(
            f"texts must hold a sentence of 1 to {LONGEST_LEARNT} bytes, got {len(texts)} others"
        )
    model = io.BytesIO()
    try:
        SentencePieceTrainer.train(
            sentence_iterator=iter(chosen), model_writer=model, model_type="bpe", vocab_size=size,
            hard_vocab_limit=False, character_coverage=coverage,
            normalization_rule_name="identity", shuffle_input_sentence=False, num_threads=1,
            minloglevel=2, pad_id=PAD, bos_id=BEGIN, eos_id=END, unk_id=UNKNOWN,
        )  # fmt: skip
    except RuntimeError as error:
        if needed := re.search(r"required_chars\. \d+ vs (\d+)", str(error)):
            raise ValueError(
                f"size must be {needed[1]} or more, for every character and {len(SPECIAL)} special "
                f"pieces, got {size}"
            ) from error
        raise ValueError(f"texts must be sentences to learn from, got: {error}") from error
    return Subwords(model.getvalue())
