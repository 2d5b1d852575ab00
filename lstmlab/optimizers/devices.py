"""Where tensors are put, and whether torch can compute there."""

from __future__ import annotations

import torch

UNFIT = (RuntimeError, AssertionError, ImportError)
"""What torch raises for a device that it does not know, was not built for, or does not find."""


def check_name(device: object) -> None:
    """ValueError if it is no device that torch knows of, here or on another machine."""
    if not isinstance(device, str | torch.device):
        raise ValueError(f'device must be a name such as "cpu" or "cuda", got {device!r}')
    try:
        torch.device(device)
    except UNFIT as error:
        raise _refused(device, error) from None


def check_device(device: object) -> None:
    """ValueError if it is no device that torch can compute on here."""
    check_name(device)
    try:
        torch.zeros(1, device=device).item()
    except UNFIT as error:
        raise _refused(device, error) from None


def _refused(device: object, error: BaseException) -> ValueError:
    why = str(error).partition("\n")[0].partition(". ")[0]
    return ValueError(
        f'device must be one that torch has here, such as "cpu", got {str(device)!r}: {why}'
    )
