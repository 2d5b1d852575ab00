"""The phones of TIMIT: 61 as they are labelled, 48 and 39 as they are often scored.

Lee and Hon ("Speaker-independent phone recognition using hidden Markov models", 1989) folded the
61 to 48 for models, and further to 39 for scores. Greff et al. (section IV-A.1) use all 61.
"""

_NAMES = """
aa ae ah ao aw ax ax-h axr ay b bcl ch d dcl dh dx eh el em en eng epi er ey f g gcl h# hh hv ih ix
iy jh k kcl l m n ng nx ow oy p pau pcl q r s sh t tcl th uh uw ux v w y z zh
"""
PHONES = tuple(_NAMES.split())
"""The 61 labels, in alphabetic order: a class is a place in this list."""

IGNORED = "q"
"""The glottal stop has no class among the 48 and the 39: such frames are not scored."""

_TO_48 = {
    "ax-h": "ax", "axr": "er", "bcl": "vcl", "dcl": "vcl", "gcl": "vcl", "pcl": "cl", "tcl": "cl",
    "kcl": "cl", "em": "m", "eng": "ng", "h#": "sil", "pau": "sil", "hv": "hh", "nx": "n",
    "ux": "uw",
}  # fmt: skip
_TO_39 = {
    "ao": "aa", "ax": "ah", "cl": "sil", "vcl": "sil", "epi": "sil", "el": "l", "en": "n",
    "ix": "ih", "zh": "sh",
}  # fmt: skip


def fold(phone: str, classes: int = 39) -> str | None:
    """What one of the 61 phones is called among 48 or 39; None for the glottal stop.

    Parameters
    ----------
    phone : str
    classes : {48, 39}

    Raises
    ------
    ValueError
        If there is no such phone, or no such set.
    """
    if phone not in PHONES:
        raise ValueError(f"phone must be one of TIMIT's 61, got {phone!r}")
    if classes not in (48, 39):
        raise ValueError(f"classes must be 48 or 39, got {classes!r}")
    if phone == IGNORED:
        return None
    of_48 = _TO_48.get(phone, phone)
    return of_48 if classes == 48 else _TO_39.get(of_48, of_48)
