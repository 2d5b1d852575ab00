"""A piano roll shows each note where it sounds, and the same notes can be heard."""

from __future__ import annotations

import io
import wave
from html.parser import HTMLParser

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from lstmlab.viewing import listen, note_name, piano_roll, play
from lstmlab.viewing.music import held_notes
from lstmlab.viewing.sound import RATE, Sound

Roll = NDArray[np.float64]


def _notes(figure: Figure) -> list[Rectangle]:
    found = figure.findobj(lambda artist: artist.get_gid() == "note")
    return [note for note in found if isinstance(note, Rectangle)]


def _samples(sound: Sound) -> NDArray[np.int64]:
    with wave.open(io.BytesIO(sound.wav)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 1, RATE)
        return np.frombuffer(file.readframes(file.getnframes()), np.uint8).astype(np.int64) - 128


def _strength(samples: NDArray[np.float64], pitch: float) -> float:
    """Amplitude of one frequency in hertz."""
    time = np.arange(len(samples)) / RATE
    return float(abs(2 * np.mean(samples * np.exp(-2j * np.pi * pitch * time))))


@pytest.mark.parametrize(
    ("midi", "name"), [(21, "A0"), (60, "C4"), (61, "C♯4"), (69, "A4"), (108, "C8")]
)
def test_notes_are_named_as_on_a_piano(midi: int, name: str) -> None:
    assert note_name(midi) == name


def test_a_held_note_is_one_note(roll: Roll) -> None:
    assert held_notes(roll > 0.5) == [(39, 0, 4), (39, 6, 1), (43, 6, 2)]


def test_each_note_is_drawn_at_its_pitch_and_time(roll: Roll) -> None:
    middles = [
        (note.get_x() + note.get_width() / 2, note.get_y() + note.get_height() / 2)
        for note in _notes(piano_roll(roll))
    ]
    np.testing.assert_allclose(middles, [(2.0, 60.0), (6.5, 60.0), (7.0, 64.0)])


def test_the_axis_is_cropped_and_names_notes(roll: Roll) -> None:
    axes = piano_roll(roll, title="A third").axes[0]
    assert axes.get_ylim() == (57.5, 66.5)
    assert axes.get_xlim() == (0.0, 8.0)
    labels = dict(
        zip(axes.get_yticks(), [t.get_text() for t in axes.get_yticklabels()], strict=True)
    )
    assert labels[60] == "C4"
    assert labels[64] == "E4"
    assert axes.get_xlabel() == "frame"


def test_a_prediction_is_a_shade_under_outlined_notes(roll: Roll) -> None:
    prediction = np.full_like(roll, 0.03)
    prediction[2, 75 - 21] = 0.8
    figure = piano_roll(roll, prediction)
    (image,) = figure.axes[0].images
    np.testing.assert_array_equal(np.ma.filled(image.get_array()), prediction.T)
    left, right, bottom, top = image.get_extent()
    assert (left, right) == (0, 8)
    assert (top - bottom) / 88 == 1.0
    assert bottom + 0.5 == 21
    assert all(note.get_facecolor()[3] == 0 for note in _notes(figure))
    assert image.get_zorder() < _notes(figure)[0].get_zorder()
    assert figure.axes[0].get_ylim()[1] == 77.5  # the predicted note is in view


def test_a_prediction_is_seen_at_its_key_and_frame() -> None:
    """The pixels themselves: the shade is in the predicted key's row, and nowhere else."""
    prediction = np.zeros((8, 88))
    prediction[2, 75 - 21] = 1.0

    def pixels(prediction: Roll) -> NDArray[np.int64]:
        figure = piano_roll(np.zeros((8, 88)), prediction, keys=(21, 108))
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        picture = np.asarray(canvas.buffer_rgba()).astype(np.int64)[::-1, :, :3]
        places = figure.axes[0].transData.transform([(2.5, midi) for midi in range(21, 109)])
        columns, rows = places.astype(int).T
        return picture[rows, columns]

    changed = np.abs(pixels(prediction) - pixels(prediction * 0)).sum(axis=1) > 100
    assert (np.flatnonzero(changed) + 21).tolist() == [75]


def test_silence_can_be_drawn() -> None:
    figure = piano_roll(np.zeros((4, 88)))
    assert _notes(figure) == []
    assert figure._repr_png_()[0]


def test_a_wrong_roll_is_refused(roll: Roll) -> None:
    with pytest.raises(ValueError, match=r"roll must have shape \(T, 88\).* got \(8, 87\)"):
        piano_roll(roll[:, :87])
    with pytest.raises(ValueError, match=r"prediction must have the shape of roll, \(8, 88\)"):
        piano_roll(roll, roll[:4])
    with pytest.raises(ValueError, match=r"prediction must hold values in 0\.\.\.1"):
        piano_roll(roll, roll * 2)
    with pytest.raises(ValueError, match="T >= 1"):
        listen(np.zeros((0, 88)))


def test_the_sound_is_a_wav_of_the_rolls_length(roll: Roll) -> None:
    sound = listen(roll, seconds_per_frame=0.25)
    assert len(_samples(sound)) == len(sound.samples)
    assert 2.0 < sound.seconds < 2.3


def test_the_sound_never_clips() -> None:
    sound = listen(np.ones((4, 88)), transpose=0)
    assert 0.85 < np.abs(sound.samples).max() <= 1.0
    assert np.abs(_samples(sound)).max() < 127


def test_silence_is_silent() -> None:
    sound = listen(np.zeros((6, 88)))
    assert not sound.samples.any()
    assert not _samples(sound).any()


def test_the_pitch_is_the_notes_transposed(roll: Roll) -> None:
    """A4 an octave down is 220 Hz, and 440 Hz is its overtone, weaker."""
    roll[:] = 0
    roll[:, 69 - 21] = 1
    samples = listen(roll, transpose=-12).samples
    assert _strength(samples, 220.0) > 2 * _strength(samples, 440.0) > 0.1
    assert _strength(samples, 233.08) < 0.01


def test_a_held_note_is_not_struck_again() -> None:
    """Between two frames a held note keeps its level; a repeated one after a rest does not."""
    held, struck = np.zeros((3, 88)), np.zeros((3, 88))
    held[:, 40] = 1
    struck[[0, 2], 40] = 1

    def level(roll: Roll) -> float:
        samples = listen(roll, seconds_per_frame=0.5).samples
        return float(np.abs(samples[int(0.8 * RATE) : int(0.95 * RATE)]).max())

    assert level(held) > 0.4
    assert level(struck) == 0.0


def test_notes_begin_and_end_without_a_click(roll: Roll) -> None:
    samples = listen(roll).samples
    assert abs(samples[0]) < 1e-6
    assert np.abs(samples[-10:]).max() < 1e-2


def test_sixty_four_frames_fit_on_a_page() -> None:
    rng = np.random.default_rng(0)
    sound = listen(rng.random((64, 88)) < 0.05)
    assert len(sound._repr_html_()) < 350_000


def test_the_player_is_accessible_and_its_label_escaped(roll: Roll) -> None:
    tags: dict[str, dict[str, str | None]] = {}

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            tags[tag] = dict(attrs)

    Reader().feed(listen(roll, label='"Sample" <b>1</b>')._repr_html_())
    assert set(tags) == {"figure", "audio", "figcaption"}
    assert tags["audio"]["aria-label"] == '"Sample" <b>1</b>'
    assert "controls" in tags["audio"]
    assert (tags["audio"]["src"] or "").startswith("data:audio/wav;base64,")


def test_the_same_roll_gives_the_same_bytes(roll: Roll) -> None:
    assert listen(roll).wav == listen(roll).wav


def test_wrong_arguments_are_named(roll: Roll) -> None:
    with pytest.raises(ValueError, match="seconds_per_frame must be a positive number"):
        listen(roll, seconds_per_frame=0.0)
    with pytest.raises(ValueError, match="transpose must keep every note .* moves 60 to 110"):
        listen(roll, transpose=50)
    for label in (" ", "", None, 3):
        with pytest.raises(ValueError, match="label must be a text that says .* got"):
            listen(roll, label=label)  # type: ignore[arg-type]
    for transpose in (np.nan, -12.5, None):
        with pytest.raises(ValueError, match="transpose must be a whole number, got"):
            listen(roll, transpose=transpose)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"pass fewer frames, such as roll\[:64\]"):
        listen(np.zeros((400, 88)))


def test_keys_fix_the_range_so_that_figures_have_one_size():
    rolls = np.zeros((2, 8, 88))
    rolls[0, :, 40] = rolls[1, :, 10] = rolls[1, :, 70] = 1
    sizes = {tuple(piano_roll(roll, keys=(43, 96)).get_size_inches()) for roll in rolls}
    assert len(sizes) == 1
    assert piano_roll(rolls[0], keys=(43, 96)).axes[0].get_ylim() == (42.5, 96.5)
    for keys in ((96, 43), (60,), (), (43, 60, 96), (43.0, 96.0), (20, 60), (60, 109), 60):
        with pytest.raises(ValueError, match=r"keys must be two rising MIDI .* 21\.\.\.108, got"):
            piano_roll(rolls[0], keys=keys)


def test_a_wave_is_played_at_its_own_rate_and_shape() -> None:
    rate = 16_000
    sine = 0.01 * np.sin(2 * np.pi * 3_000 * np.arange(rate) / rate)
    sound = play(sine, rate, "a tone")
    assert (sound.seconds, sound.rate) == (1.0, rate)
    assert np.allclose(sound.samples, 90 * sine, atol=1e-12)
    with wave.open(io.BytesIO(sound.wav)) as file:
        assert (file.getnchannels(), file.getframerate(), file.getnframes()) == (1, rate, rate)
        heard = np.frombuffer(file.readframes(rate), np.uint8) - 128.0
    assert np.abs(np.fft.rfft(heard)).argmax() == 3_000
    assert 'aria-label="a tone"' in sound._repr_html_()


def test_a_silent_wave_is_silent() -> None:
    sound = play(np.zeros(100), 8_000, "nothing")
    assert not sound.samples.any()
    assert set(sound.wav[44:]) == {128}


@pytest.mark.parametrize("peak", [5e-324, 1e-310, 1e308])
def test_the_faintest_and_the_loudest_wave_are_played_alike(peak: float) -> None:
    sound = play(peak * np.array([0.0, 1.0, -1.0]), 8_000, "a click")
    np.testing.assert_allclose(sound.samples, [0.0, 0.9, -0.9], rtol=1e-12)


@pytest.mark.parametrize("kind", [bool, np.int16, np.uint8, np.float32])
def test_a_wave_may_be_of_any_real_numbers(kind: type) -> None:
    assert play(np.array([0, 1, 1], kind), 8_000, "a step").samples.tolist() == [0.0, 0.9, 0.9]


@pytest.mark.parametrize(
    ("given", "rate", "label", "says"),
    [
        (np.zeros((2, 9)), 8_000, "a", r"wave must have shape \(S,\)"),
        (np.zeros(1), 8_000, "a", "wave must have shape"),
        (np.array([0.0, np.nan]), 8_000, "a", r"wave must hold finite numbers, got nan at \[1\]"),
        (np.ones(9) * 1j, 8_000, "a", "wave must be a row of real numbers, got dtype complex128"),
        (["0", "1"], 8_000, "a", "wave must be a row of real numbers, got dtype <U1"),
        (np.array([0.5, None]), 8_000, "a", "wave must be a row of real numbers, got dtype object"),
        ([[1, 2], [3]], 8_000, "a", r"wave must be a row of numbers, got \[\[1, 2\], \[3\]\]"),
        (np.zeros(9), 8_000.5, "a", "rate must be a whole number"),
        (np.zeros(9), 100, "a", "rate must be from 3,000 to 48,000"),
        (np.zeros(9), 8_000, " ", "label must be a text"),
        (np.zeros(600_000), 8_000, "a", "wave lasts 75 s, more than a page should carry"),
    ],
)
def test_a_wave_that_cannot_be_played_is_refused(
    given: NDArray[np.float64], rate: int, label: str, says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        play(given, rate, label)
