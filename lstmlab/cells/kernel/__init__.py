"""The block's arithmetic as machine code, for one sequence at a time or many (needs Numba).

`lanes` are the numbers that a processor handles at once, `products` the matrix products, `block`
the loops through time, `layer` their weights and arrays. `lstmlab.cells.forward` and `backward`
stay the reference: tests hold everything here to them.
"""
