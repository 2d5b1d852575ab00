"""What the tests of explorable figures look for is seen where it is missing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from .browser import chromium
from .explorables import PARTS, controls, lock_faults, stuck

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started  # type: ignore[misc]


# A figure of one control, which is any of the four kinds.
EXPLORABLE = """<figure class="lstmlab-explore">CONTROL
<div class="lstmlab-explore-frame">0</div>
<figcaption class="lstmlab-explore-says" aria-live="polite">It is 0.</figcaption></figure>
<script>
const one = which => document.querySelector(which);
const steps = document.querySelectorAll("[role=group] button");
const moves = {
  frame: v => { one(".lstmlab-explore-frame").innerHTML = v; },
  sentence: v => { one("figcaption").textContent = `It is ${v}.`; },
  value: v => one("output")?.replaceChildren(steps.length ? `${v + 1} of 10` : v),
  "spoken value": v => { one("[type=range]")?.setAttribute("aria-valuetext", v); },
};
const show = v => Object.entries(moves).forEach(([k, move]) => k === "STUCK" || move(v));
let n = 0;
for (const b of steps) b.onclick = () => show(n = Math.min(Math.max(n + Number(b.value), 0), 9));
one("figure").oninput = ({target}) =>
  show(target.type === "checkbox" ? Number(target.checked) : target.value);
</script>"""
CONTROLS = {
    "range": """<label for="s">Peephole</label><input type="range" id="s" min="0" max="9"
value="0" aria-valuetext="0"><output for="s">0</output>""",
    "choice": """<fieldset><legend>Peephole</legend><label><input type="radio" name="c" value="0"
checked>0</label><label><input type="radio" name="c" value="1">1</label></fieldset>""",
    "checkbox": """<label><input type="checkbox" id="s">Peephole</label>
<output for="s">0</output>""",
    "step": """<div role="group" aria-labelledby="s"><button value="-1">Back</button>
<button value="1">Next</button><span id="s">Peephole</span><output>1 of 10</output></div>""",
}


# The parts of each that a script has to move; the rest is the browser's own.
MOVED = {"range": PARTS, "choice": PARTS[:2], "checkbox": PARTS[:3], "step": PARTS[:3]}


@pytest.mark.parametrize(
    ("kind", "part"), [(kind, part) for kind, parts in MOVED.items() for part in (*parts, "")]
)
def test_a_figure_with_a_part_that_stands_still_would_be_seen(
    browser: Browser, kind: str, part: str
) -> None:
    page = browser.new_page()
    page.set_content(EXPLORABLE.replace("CONTROL", CONTROLS[kind]).replace("STUCK", part))
    (control,) = controls(page.locator("figure"))
    assert (control.kind, control.name, control.place[0]) == (kind, "Peephole", 0)
    before = control.state()
    control.move(1)
    still = [part] if part else []
    if (kind, part) == ("step", "value"):  # its value is read aloud as it stands there
        still.append("spoken value")
    assert stuck(before, control.state()) == still
    page.close()


@pytest.mark.parametrize("kind", CONTROLS)
def test_a_control_goes_where_it_is_sent(browser: Browser, kind: str) -> None:
    page = browser.new_page()
    page.set_content(EXPLORABLE.replace("CONTROL", CONTROLS[kind]))
    (control,) = controls(page.locator("figure"))
    first, last = control.place
    for to in (last, 0, 1, 0, -1):
        control.go(to)
        assert control.place == (to % (last + 1), last)
    assert last > first
    page.close()


LOCKED = """<figure class="lstmlab-explore" data-locked="all"><div class="lstmlab-explore-predict">
<fieldset><legend>How many?</legend><label><input type="radio" name="q"> one</label>
<label><input type="radio" name="q"> two</label></fieldset><button disabled>Show me</button>
<p role="status"></p></div>
<label>Peephole <input type="range" id="s" disabled></label><output for="s">0</output>
<div class="lstmlab-explore-frame" style="visibility: hidden">0</div>
<figcaption class="lstmlab-explore-says" style="visibility: hidden">It is 0.</figcaption>
<script>
const one = which => document.querySelector(which);
one("fieldset").oninput = () => { one("button").disabled = false; };
const choose = () => {
  const option = one("input:checked").parentElement.textContent.trim();
  one("[role=status]").textContent = `You chose: ${option} · What happened: two`;
  one("figure").removeAttribute("data-locked");
  one("fieldset").disabled = true;
  one("[type=range]").disabled = false;
  for (const part of ["frame", "says"]) one(`.lstmlab-explore-${part}`).style = "";
  one("[type=range]").focus();
};
one("button").onclick = choose;
</script></figure>"""


@pytest.mark.parametrize(
    ("right", "wrong", "fault"),
    [
        ("", "", ""),
        (' data-locked="all"', "", "at first: not marked"),
        ('id="s" disabled', 'id="s"', "at first: a control is enabled"),
        ("0.</figcaption>", "0.</figcaption><button>Next</button>", "a control is enabled"),
        ('frame" style="visibility: hidden"', 'frame"', "at first: picture seen"),
        ('says" style="visibility: hidden"', 'says"', "at first: picture seen"),
        ("<button disabled>", "<button>", "the button is enabled without an answer"),
        ('one("button").disabled = false; }', "choose(); }", "options: not marked"),
        ('one("figure").removeAttribute', "void one", "answered: still marked as locked"),
        ('one("[type=range]").disabled = false;', "", "answered: a control is disabled"),
        ('["frame", "says"]', '["frame"]', "answered: no picture"),
        ("${option}", "two", "answered: the choice is not shown"),
        (" · What happened: two", "", "answered: what happened is not shown"),
        ('one("fieldset").disabled = true;', "", "answered: another answer can be chosen"),
        ('one("[type=range]").focus();', "", "answered: the focus is not on a control"),
        ('<p role="status">', '<p role="status" hidden>', "answered: the verdict is hidden"),
        ('<p role="status">', '<p role="status">two', "at first: the outcome is told"),
    ],
)
def test_a_lock_that_does_not_lock_would_be_seen(
    browser: Browser, right: str, wrong: str, fault: str
) -> None:
    assert right in LOCKED
    page = browser.new_page()
    page.set_default_timeout(3000)
    page.set_content(LOCKED.replace(right, wrong) if right else LOCKED)
    found = lock_faults(page.locator("figure"))
    assert any(fault in one for one in found) if fault else found == []
    page.close()
