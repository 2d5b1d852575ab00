"""Figures as small images: the frames of a widget.

Frames of one widget have most of their pixels in common. They share one palette, the start frame
is stored whole, and any other frame as an overlay that is transparent wherever it agrees with the
start frame: a few kilobytes instead of thirty.
"""

from __future__ import annotations

import base64
import io
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib
import matplotlib.figure
import numpy as np
from numpy.typing import NDArray
from PIL import Image

PAGE_DPI = 100.0
"""Page pixels an inch: a figure of 7.2 inches is 720 pixels wide on the page."""

_COLORS = 128
_CLEAR = 255  # the entry that means transparent
_RIM = 6  # unchanged pixels kept around a change, so that scaling to a phone's width shows no seam


@dataclass(frozen=True)
class Frame:
    """One encoded picture.

    Attributes
    ----------
    data : bytes
        The image file.
    mime : str
        "image/png" or "image/webp".
    size : tuple of int
        Width and height in pixels of the file.
    whole : bool
        False for an overlay, to be laid over the start frame.
    """

    data: bytes
    mime: str
    size: tuple[int, int]
    whole: bool

    @property
    def url(self) -> str:
        """The image as a `data:` URL."""
        return f"data:{self.mime};base64,{base64.b64encode(self.data).decode()}"


def render(figure: matplotlib.figure.Figure, density: float = 2.0) -> Image.Image:
    """Draw a figure on white at `density` image pixels for each page pixel."""
    buffer = io.BytesIO()
    with matplotlib.rc_context(
        {"savefig.bbox": None, "savefig.facecolor": "auto", "savefig.transparent": False}
    ):
        figure.savefig(
            buffer, format="png", dpi=PAGE_DPI * density, pil_kwargs={"compress_level": 1}
        )
    layer = Image.open(buffer).convert("RGBA")
    picture = Image.new("RGB", layer.size, "white")
    picture.paste(layer, mask=layer.getchannel("A"))
    return picture


def encode(pictures: Sequence[Image.Image], start: int = 0) -> list[Frame]:
    """Encode pictures of one size, each as the smallest of an indexed PNG and a lossless WebP.

    Parameters
    ----------
    pictures : sequence of RGB images
    start : int
        The one that is stored whole and lies under the others.

    Returns
    -------
    list of Frame
        In the order given. A picture equal to the start picture is the start frame itself.
    """
    palette, table = _palette(pictures, _COLORS)
    indexed = [table[_packed(picture)] for picture in pictures]
    ground = indexed[start]
    whole = _smallest(ground, palette, None)
    frames = []
    for picture in indexed:
        changed = picture != ground
        if not changed.any():
            frames.append(whole)
            continue
        overlay = _smallest(picture, palette, _grown(changed))
        if changed.mean() > 0.05:
            overlay = min(overlay, _smallest(picture, palette, None), key=_weight)
        frames.append(overlay)
    return frames


def compact_png(picture: Image.Image) -> bytes:
    """Encode one RGB picture as an indexed PNG with at most 256 colours."""
    palette, table = _palette([picture], 256)
    indexed = Image.fromarray(table[_packed(picture)])
    indexed.putpalette(palette.ravel().tolist())
    buffer = io.BytesIO()
    indexed.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def compose(frame: Frame, start: Frame) -> Image.Image:
    """The picture a reader sees: `frame` laid over the start frame, as RGB."""
    picture = Image.open(io.BytesIO(start.data)).convert("RGB")
    layer = Image.open(io.BytesIO(frame.data)).convert("RGBA")
    picture.paste(layer, mask=layer.getchannel("A"))
    return picture


def close(figure: matplotlib.figure.Figure) -> None:
    """Let pyplot forget a figure, if pyplot is in use and made it."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close(figure)


def _packed(picture: Image.Image) -> NDArray[np.int32]:
    """Colours (H, W) as 24-bit numbers."""
    rgb = np.asarray(picture, dtype=np.int32)
    return (rgb[..., 0] << 16) | (rgb[..., 1] << 8) | rgb[..., 2]


def _palette(
    pictures: Sequence[Image.Image], most: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Palette (K, 3), K <= `most`, for all pictures, and each 24-bit colour's nearest entry.

    A quarter of it goes to the most frequent colours, which stay exactly as they are.
    """
    exact = most // 4
    counts = np.zeros(1 << 24, dtype=np.int64)
    for picture in pictures:
        found, times = np.unique(_packed(picture), return_counts=True)
        counts[found] += times
    packed = np.flatnonzero(counts)
    packed = packed[np.lexsort((packed, -counts[packed]))]  # the most frequent first
    colors = np.stack([packed >> 16, packed >> 8 & 255, packed & 255], axis=1)
    palette = colors.astype(np.uint8)
    if len(colors) > most:
        # Weighting by the logarithm of the count keeps thin coloured lines in the palette.
        weights = 1 + np.log2(counts[packed[exact:]]).astype(int)
        row = Image.fromarray(np.repeat(palette[exact:], weights, axis=0)[None])
        cut = row.quantize(most - exact, method=Image.Quantize.MEDIANCUT).getpalette()
        mixed = np.array(cut, dtype=np.uint8).reshape(-1, 3)[: most - exact]
        palette = np.concatenate([palette[:exact], mixed])
    table = np.zeros(1 << 24, dtype=np.uint8)
    for chunk in range(0, len(colors), 4096):
        here = slice(chunk, chunk + 4096)
        distance = ((colors[here, None] - palette[None].astype(np.int64)) ** 2).sum(axis=2)
        table[packed[here]] = distance.argmin(axis=1)
    return palette, table


def _weight(frame: Frame) -> int:
    """Bytes of a frame."""
    return len(frame.data)


def _grown(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The mask and a rim around it."""
    for axis in (0, 1):
        padded = np.pad(mask, [(_RIM, _RIM) if k == axis else (0, 0) for k in (0, 1)])
        views = np.lib.stride_tricks.sliding_window_view(padded, 2 * _RIM + 1, axis=axis)
        mask = np.asarray(views.any(axis=-1))
    return mask


def _smallest(
    indexed: NDArray[np.uint8], palette: NDArray[np.uint8], mask: NDArray[np.bool_] | None
) -> Frame:
    """Encode palette entries (H, W), transparent outside `mask`, in the smaller format."""
    entries = indexed if mask is None else np.where(mask, indexed, _CLEAR).astype(np.uint8)
    png = Image.fromarray(entries)
    png.putpalette([*palette.ravel().tolist(), *[0] * (3 * (256 - len(palette)))])
    colors = np.concatenate([palette, np.zeros((256 - len(palette), 3), dtype=np.uint8)])[entries]
    if mask is None:
        webp, transparency = Image.fromarray(colors), {}
    else:
        alpha = np.where(mask, 255, 0).astype(np.uint8)
        webp = Image.fromarray(np.dstack([colors, alpha]))
        transparency = {"transparency": _CLEAR}
    files = []
    for mime, image, options in (
        ("image/png", png, {"format": "PNG", "compress_level": 6, **transparency}),
        ("image/webp", webp, {"format": "WEBP", "lossless": True, "method": 4, "quality": 50}),
    ):
        buffer = io.BytesIO()
        image.save(buffer, **options)  # type: ignore[arg-type]
        files.append(Frame(buffer.getvalue(), mime, image.size, mask is None))
    return min(files, key=_weight)
