"""Lines in the form of IAM-OnDB, as the tests write them."""

LETTERS = {"train": "a", "testset_v": "b", "testset_t": "c", "testset_f": "d"}


def xml(strokes, *, head='<?xml version="1.0" encoding="ISO-8859-1"?>'):
    """The strokes of a line, as the whiteboard recorded them."""
    parts = [head, "<WhiteboardCaptureSession>", "  <WhiteboardDescription>",
             '    <SensorLocation corner="top_left"/>',
             '    <DiagonallyOppositeCoords x="6512" y="1376"/>',
             "  </WhiteboardDescription>", "  <StrokeSet>"]  # fmt: skip
    for stroke in strokes:
        ends = (stroke[0][2], stroke[-1][2]) if len(stroke) else (0, 0)
        parts.append(f'    <Stroke colour="black" start_time="{ends[0]}" end_time="{ends[1]}">')
        parts += [f'      <Point x="{x}" y="{y}" time="{t}"/>' for x, y, t in stroke]
        parts.append("    </Stroke>")
    return "\n".join([*parts, "  </StrokeSet>", "</WhiteboardCaptureSession>"]).encode()


STROKES = [
    [(1073, 1058, 769.05), (1072, 1085, 769.07), (1066, 1117, 769.08)],
    [(1090, 1060, 769.5), (1091, 1061, 769.52)],
]


def board(root, name, lines, *, strokes=STROKES):
    """Write the transcription and the lines of a board."""
    form = name[:7]
    text = root / "ascii" / form[:3] / form / f"{name}.txt"
    text.parent.mkdir(parents=True, exist_ok=True)
    text.write_text("OCR:\n\nwrong\n\nCSR:\n\n" + "".join(f"{line}\n" for line in lines))
    drawn = root / "lineStrokes" / form[:3] / form
    drawn.mkdir(parents=True, exist_ok=True)
    for number in range(1, len(lines) + 1):
        (drawn / f"{name}-{number:02}.xml").write_bytes(xml(strokes))


def corpus(root, *, line="a"):
    """A small copy: two boards in each list, of one and of two lines."""
    for split, letter in LETTERS.items():
        name = f"{split}set" if split == "train" else split
        boards = [f"{letter}01-000u", f"{letter}02-050"]
        board(root, boards[0], [line])
        board(root, boards[1], [line, line])
        (root / f"{name}.txt").write_text("".join(f" {one} \n" for one in boards))
    return root
