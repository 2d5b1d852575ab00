"""Arithmetic of one number for compiled rules, such that loops over it become vector operations.

The library's exp, log and cos are calls, which keep a loop from being vectorised. Those here are
sums and products alone: within 2 units in the last place of float32 and float64, with the
limits, infinities and NaN of NumPy's.
"""

import hashlib
import math
from pathlib import Path

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from lstmlab.optimizers import draws
from lstmlab.optimizers.tokens import NOISE_STD

SOURCES = [
    Path(__file__).with_name(f"{name}.py")
    for name in ("primitives", "machine", "program", "draws", "tokens")
]
DIGEST = hashlib.sha256(b"".join(path.read_bytes() for path in SOURCES)).hexdigest()

OPTIONS = {"nogil": True, "error_model": "numpy", "fastmath": {"contract"}}
"""A product and a sum may be rounded once; NaN and infinities are what they are."""

PART = tuple(1 / math.factorial(n) for n in range(22))
"""1 / n!, the factors of the series of exp and of sin."""

BITS_PER_E = 1 / math.log(2)
LN2_HIGH, LN2_LOW = 0.6931457519531250, 1.4286068203094172e-06
"""log 2 in two parts, the first with so few bits that float32 multiplies it exactly."""

_FORMATS = {32: (23, 127), 64: (52, 1023)}
"""Bits of the fraction and bias of the exponent, by the width of a number."""


def kept(function):
    """Compile a function when it is first called; keep it on disk until a file here changes.

    Numba itself looks at the function's own file alone.
    """
    made = njit(function, **OPTIONS)
    made.enable_caching()
    file = made._cache._cache_file
    file._source_stamp = (file._source_stamp, DIGEST)
    return made


def part(function):
    """The same for what only compiled functions call: kept with them, not by itself."""
    return njit(function, no_cpython_wrapper=True, no_cfunc_wrapper=True, **OPTIONS)


def inlined(function):
    """The same for what is part of an inner loop."""
    return njit(function, forceinline=True, **OPTIONS)


@intrinsic
def like(typing_context, x, number):
    """A number in the type of x."""

    def generate(context, builder, signature, arguments):
        return context.cast(builder, arguments[1], number, x)

    return x(x, number), generate


@intrinsic
def apart(typing_context):
    """Promise, in a function, that no two of its arrays overlap, and ask for the widest vectors.

    Without it, each loop would begin with a comparison of all addresses, and one over many arrays
    would not be vectorised; and some processors would be given half of what they can do.
    """

    def generate(context, builder, signature, arguments):
        for argument in builder.function.args:
            if isinstance(argument.type, ir.PointerType):
                argument.add_attribute("noalias")
        set.add(builder.function.attributes, '"prefer-vector-width"="512"')
        return context.get_dummy_value()

    return types.void(), generate


@intrinsic
def view(typing_context, address, n, like):
    """The n numbers at an address as an array, of the dtype of another array."""
    array = types.Array(like.dtype, 1, "C")

    def generate(context, builder, signature, arguments):
        made = context.make_array(array)(context, builder)
        size = context.get_constant(types.intp, like.dtype.bitwidth // 8)
        data = builder.inttoptr(arguments[0], made.data.type)
        context.populate_array(
            made, data=data, shape=[arguments[1]], strides=[size], itemsize=size, meminfo=None
        )
        return made._getvalue()

    return array(types.intp, types.intp, like), generate


@inlined
def tell(numbers, lr, delta, betas, t):
    """Write what every rule is told at a step, in the order of `compiled.NUMBERS`."""
    numbers[0], numbers[1] = lr, delta
    for k in range(3):
        beta = betas[k]
        numbers[2 + 2 * k], numbers[3 + 2 * k] = beta, 1 - beta
        numbers[8 + k] = 1 / (1 - beta ** float(t))


@intrinsic
def floor(typing_context, x):
    """The next lower whole number, in the type of x."""

    def generate(context, builder, signature, arguments):
        function = builder.module.declare_intrinsic("llvm.floor", [arguments[0].type])
        return builder.call(function, arguments)

    return x(x), generate


@intrinsic
def scaled(typing_context, x, k):
    """x · 2ᵏ for a whole number k, of the type of x, such that 2ᵏ is a normal number."""

    def generate(context, builder, signature, arguments):
        fraction, bias = _FORMATS[x.bitwidth]
        whole = ir.IntType(x.bitwidth)
        power = builder.add(builder.fptosi(arguments[1], whole), whole(bias))
        power = builder.shl(power, whole(fraction))
        return builder.fmul(arguments[0], builder.bitcast(power, arguments[0].type))

    return x(x, x), generate


@intrinsic
def exponent(typing_context, x):
    """k of a positive normal number x = f · 2ᵏ, with f from √½ to √2, in the type of x."""

    def generate(context, builder, signature, arguments):
        fraction, bias = _FORMATS[x.bitwidth]
        whole = ir.IntType(x.bitwidth)
        root = {32: 0x3F3504F3, 64: 0x3FE6A09E667F3BCD}[x.bitwidth]  # √½
        bits = builder.sub(builder.bitcast(arguments[0], whole), whole(root))
        return builder.sitofp(builder.ashr(bits, whole(fraction)), arguments[0].type)

    return x(x), generate


@intrinsic
def bounds(typing_context, x):
    """Between these e to the x is neither 0 nor infinite; and the smallest normal number."""

    def generate(context, builder, signature, arguments):
        single = x.bitwidth == 32
        low, high = (-104.0, 89.0) if single else (-746.0, 710.0)
        tiny = float(np.finfo(np.float32 if single else np.float64).tiny)
        numbers = [context.get_constant(x, number) for number in (low, high, tiny)]
        return context.make_tuple(builder, signature.return_type, numbers)

    return types.UniTuple(x, 3)(x), generate


@inlined
def exp(x):
    """e to the x: 2ᵏ times the series of e to the remainder, which is at most ½ log 2."""
    low, high, _ = bounds(x)
    y = x if x > low else low  # NaN, too, becomes a number here
    y = y if y < high else high
    k = floor(y * like(x, BITS_PER_E) + like(x, 0.5))
    r = (y - k * like(x, LN2_HIGH)) - k * like(x, LN2_LOW)
    s = like(x, PART[13])
    s = s * r + like(x, PART[12])
    s = s * r + like(x, PART[11])
    s = s * r + like(x, PART[10])
    s = s * r + like(x, PART[9])
    s = s * r + like(x, PART[8])
    s = s * r + like(x, PART[7])
    s = s * r + like(x, PART[6])
    s = s * r + like(x, PART[5])
    s = s * r + like(x, PART[4])
    s = s * r + like(x, PART[3])
    s = s * r + like(x, 0.5)
    s = s * r * r + r + like(x, 1.0)
    half = floor(k * like(x, 0.5))  # 2ᵏ itself may be too large or too small
    s = scaled(scaled(s, half), k - half)
    return x if x != x else s


@inlined
def log(x):
    """log |x|: with x = f · 2ᵏ, k log 2 plus the series of 2 artanh((f - 1) / (f + 1))."""
    _, _, tiny = bounds(x)
    y = abs(x)
    raised = y < tiny
    one = like(x, 1.0)
    f = y * like(x, 2.0**60) if raised else y
    lift = like(x, 60.0) if raised else like(x, 0.0)
    positive = f if f >= tiny else tiny
    k = exponent(positive)
    f = scaled(scaled(positive, -floor(k * like(x, 0.5))), floor(k * like(x, 0.5)) - k)
    s = (f - one) / (f + one)
    u = s * s
    p = like(x, 2 / 21)
    p = p * u + like(x, 2 / 19)
    p = p * u + like(x, 2 / 17)
    p = p * u + like(x, 2 / 15)
    p = p * u + like(x, 2 / 13)
    p = p * u + like(x, 2 / 11)
    p = p * u + like(x, 2 / 9)
    p = p * u + like(x, 2 / 7)
    p = p * u + like(x, 2 / 5)
    p = p * u + like(x, 2 / 3)
    k -= lift
    found = k * like(x, LN2_HIGH) + (k * like(x, LN2_LOW) + s * u * p + like(x, 2.0) * s)
    found = found if y > like(x, 0.0) else like(x, -math.inf)
    found = found if y < like(x, math.inf) else y
    return x if x != x else found


@inlined
def sign(x):
    """-1, 0 or 1; NaN stays NaN."""
    zero, one = like(x, 0.0), like(x, 1.0)
    found = one if x > zero else (-one if x < zero else zero)
    return x if x != x else found


@inlined
def clip(x, bound):
    """The nearest number from -bound to bound; NaN stays NaN."""
    x = bound if x > bound else x
    return -bound if x < -bound else x


@inlined
def sqrt(x):
    """√|x|"""
    return math.sqrt(abs(x))


_GAMMA, _FIRST, _SECOND = map(np.uint64, (draws.GAMMA, draws.FIRST, draws.SECOND))
_U1, _U27, _U30, _U31 = map(np.uint64, (1, 27, 30, 31))
_REST, _LOWER = np.uint64(64 - draws.BITS), np.uint64(2**draws.BITS - 1)


@inlined
def word(seed, i):
    """Word i of a stream of `draws`."""
    z = seed + (np.uint64(i) + _U1) * _GAMMA
    z = (z ^ (z >> _U30)) * _FIRST
    z = (z ^ (z >> _U27)) * _SECOND
    return z ^ (z >> _U31)


@inlined
def drop(x, threshold, seed, i):
    """x, or 0 if word i of a stream begins with a number below the threshold."""
    return like(x, 0.0) if np.int64(word(seed, i) >> _REST) < threshold else x


@inlined
def noise(seed, i):
    """Gaussian: Box and Muller's transform of word i of a stream, in float64.

    With a turn in [0, 1), the cosine of the angle is -sin of 2π (¼ - |turn - ½|), by its series.
    """
    z = word(seed, i)
    u = (np.float64(np.int64(z >> _REST)) + 0.5) * draws.UNIT
    turn = np.float64(np.int64(z & _LOWER)) * draws.UNIT
    a = 2 * math.pi * (abs(turn - 0.5) - 0.25)
    q = -a * a
    s = PART[21]
    s = s * q + PART[19]
    s = s * q + PART[17]
    s = s * q + PART[15]
    s = s * q + PART[13]
    s = s * q + PART[11]
    s = s * q + PART[9]
    s = s * q + PART[7]
    s = s * q + PART[5]
    s = s * q + PART[3]
    return NOISE_STD * math.sqrt(-2 * log(u)) * (s * q * a + a)
