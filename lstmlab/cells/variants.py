"""What a layer is made of, as a value: a variant of the LSTM block, or the SRN unit."""

from dataclasses import dataclass, fields
from typing import ClassVar, TypeAlias


@dataclass(frozen=True, kw_only=True)
class Variant:
    """Which parts an LSTM block has (Greff et al., section IV-C).

    With every switch at its default this is the vanilla block, V. The first eight switches make the
    paper's variants; the last three are ideas of others that its section III tells of. The compiled
    kernel knows the eight alone: what has more is computed by NumPy or by torch's own operations.

    Parameters
    ----------
    input_gate, forget_gate, output_gate : bool
        A gate that is switched off is the constant 1 and has no weights.
    input_activation, output_activation : bool
        Switched off, g(x) = x or h(x) = x takes the place of tanh.
    coupled : bool
        The forget gate is f = 1 - i and has no weights of its own.
    peepholes : bool
        The gates see the cell: i and f see c^{t-1}, o sees c^t.
    full_gate_recurrence : bool
        Every gate also receives every gate's output of the step before.
    projection : int
        P, the length of the output: y = W_r m, with m what the block would give without it. The
        recurrent weights and the layer above see y. 0 for none (Sak et al., 2014; their second
        projection, which the recurrent weights do not see, is left out, as in torch).
    slopes : bool
        Every gate has a trainable slope for each block, σ(s ⊙ bar) (Doetsch et al., 2014).
    cortex : bool
        The gates of one block hear each other and themselves, through one weight a connection: i
        and f what all gates were at t-1; o what i and f are at t, and itself at t-1 (Dynamic Cortex
        Memory; Otte et al., 2014).

    Raises
    ------
    TypeError
        If a switch is not a bool.
    ValueError
        If switches contradict each other, or `projection` is not a whole number of 0 or more.

    Notes
    -----
    Greff et al. describe slopes and cortex in one sentence each. A slope for every block, not one
    for a layer, is our reading. In the cortex the output gate's peephole sees c^t, as it does in V.
    """

    input_gate: bool = True
    forget_gate: bool = True
    output_gate: bool = True
    input_activation: bool = True
    output_activation: bool = True
    coupled: bool = False
    peepholes: bool = True
    full_gate_recurrence: bool = False
    projection: int = 0
    slopes: bool = False
    cortex: bool = False

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name != "projection" and not isinstance(value, bool):
                raise TypeError(f"{field.name} must be True or False, got {value!r}")
        P = self.projection
        if isinstance(P, bool) or not isinstance(P, int) or P < 0:
            raise ValueError(f"projection must be a whole number, 0 or more, got {P!r}")
        if self.coupled and not (self.input_gate and self.forget_gate):
            raise ValueError(
                "coupled=True ties the forget gate to the input gate (f = 1 - i), so it needs "
                f"input_gate=True and forget_gate=True, got input_gate={self.input_gate}, "
                f"forget_gate={self.forget_gate}"
            )
        if self.full_gate_recurrence and not self.gates:
            raise ValueError(
                "full_gate_recurrence=True connects gates with each other, so at least one gate "
                "must be switched on"
            )
        if self.cortex and self.full_gate_recurrence:
            raise ValueError(
                "cortex=True connects the gates of each block, full_gate_recurrence=True those of "
                "all blocks, its own included: one of the two must be switched off"
            )
        for name in ("slopes", "cortex"):
            if getattr(self, name) and not self.gates:
                raise ValueError(
                    f"{name}=True is about gates, so at least one gate must be switched on"
                )

    def __repr__(self) -> str:
        """Only the switches that are not as in V."""
        changed = [
            f"{field.name}={getattr(self, field.name)!r}"
            for field in fields(self)
            if getattr(self, field.name) != field.default
        ]
        return f"Variant({', '.join(changed)})"

    @property
    def extras(self) -> tuple[str, ...]:
        """The switches beyond the paper's eight that are on."""
        return tuple(name for name in EXTRAS if getattr(self, name))

    @property
    def fed_back(self) -> tuple[str, ...]:
        """The gates whose output of one step is heard at the next: part of the state."""
        return self.gates if self.full_gate_recurrence or self.cortex else ()

    @property
    def gates(self) -> tuple[str, ...]:
        """The gates that have weights of their own, in the order i, f, o."""
        has = {
            "i": self.input_gate,
            "f": self.forget_gate and not self.coupled,
            "o": self.output_gate,
        }
        return tuple(gate for gate in "ifo" if has[gate])

    @property
    def parts(self) -> tuple[str, ...]:
        """Everything that has weights: the block input z, then the gates."""
        return ("z", *self.gates)


EXTRAS = ("projection", "slopes", "cortex")
"""The switches of others; all that stand before them in `Variant` are the paper's."""

SWITCHES: tuple[str, ...] = tuple(f.name for f in fields(Variant) if f.name not in EXTRAS)
"""The paper's eight switches, in the order of `Variant`."""

VARIANTS: dict[str, Variant] = {
    "V": Variant(),
    "NIG": Variant(input_gate=False),
    "NFG": Variant(forget_gate=False),
    "NOG": Variant(output_gate=False),
    "NIAF": Variant(input_activation=False),
    "NOAF": Variant(output_activation=False),
    "CIFG": Variant(coupled=True),
    "NP": Variant(peepholes=False),
    "FGR": Variant(full_gate_recurrence=True),
}
"""The paper's nine variants by name, in its order; each is one switch away from V."""


@dataclass(frozen=True)
class SimpleRecurrent:
    """The unit of a simple recurrent network (Greff et al., Fig. 1, left).

    y^t = tanh(W_z x^t + R_z y^{t-1} + b_z). It is what is left of an LSTM block that keeps nothing:
    with f = 0, i = o = 1 and no output activation function, z = c = y. All are equal: `SRN` is one.
    """

    gates: ClassVar[tuple[str, ...]] = ()
    parts: ClassVar[tuple[str, ...]] = ("z",)
    peepholes: ClassVar[bool] = False
    full_gate_recurrence: ClassVar[bool] = False
    projection: ClassVar[int] = 0
    slopes: ClassVar[bool] = False
    cortex: ClassVar[bool] = False
    extras: ClassVar[tuple[str, ...]] = ()
    fed_back: ClassVar[tuple[str, ...]] = ()


SRN = SimpleRecurrent()
"""The simple recurrent network; wherever a variant is asked for, it may stand, as may "SRN"."""

Cell: TypeAlias = Variant | SimpleRecurrent


def as_cell(variant: Cell | str) -> Cell:
    """Return `variant` itself, or the cell of that name: "SRN", or one in `VARIANTS`.

    Raises
    ------
    ValueError
        If no cell has that name.
    TypeError
        If `variant` is neither a cell nor a string.
    """
    if isinstance(variant, SimpleRecurrent) or variant == "SRN":
        return SRN
    if isinstance(variant, str) and variant not in VARIANTS:
        names = ", ".join(VARIANTS)
        raise ValueError(f"variant must be one of {names} or SRN, got {variant!r}")
    return as_variant(variant)


def as_variant(variant: Cell | str) -> Variant:
    """Return `variant` itself, or the one of that name in `VARIANTS`; the SRN is none.

    Raises
    ------
    ValueError
        If no variant has that name.
    TypeError
        If `variant` is neither a `Variant` nor a string.
    """
    if isinstance(variant, Variant):
        return variant
    if not isinstance(variant, str):
        raise TypeError(f"variant must be a Variant or one of its names, got {variant!r}")
    if variant not in VARIANTS:
        raise ValueError(f"variant must be one of {', '.join(VARIANTS)}, got {variant!r}")
    return VARIANTS[variant]
