"""What a reader hears: kind, readable, safe in HTML, and the same every time."""

from __future__ import annotations

import re

import pytest
from bs4 import BeautifulSoup

from lstmlab.exercises import Feedback, Wrong
from lstmlab.exercises.feedback import SIGNS, UNWRITTEN

RIGHT = Feedback("network.x", True, "It halves.")
WRONG = Feedback("network.x", False, "It is `< 0`.", "Look at `c & f`.", "sign")
STUB = Feedback("network.x", False, "Not there.", "Write it.", UNWRITTEN)


@pytest.mark.parametrize(
    ("feedback", "text"),
    [
        (RIGHT, "network.x: Right.\nIt halves."),
        (Feedback("network.x", True, ""), "network.x: Right."),
        (WRONG, "network.x: Not yet.\nIt is `< 0`.\nHint: Look at `c & f`."),
        (STUB, "network.x: Not written yet.\nNot there.\nHint: Write it."),
    ],
    ids=["right", "right, no remark", "wrong", "stub"],
)
def test_feedback_reads_as_text(feedback: Feedback, text: str) -> None:
    assert repr(feedback) == text


@pytest.mark.parametrize("feedback", [RIGHT, WRONG, STUB], ids=["right", "wrong", "stub"])
def test_the_page_says_in_words_what_the_text_says(feedback: Feedback) -> None:
    html = feedback._repr_html_()
    assert html == feedback._repr_html_()
    assert "background" not in html, "it must read on a light and on a dark ground"
    tree = BeautifulSoup(html, "html.parser")
    box = tree.select_one("div.lstmlab-feedback[role=status]")
    assert box is not None
    for hidden in box.select("[aria-hidden=true]"):
        hidden.decompose()
    words = " ".join(box.get_text(" ").split())
    said = " ".join(repr(feedback).split()).partition(": ")[2]
    letters = re.compile(r"\W")
    assert letters.sub("", words) == letters.sub("", said)


def test_code_in_a_sentence_is_code_and_markup_is_only_text() -> None:
    tree = BeautifulSoup(WRONG._repr_html_(), "html.parser")
    assert [code.get_text() for code in tree.select("code")] == ["< 0", "c & f"]
    hostile = Feedback("network.x", False, "<script>alert(1)</script>", "&", "a")._repr_html_()
    assert "<script" not in hostile


def test_feedback_is_true_only_if_right() -> None:
    assert RIGHT
    assert not WRONG
    assert not STUB


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, as WCAG 2 counts it."""

    def light(colour: str) -> float:
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("ground", ["#ffffff", "#121212"], ids=["light", "dark"])
@pytest.mark.parametrize("verdict", SIGNS)
def test_the_bar_beside_it_stands_out_in_both_themes(verdict: str, ground: str) -> None:
    assert contrast(SIGNS[verdict][1], ground) >= 3


@pytest.mark.parametrize(
    ("mistake", "says", "hint", "complaint"),
    [
        ("Upside Down", "a", "b", "mistake must be lower-case words"),
        ("", "a", "b", "mistake must be"),
        ("a", " ", "b", "says must be a sentence"),
        ("a", "b", "", "hint must be a sentence"),
    ],
)
def test_a_mistake_has_a_name_a_sentence_and_a_hint(
    mistake: str, says: str, hint: str, complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        Wrong(mistake, says, hint=hint)
