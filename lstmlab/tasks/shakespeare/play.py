"""A generated play: five acts of four scenes, in verse and prose, drawn from a seed.

A play has a shape that a network can find out about. A name in capitals and a colon stand before
every speech, and an empty line after it; those who speak in verse always do; brackets and
quotation marks that are opened are closed before the speech ends; and only who is on the stage
speaks, is called by name, or leaves.
"""

from __future__ import annotations

import numpy as np

from lstmlab.tasks.shakespeare.lexicon import KINDS
from lstmlab.tasks.shakespeare.verse import Poet

CHARACTERS = 200_000
ACTS, SCENES = 5, 4
NUMERALS = ("I", "II", "III", "IV", "V")
NAMES = tuple(name for names in KINDS["name"].values() for name in names)
CAST, COMMONERS = 14, 4  # of all names, and of them those who speak prose

PLACES = (
    "A hall", "A chamber", "A garden", "A gate", "The cellar", "The kitchen", "A tower", "A wall",
)  # fmt: skip
NEAR = (
    "in the castle", "of the abbey", "by the river", "near the harbour", "in the king's palace",
    "of an inn",
)  # fmt: skip
DOES = ("Kneels", "Reads", "Draws a sword", "Gives a letter", "Weeps", "Sings", "Drinks", "Turns")


def write(seed: int, characters: int = CHARACTERS) -> str:
    """Write the play of a seed.

    Parameters
    ----------
    seed : int
        0 or more.
    characters : int
        How long it is, nearly: a scene ends with the speech that reaches its share.

    Returns
    -------
    str
        Lines end with a line feed.
    """
    rng = np.random.default_rng(seed)
    cast = [NAMES[place] for place in rng.permutation(len(NAMES))[:CAST]]
    text = ""
    for act in range(ACTS):
        text += f"ACT {NUMERALS[act]}\n\n"
        for number in range(SCENES):
            share = characters * (act * SCENES + number + 1) // (ACTS * SCENES)
            text += _scene(rng, cast, NUMERALS[number], share - len(text))
    return text


def _scene(rng: np.random.Generator, cast: list[str], numeral: str, length: int) -> str:
    """One scene, of so many characters or a little more."""
    there = [cast[place] for place in rng.permutation(CAST)[: 2 + int(3 * rng.random())]]
    poet = Poet(rng, there)
    where = f"{poet.one(PLACES)} {poet.one(NEAR)}"
    text = f"SCENE {numeral}. {where}.\n\n[Enter {_listed(there)}.]\n\n"
    speaker = ""
    while len(text) < length:
        speaker = poet.one([name for name in there if name != speaker])
        poet.present = [name for name in there if name != speaker]
        lines = _speech(poet, prose=speaker in cast[:COMMONERS])
        text += f"{speaker.upper()}:\n" + "".join(f"{line}\n" for line in lines) + "\n"
        if poet.chance(0.06) and len(there) > 2:
            there.remove(speaker)
            text += f"[Exit {speaker.upper()}.]\n\n"
        elif poet.chance(0.06) and len(there) < 5:
            comes = poet.one([name for name in cast if name not in there])
            there.append(comes)
            text += f"[Enter {comes.upper()}.]\n\n"
    return text + "[Exeunt.]\n\n"


def _speech(poet: Poet, *, prose: bool) -> list[str]:
    """One speech, and perhaps what is done while it is spoken."""
    length = 1 + int(7 * poet.rng.random() ** 1.5)
    lines = poet.prose(1 + length // 2) if prose else poet.verse(length)
    if poet.chance(0.15):
        done = poet.one([*DOES, "Aside", f"To {poet.one(poet.present)}"])
        return [f"[{done}.]", *lines]
    return lines


def _listed(names: list[str]) -> str:
    """The names, as in "ONE, TWO and THREE"."""
    large = [name.upper() for name in names]
    return f"{', '.join(large[:-1])} and {large[-1]}"
