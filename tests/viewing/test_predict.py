"""A question is whole, plain, and has its answer among its options; a verdict names both."""

from __future__ import annotations

import dataclasses

import pytest

from lstmlab.viewing import Predict, Slider, explore

from .test_explore import HOSTILE, Page, bar, said

ASKED = {"question": "How high?", "options": ["low", "high"], "answer": "high", "because": "It is."}


def ask(**given: object) -> Predict:
    """A question with some parts changed."""
    return Predict(**(ASKED | given))  # type: ignore[arg-type]


def test_a_question_is_frozen_and_its_options_too() -> None:
    options = ["low", "high"]
    predict = ask(options=options)
    options.append("higher")
    assert predict.options == ("low", "high")
    assert not predict.show
    with pytest.raises(dataclasses.FrozenInstanceError):
        predict.answer = "low"  # type: ignore[misc]


def test_a_verdict_names_the_choice_and_what_happened_in_words() -> None:
    assert ask().verdict(1) == ("✓ As you predicted.", "You chose: high · What happened: high")
    word, line = ask().verdict(0)
    assert word == "✗ It comes out differently."
    assert line == "You chose: low · What happened: high"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"question": " "}, "question must be a text, got ' '"),
        ({"question": None}, "question must be a text, got None"),
        ({"because": ""}, "because must be a text, got ''"),
        ({"options": "low"}, "options must be a list of texts, got 'low'"),
        ({"options": ["high"]}, r"options must be 2 to 6 different texts, got \['high'\]"),
        ({"options": ["high", "high "]}, "options must be 2 to 6 different texts"),
        ({"options": [*"abcdef", "high"]}, "options must be 2 to 6 different texts"),
        ({"options": ["high", 2]}, r"options\[1\] must be a text, got 2"),
        ({"options": ["high", ""]}, r"options\[1\] must be a text, got ''"),
        ({"answer": "High"}, "answer must be one of the options 'low', 'high', got 'High'"),
        ({"show": 1}, "show must be True or False, got 1"),
        ({"question": r"Is $\sigma(2)$ large?"}, "question must be plain text without TeX"),
        ({"because": r"It is \(2\)."}, "because must be plain text without TeX"),
        ({"options": ["high", "$x$"]}, r"options\[1\] must be plain text without TeX"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused(given: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ask(**given)


def test_one_dollar_is_no_tex() -> None:
    assert ask(question="What does $5 buy?").question == "What does $5 buy?"


def test_a_widget_takes_a_question_and_nothing_else_for_one() -> None:
    widget = explore(said, predict=ask(), height=[0.2, 0.4])
    assert widget.predict == ask()
    assert repr(widget) == "Explorer(height: 2 values; 2 frames; predict first)"
    with pytest.raises(TypeError, match="predict must be a Predict, got 'How high"):
        explore(said, predict="How high?", height=[0.2, 0.4])  # type: ignore[arg-type]


def test_the_page_asks_before_anything_moves() -> None:
    page = Page(explore(said, predict=ask(), height=[0.2, 0.4]).html)
    assert [text for _, text in page.all("legend")] == ["Predict. How high?"]
    radios = [attrs for attrs, _ in page.all("input") if attrs["type"] == "radio"]
    assert [attrs["value"] for attrs in radios] == ["0", "1"]
    assert len({attrs["name"] for attrs in radios}) == 1
    assert not any("checked" in attrs for attrs in radios)
    assert all("disabled" in attrs for attrs, _ in page.all("fieldset"))
    ((button, text),) = page.all("button")
    assert (button["type"], text) == ("button", "Show me")
    assert "disabled" in button
    assert page.data["predict"] == {
        "lock": "all",
        "verdicts": [[*ask().verdict(0)], [*ask().verdict(1)]],
        "because": "It is.",
    }
    waiting = [text for attrs, text in page.all("p") if "wait" in attrs.get("class", "")]
    assert waiting == ["Choose an answer to see what happens."]


def test_a_picture_that_is_part_of_the_question_is_not_covered() -> None:
    page = Page(explore(said, predict=ask(show=True), height=[0.2, 0.4]).html)
    assert page.data["predict"]["lock"] == "controls"  # type: ignore[call-overload]
    assert not [attrs for attrs, _ in page.all("p") if "wait" in attrs.get("class", "")]
    assert any("controls unlock when you have chosen" in text for _, text in page.all("span"))


def test_without_a_script_the_answer_is_folded_below_the_question() -> None:
    html = explore(said, predict=ask(), height=[0.2, 0.4]).html
    before, _, rest = html.partition("<noscript><details>")
    folded = rest.partition("</details></noscript>")[0]
    assert "high" in folded
    assert "It is." in folded
    assert "It is." not in before


def test_no_text_of_a_question_can_break_out_of_the_page() -> None:
    predict = ask(question=HOSTILE, options=[HOSTILE, "b"], answer=HOSTILE, because=HOSTILE)
    page = Page(explore(lambda n: bar(0.5), alt="A bar", predict=predict, n=Slider([1, 2])).html)
    assert len(page.all("img")) == 1
    assert page.all("legend")[0][1] == f"Predict. {HOSTILE}"
    assert page.data["predict"]["because"] == HOSTILE  # type: ignore[call-overload]
    assert HOSTILE in page.all("label")[0][1]


def test_another_question_gives_other_ids() -> None:
    first, second, third = (
        explore(said, predict=predict, height=[0.2, 0.4]).html
        for predict in (ask(), ask(because="It was."), ask(show=True))
    )
    keys = {Page(html).all("figure")[0][0]["data-explore"] for html in (first, second, third)}
    assert len(keys) == 3
