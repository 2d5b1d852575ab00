"""Lanes: a few numbers that the processor treats as one, as a type for compiled code.

A processor with AVX-512 adds or multiplies sixteen float32 at once, one with AVX2 eight. Numba
finds such operations in plain loops, but not in long ones, and only after it has made sure that
no two arrays overlap. Here they are written down: `load` takes LANES neighbours out of an array,
`+ - * /` and `tanh` work on all of them, `store` puts them back. So the equations of the block
can stand in one loop, and what they need stays in registers.
"""

import hashlib
import math
import operator
from functools import partial
from pathlib import Path

import llvmlite.binding
import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, overload, register_model

SOURCES = sorted(Path(__file__).parent.glob("*.py"))
DIGEST = hashlib.sha256(b"".join(path.read_bytes() for path in SOURCES)).hexdigest()


def compiled(function, *, inline=False):
    """Compile a function when it is first called with arguments of some types; keep it on disk.

    It runs without Python's lock. What is on disk is used again as long as none of the files here
    has changed: Numba itself looks at the function's own file alone, and would go on with the old
    code of what the function calls.
    """
    made = njit(function, nogil=True, error_model="numpy", forceinline=inline)
    made.enable_caching()
    file = made._cache._cache_file
    file._source_stamp = (file._source_stamp, DIGEST)
    return made


inlined = partial(compiled, inline=True)
"""The same for what is part of an inner loop."""

LANES = 16 if llvmlite.binding.get_host_cpu_features().get("avx512f") else 8
FUSED = ("contract",)  # a product and a sum may be rounded once


class Lanes(types.Type):
    """LANES numbers of one dtype, in one register or in two."""

    def __init__(self, dtype):
        self.dtype = dtype
        super().__init__(name=f"Lanes({dtype})")


@register_model(Lanes)
class _Model(models.PrimitiveModel):
    def __init__(self, manager, lanes):
        number = ir.FloatType() if lanes.dtype == types.float32 else ir.DoubleType()
        super().__init__(manager, lanes, ir.VectorType(number, LANES))


def _place(context, builder, array_type, array, k, vector):
    """Address of the vector that begins at entry k of a contiguous array, and its alignment."""
    data = context.make_array(array_type)(context, builder, value=array).data
    address = builder.bitcast(builder.gep(data, [k]), vector.as_pointer())
    return address, array_type.dtype.bitwidth // 8


def _spread(builder, vector, number):
    nothing, zero = ir.Constant(vector, ir.Undefined), ir.IntType(32)(0)
    first = builder.insert_element(nothing, number, zero)
    everywhere = ir.Constant(ir.VectorType(ir.IntType(32), vector.count), [0] * vector.count)
    return builder.shuffle_vector(first, nothing, everywhere)


def _pick(builder, v, w, indices):
    places = ir.Constant(ir.VectorType(ir.IntType(32), len(indices)), list(indices))
    return builder.shuffle_vector(v, w, places)


@intrinsic
def load(typing_context, array, k):
    """Entries k to k + LANES of a contiguous array, of as many axes as it likes."""

    def generate(context, builder, signature, arguments):
        vector = context.get_value_type(signature.return_type)
        array, k = arguments
        address, align = _place(context, builder, signature.args[0], array, k, vector)
        return builder.load(address, align=align)

    return Lanes(array.dtype)(array, types.intp), generate


@intrinsic
def store(typing_context, array, k, lanes):
    """Put lanes into entries k to k + LANES of a contiguous array."""

    def generate(context, builder, signature, arguments):
        array, k, value = arguments
        address, align = _place(context, builder, signature.args[0], array, k, value.type)
        builder.store(value, address, align=align)
        return context.get_dummy_value()

    return types.void(array, types.intp, lanes), generate


@intrinsic
def spread(typing_context, number):
    """The same number in all lanes."""

    def generate(context, builder, signature, arguments):
        return _spread(builder, context.get_value_type(signature.return_type), arguments[0])

    return Lanes(number)(number), generate


class _Arithmetic(AbstractTemplate):
    """Lanes with lanes, or with a number, which takes their dtype."""

    def generic(self, arguments, _):
        lanes = [a for a in arguments if isinstance(a, Lanes)]
        if len(arguments) != 2 or not lanes:
            return None
        return signature(
            lanes[0], *(a if isinstance(a, Lanes) else lanes[0].dtype for a in arguments)
        )


def _lower(function, instruction):
    infer_global(function)(type(f"_{function.__name__}", (_Arithmetic,), {"key": function}))

    def generate(context, builder, signature, arguments):
        vector = context.get_value_type(signature.return_type)
        a, b = (v if v.type == vector else _spread(builder, vector, v) for v in arguments)
        return getattr(builder, instruction)(a, b, flags=FUSED)

    for pair in ((Lanes, Lanes), (Lanes, types.Float), (types.Float, Lanes)):
        lower_builtin(function, *pair)(generate)


for _function, _instruction in (
    (operator.add, "fadd"),
    (operator.iadd, "fadd"),
    (operator.sub, "fsub"),
    (operator.isub, "fsub"),
    (operator.mul, "fmul"),
    (operator.imul, "fmul"),
    (operator.truediv, "fdiv"),
):
    _lower(_function, _instruction)


@intrinsic
def clamp(typing_context, a, limit):
    """The lanes, but none above limit and none below -limit; NaN stays NaN."""

    def generate(context, builder, signature, arguments):
        a, limit = arguments[0], _spread(builder, arguments[0].type, arguments[1])
        a = builder.select(builder.fcmp_ordered(">", a, limit), limit, a)
        limit = builder.fneg(limit)
        return builder.select(builder.fcmp_ordered("<", a, limit), limit, a)

    return a(a, a.dtype), generate


@intrinsic
def magnitude(typing_context, a):
    """|a|"""

    def generate(context, builder, signature, arguments):
        (a,) = arguments
        negative = builder.fcmp_ordered("<", a, ir.Constant(a.type, [0.0] * LANES))
        return builder.select(negative, builder.fneg(a), a)

    return a(a), generate


@intrinsic
def lane(typing_context, a, k):
    """The number in lane k."""

    def generate(context, builder, signature, arguments):
        return builder.extract_element(arguments[0], builder.trunc(arguments[1], ir.IntType(32)))

    return a.dtype(a, types.intp), generate


@intrinsic
def total(typing_context, a):
    """The sum of the lanes, half to half."""

    def generate(context, builder, signature, arguments):
        (a,) = arguments
        while a.type.count > 1:
            half = a.type.count // 2
            a = builder.fadd(
                _pick(builder, a, a, range(half)), _pick(builder, a, a, range(half, 2 * half))
            )
        return builder.extract_element(a, ir.IntType(32)(0))

    return a.dtype(a), generate


@intrinsic
def add_totals(typing_context, y, k, a, b, c, d, e, f, g, h):
    """y[k : k + 8] += the sum of the lanes of each of a … h, all eight sums together."""

    def generate(context, builder, signature, arguments):
        array, k, *rows = arguments

        def halve(v, w, parts):
            """The first half of each part of v and of w, added to its second half."""
            size = v.type.count // parts
            sources = parts if w is v else 2 * parts
            first = [part * size + n for part in range(sources) for n in range(size // 2)]
            return builder.fadd(
                _pick(builder, v, w, first),
                _pick(builder, v, w, [n + size // 2 for n in first]),
            )

        parts = 1
        while len(rows) > 1:  # two rows become one that holds both, at half the width
            rows = [halve(v, w, parts) for v, w in zip(rows[::2], rows[1::2], strict=True)]
            parts *= 2
        (sums,) = rows
        while sums.type.count > 8:
            sums = halve(sums, sums, 8)
        address, align = _place(context, builder, signature.args[0], array, k, sums.type)
        builder.store(builder.fadd(builder.load(address, align=align), sums), address, align=align)
        return context.get_dummy_value()

    return types.void(y, types.intp, a, b, c, d, e, f, g, h), generate


@intrinsic
def _by_the_library(typing_context, a):
    """tanh lane by lane, by the function that math.tanh calls."""

    def generate(context, builder, signature, arguments):
        (a,) = arguments
        number, out = a.type.element, a
        function = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(number, [number]), "tanh"
        )
        for n in range(LANES):
            place = ir.IntType(32)(n)
            one = builder.call(function, [builder.extract_element(a, place)])
            out = builder.insert_element(out, one, place)
        return out

    return a(a), generate


# tanh x = x p(x²) / q(x²) in float32: for these degrees the quotient with the smallest largest
# error on [-8, 8], 7e-9 of tanh. Rounding adds three units in the last place. Beyond, it is tanh 8,
# which is 1 but for 2e-7, and never more than 1.
P0, P1, P2, P3, P4 = map(
    np.float32, (1, 0.134445235, 0.00357162766, 2.18951354e-05, 1.52310449e-08)
)
Q0, Q1, Q2, Q3, Q4 = map(np.float32, (1, 0.467778504, 0.0261645559, 0.000341134, 8.52271e-07))
EIGHT = np.float32(8)


@inlined
def _quotient(x):
    x = clamp(x, EIGHT)
    u = x * x
    p = P0 + u * (P1 + u * (P2 + u * (P3 + u * P4)))
    q = Q0 + u * (Q1 + u * (Q2 + u * (Q3 + u * Q4)))
    return x * p / q


def tanh(a):
    """tanh of lanes: a quotient of polynomials in float32, the library's function in float64."""
    raise NotImplementedError("tanh of lanes exists in compiled code alone")


@overload(tanh)
def _tanh(a):
    if a.dtype == types.float32:
        return lambda a: _quotient(a)
    return lambda a: _by_the_library(a)


@inlined
def sigmoid(a):
    """1 / (1 + e^-a), by tanh."""
    return 0.5 * tanh(0.5 * a) + 0.5


@inlined
def log_of_product(a):
    """log of the product of the lanes."""
    found = 0.0
    for k in range(LANES):
        found += math.log(lane(a, k))
    return found


@intrinsic
def borrowed(typing_context, array):
    """The same array without its reference count, which a row taken out of it would touch.

    Counting costs more than the arithmetic of a short row. Whoever calls holds the array.
    """

    def generate(context, builder, signature, arguments):
        view = context.make_array(signature.args[0])(context, builder, value=arguments[0])
        for field in ("meminfo", "parent"):
            setattr(view, field, cgutils.get_null_value(getattr(view, field).type))
        return view._getvalue()

    return array(array), generate
