"""What made-up writers write: common words, in an order that means nothing."""

from __future__ import annotations

import numpy as np

_WORDS = """
a about above after again air all along also always am an and animal another answer any apple are
around as ask at away back bad ball be beach bear because bed been before began begin being below
best better between big bird black blue boat body book both box boy bread bring brother brown
but buy by call came can car carry cat chair change child city clean close cloud cold come could
country cow cut dance dark day deep did different do dog door down draw dream drink drive dry each
ear earth eat egg eight end enough even evening every eye face fall family far farm fast father feel
feet few field find fire first fish five floor flower fly follow food foot for forest found four
friend from front full game garden gave get girl give glass go gold good grass great green grew
ground group grow had hair half hand happy hard has hat have he head hear heart heavy help her here
high hill him his hold home horse hot hour house how hundred ice idea if in inside into island it
job jump just keep kind king knew know lake land large last late laugh learn leave left leg let
letter life light like line list listen little live long look lost love low made make man many map
may me mean men might mile milk money moon more morning most mother mountain mouth move much music
must my name near never new next night nine no north nose not note now number of off often old on
once one only open or orange other our out over own page paper part people piano picture piece place
plant play point queen question quick quiet rain ran read ready red rest right river road rock room
round run said same sand saw say school sea second see seem seven she ship short should show side
sing sister sit six sleep slow small snow so some song soon sound south space stand star start stay
still stone stop story street strong such summer sun sure swim table take talk tall tell ten than
that the their them then there these they thing think this those thought three through time to
today together told too took top town toward tree true try turn two under until up us use valley
very voice wait walk wall want warm was wash watch water way we week well went were west what wheel
when where which while white who why wide will wind window winter with wood word work world would
write year yellow yes yet you young your zebra zero zoo
"""
WORDS = tuple(_WORDS.split())


def line(rng: np.random.Generator, words: int = 3) -> str:
    """Some words, now and then with a capital, a number, or a mark after a word.

    Parameters
    ----------
    rng : numpy.random.Generator
    words : int
        1 or more.
    """
    text = []
    for _ in range(words):
        word = WORDS[rng.integers(len(WORDS))]
        chance = rng.random()
        if chance < 0.12:
            word = word.capitalize()
        elif chance < 0.15:
            word = str(rng.integers(1, 2000))
        if rng.random() < 0.12:
            word += str(rng.choice(list(".,.,.,?!;:")))
        text.append(word)
    return " ".join(text)
