"""Reads a formula such as "g * exp(sign(g) * sign(m))" into a graph; nothing is run as Python.

    rule       = { name "=" sum ";" } sum
    sum        = product { ("+" | "-") product }
    product    = signed { ("*" | "/") signed }
    signed     = "-" signed | atom
    atom       = "(" sum ")" | name | operand | number | function "(" sum ")"
               | "clip" "(" sum "," bound ")" | "drop" "(" sum "," share ")"
               | "left" "(" sum "," sum ")" | "restarts" "(" number ")"
    operand    = "g" | "g^2" | "g^3" | "m" | "v" | "gamma" | "1" | "noise" | "adam" | "rmsprop"
               | ("1e-4" | "1e-3" | "1e-2" | "1e-1") "*" "w" | "linear" | "cosine"
    function   = "exp" | "log" | "sign" | "sqrt"
    name       = "r1" | "r2" | ...

A name is one value wherever it is used: after `r1 = drop(g, 0.3);` all of `r1` has one mask. The
method is Pratt's (1973): what stands before a value reads it, what stands after it binds it.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from difflib import get_close_matches
from typing import NoReturn

from lstmlab.optimizers.graph import (
    MAX_DEPTH,
    MAX_NODES,
    Builder,
    Graph,
    check_constant,
    check_graph,
    check_restarts,
)
from lstmlab.optimizers.tokens import EXTENSIONS, OPERANDS, TOKENS, UNARY, extension_of
from lstmlab.optimizers.words import ParseError, Word, words_of

MAX_LENGTH = 20_000
"""No formula has more characters; the longest that a rule of `MAX_NODES` nodes has is shorter."""

MAX_NESTING = 2 * MAX_DEPTH + 8
"""How many brackets, signs and right-hand sides may be open; no rule needs more."""

_POWER = {"+": 1, "-": 1, "*": 2, "/": 2}
_MINUS = 3
_NAME = re.compile(r"r[1-9][0-9]{0,8}")
_PLAIN = tuple(name for name in OPERANDS if name.isidentifier())
_FUNCTIONS = tuple(name for name in (*UNARY, "sqrt") if name.isidentifier() and name != "x")
_KNOWN = (*_PLAIN, *_FUNCTIONS, "clip", "drop", "left", "linear", "cosine", "restarts", "w")


def parse(text: str, extensions: Collection[str] = ()) -> Graph:
    """The graph of a formula.

    Parameters
    ----------
    text : str
        At most `MAX_LENGTH` characters; the module says what it may look like.
    extensions : collection of str
        Of `EXTENSIONS`: "sqrt", "const" (numbers other than 1) and "decay".

    Raises
    ------
    ParseError
        If the text is not in the language, too long, too deep or has too many nodes.
    TypeError
        If `text` is no str.
    ValueError
        If `extensions` names one that there is not.
    """
    if not isinstance(text, str):
        raise TypeError(f"text must be a str such as 'g + m', got {type(text).__name__}")
    allowed = check_extensions(extensions)
    if len(text) > MAX_LENGTH:
        reason = f"a formula has at most {MAX_LENGTH} characters, this one has {len(text)}"
        raise ParseError(reason, text, MAX_LENGTH)
    graph = _Parser(text, allowed).rule()
    try:
        return check_graph(graph)
    except ValueError as error:
        raise ParseError(str(error), text, len(text)) from None


def check_extensions(extensions: Collection[str]) -> frozenset[str]:
    """The extensions as a set; ValueError if one is unknown."""
    if isinstance(extensions, str) or not isinstance(extensions, Collection):
        raise TypeError(f"extensions must be a tuple such as ('sqrt',), got {extensions!r}")
    for name in extensions:
        if name not in EXTENSIONS:
            raise ValueError(f"extensions may name {', '.join(EXTENSIONS)}, got {name!r}")
    return frozenset(extensions)


class _Parser:
    """Reads the words of one formula from left to right."""

    def __init__(self, text: str, extensions: frozenset[str]) -> None:
        self._text, self._extensions = text, extensions
        self._words, self._at, self._open = words_of(text), 0, 0
        self._build = Builder()
        self._names: dict[str, int] = {}
        self._unused: dict[str, Word] = {}

    def rule(self) -> Graph:
        while _NAME.fullmatch(self._word.text) and self._words[self._at + 1].text == "=":
            self._definition()
        result = self._sum()
        if self._word.kind != "end":
            self._fail("expected +, -, *, / or the end")
        for name, word in self._unused.items():
            self._fail(f"{name} is never used", word)
        return self._build.graph(result)

    def _definition(self) -> None:
        word = self._next()
        if word.text in self._names:
            self._fail(f"{word.text} has a value already", word)
        self._expect("=")
        self._names[word.text] = self._sum()
        self._unused[word.text] = word
        self._expect(";")

    def _sum(self, power: int = 0) -> int:
        """A value and what binds it more strongly than `power`."""
        self._open += 1
        if self._open > MAX_NESTING:
            self._fail(f"more than {MAX_NESTING} brackets and signs are open")
        value = self._atom()
        while _POWER.get(self._word.text, 0) > power:
            sign = self._next()
            value = self._add(sign, sign.text, value, self._sum(_POWER[sign.text]))
        self._open -= 1
        return value

    def _atom(self) -> int:
        word = self._next()
        if word.text == "-":
            return self._add(word, "-x", self._sum(_MINUS))
        if word.text == "(":
            value = self._sum()
            self._expect(")")
            return value
        if word.kind == "number":
            return self._number(word)
        if word.kind == "name":
            return self._named(word)
        return self._fail("expected an operand, a function or a bracket", word)

    def _number(self, word: Word) -> int:
        number = self._value_of(word)
        if self._word.text == "*" and self._words[self._at + 1].text == "w":
            self._at += 2
            return self._add(word, self._amount(word, "*w", "the factor of w"))
        if number == 1.0:
            return self._add(word, "1")
        self._ask("const", f"{word.text}, a number other than 1,", word)
        return self._add(word, "const", value=number)

    def _named(self, word: Word) -> int:
        name = word.text
        if name in self._names:
            self._unused.pop(name, None)
            return self._names[name]
        if name == "g" and self._word.text == "^":
            return self._power()
        if name in _PLAIN:
            return self._add(word, name)
        if name in ("linear", "cosine"):
            self._ask("decay", name, word)
            return self._add(word, name)
        if name in (*_FUNCTIONS, "clip", "drop", "left", "restarts"):
            return self._function(word)
        if name == "w":
            self._fail("w has a factor before it, as in 1e-4*w", word)
        if _NAME.fullmatch(name):
            self._fail(f"{name} has no value yet; give it one before, as in {name} = g + m;", word)
        return self._fail(f"unknown name {name[:20]!r}{_guess(name[:20])}", word)

    def _power(self) -> int:
        self._expect("^")
        exponent = self._next()
        if exponent.text not in ("2", "3"):
            self._fail("only g^2 and g^3 are in the language", exponent)
        return self._add(exponent, f"g^{exponent.text}")

    def _function(self, word: Word) -> int:
        name = word.text
        if (extension := extension_of(name)) is not None:
            self._ask(extension, name, word)
        self._expect("(")
        if name == "restarts":
            return self._restarts()
        if (
            name == "sign"
            and self._word.text in ("g", "m")
            and self._words[self._at + 1].text == ")"
        ):
            whose = self._next().text
            self._at += 1
            return self._add(word, f"sign({whose})")
        value = self._sum()
        if name == "left":
            self._expect(",")
            value = self._add(word, "left", value, self._sum())
        elif name in ("clip", "drop"):
            self._expect(",")
            what = "the bound of clip" if name == "clip" else "the probability of drop"
            value = self._add(word, self._amount(self._next(), name, what), value)
        else:
            value = self._add(word, name, value)
        self._expect(")")
        return value

    def _restarts(self) -> int:
        word = self._next()
        try:
            number = check_restarts(self._value_of(word))
        except ValueError as error:
            self._fail(str(error), word)
        self._expect(")")
        return self._add(word, "restarts", value=number)

    def _amount(self, word: Word, family: str, what: str) -> str:
        """The token of a family (clip, drop, *w) that has the amount that was read."""
        tokens = [token for token in TOKENS.values() if family in token.name]
        number = self._value_of(word)
        for token in tokens:
            if token.amount == number:
                return token.name
        known = ", ".join(token.name.replace(family, "") for token in tokens)
        return self._fail(f"{what} must be one of {known}", word)

    def _value_of(self, word: Word) -> float:
        if word.kind != "number":
            self._fail("expected a number", word)
        try:
            return check_constant(float(word.text))
        except ValueError:
            return self._fail("this number is too large", word)

    def _ask(self, extension: str, what: str, word: Word) -> None:
        if extension not in self._extensions:
            way = f"Rule.parse(..., extensions=({extension!r},))"
            self._fail(f"{what} is an extension, to be allowed by {way}", word)

    @property
    def _word(self) -> Word:
        return self._words[self._at]

    def _next(self) -> Word:
        word = self._word
        if word.kind != "end":
            self._at += 1
        return word

    def _expect(self, text: str) -> None:
        if self._word.text != text:
            self._fail(f"expected {text!r}")
        self._at += 1

    def _add(self, word: Word, op: str, *args: int, value: float | None = None) -> int:
        place = self._build.add(op, *args, value=value)
        if place >= MAX_NODES:
            self._fail(f"a rule has at most {MAX_NODES} nodes", word)
        return place

    def _fail(self, reason: str, word: Word | None = None) -> NoReturn:
        word = word or self._word
        if word.kind == "stranger":
            reason = f"{word.text!r} is not in the language"
        raise ParseError(reason, self._text, word.position)


def _guess(name: str) -> str:
    """What may have been meant by a name that is unknown."""
    from lstmlab.optimizers.zoo import ZOO  # whose rules are read here

    if name in ZOO:
        return f"; the rule of this name is ZOO[{name!r}].rule"
    near = get_close_matches(name.lower(), _KNOWN, 1)
    return f"; {near[0]}?" if near else ""
