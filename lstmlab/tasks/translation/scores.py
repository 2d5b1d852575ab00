"""How good translations are: BLEU, as sacreBLEU computes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Score:
    """BLEU, and how it was computed.

    Attributes
    ----------
    value : float
        0 to 100.
    signature : str
        What sacreBLEU calls its settings and version; two values compare if it is the same.
    """

    value: float
    signature: str


def bleu(hypotheses: Sequence[str], references: Sequence[str]) -> Score:
    """Score translations, all together, against one reference each.

    Parameters
    ----------
    hypotheses, references : sequence of str
        As many of both, one or more. Plain text, as `decode` gives it: sacreBLEU cuts it itself.

    Raises
    ------
    ValueError
        If they differ in number, or there are none, or one is a text.

    Notes
    -----
    Papineni et al. (2002); Post (2018). "A call for clarity in reporting BLEU scores".
    """
    from sacrebleu.metrics.bleu import BLEU

    if isinstance(hypotheses, str) or isinstance(references, str):
        raise ValueError("hypotheses and references must be sequences of texts, got one text")
    if len(hypotheses) != len(references) or not references:
        raise ValueError(
            "hypotheses must be as many as references, one or more, "
            f"got {len(hypotheses)} and {len(references)}"
        )
    metric = BLEU()
    value = metric.corpus_score(hypotheses, [references]).score
    return Score(float(value), str(metric.get_signature()))
