"""The translator: what it computes, that padding changes nothing, and what it writes."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from lstmlab.optimizers.transfer import Translator
from lstmlab.tasks.translation.subwords import BEGIN, END, PAD

PIECES, LABELS, H = 9, 11, 5


def made(layers=3, seed=0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    net = Translator(PIECES, LABELS, units=H, layers=layers, generator=generator)
    return net.to(dtype)


def sentences():
    """Three sentences of different lengths, and what is written before each piece."""
    generator = torch.Generator().manual_seed(5)
    lengths = torch.tensor([4, 6, 1])
    x = torch.randint(4, PIECES, (3, 6), generator=generator)
    before = torch.randint(4, LABELS, (3, 4), generator=generator)
    before[:, 0] = BEGIN
    x[torch.arange(6) >= lengths[:, None]] = PAD
    return x, lengths, before


# -- what it computes ---------------------------------------------------------------------------


def lstm(x, state, weights):
    """One step of an LSTM without peepholes, in torch's order of the gates: i, f, z, o."""
    h, c = state
    W, R, b, d = weights
    i, f, z, o = (W @ x + b + R @ h + d).chunk(4)
    c = f.sigmoid() * c + i.sigmoid() * z.tanh()
    h = o.sigmoid() * c.tanh()
    return h, c


def weights(layer, suffix="_l0"):
    return [getattr(layer, f"{name}{suffix}") for name in
            ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]  # fmt: skip


def zeros():
    return torch.zeros(H, dtype=torch.float64), torch.zeros(H, dtype=torch.float64)


def read(xs, weights):
    state, hs = zeros(), []
    for x in xs:
        state = lstm(x, state, weights)
        hs.append(state[0])
    return hs


def by_hand(net, x, before):
    """Logits for one sentence, step by step, as section 3 of Wu et al. has it."""
    encoder, decoder, attention = net.encoder, net.decoder, net.attention
    xs = [encoder.embedding.weight[piece] for piece in x]
    there = read(xs, weights(encoder.first))
    back = read(xs[::-1], weights(encoder.first, "_l0_reverse"))[::-1]
    xs = [torch.cat(both) for both in zip(there, back, strict=True)]
    for n, layer in enumerate(encoder.others, start=2):
        hs = read(xs, weights(layer))
        xs = [h + x if n >= 3 else h for h, x in zip(hs, xs, strict=True)]

    states = [zeros() for _ in range(net.layers)]
    logits = []
    for piece in before:
        asks = states[0][0]
        scores = [
            attention.v @ torch.tanh(attention.W_q.weight @ asks + attention.W_m.weight @ m)
            for m in xs
        ]
        p = torch.stack(scores).softmax(0)
        context = sum(weight * m for weight, m in zip(p, xs, strict=True))
        y = decoder.embedding.weight[piece]
        layers = [decoder.first, *decoder.others]
        for n, layer in enumerate(layers, start=1):
            own = weights(layer, "" if n == 1 else "_l0")
            states[n - 1] = lstm(torch.cat([y, context]), states[n - 1], own)
            y = y + states[n - 1][0] if n >= 3 else states[n - 1][0]
        logits.append(decoder.logits.weight @ y + decoder.logits.bias)
    return torch.stack(logits)


@pytest.mark.parametrize("layers", [1, 2, 3, 4])
def test_it_computes_what_the_equations_say(layers):
    net = made(layers)
    x, lengths, before = sentences()
    with torch.no_grad():
        logits = net(x, lengths, before)
        for n, length in enumerate(lengths):
            assert torch.allclose(logits[n], by_hand(net, x[n, :length], before[n]), atol=1e-12)


@pytest.mark.parametrize("layers", [1, 3])
def test_what_is_beyond_the_end_of_a_sentence_changes_nothing(layers):
    net = made(layers)
    x, lengths, before = sentences()
    beyond = torch.arange(6) >= lengths[:, None]
    with torch.no_grad():
        logits = net(x, lengths, before)
        assert torch.equal(logits, net(x.masked_fill(beyond, 7), lengths, before))
        alone = net(x[:1, :4], lengths[:1], before[:1])
    assert torch.allclose(logits[:1], alone, atol=1e-14)


def test_no_piece_knows_those_after_it():
    net = made()
    x, lengths, before = sentences()
    changed = before.clone()
    changed[:, 2] = (changed[:, 2] + 1) % LABELS
    with torch.no_grad():
        one, other = net(x, lengths, before), net(x, lengths, changed)
    assert torch.equal(one[:, :2], other[:, :2])
    assert not torch.isclose(one[:, 2], other[:, 2]).all(1).any()


def test_attention_is_shared_out_among_the_pieces_of_the_sentence():
    net = made()
    x, lengths, before = sentences()
    p = net.attended(x, lengths, before)
    assert torch.allclose(p.sum(2), torch.ones(3, 4, dtype=torch.float64))
    absent = (torch.arange(6) >= lengths[:, None])[:, None].expand(3, 4, 6)
    assert not p[absent].any()
    assert (p[~absent] > 0).all()
    contexts = net.decoder.bottom(net.decoder.embedding(before), net._attend(x, lengths))[1]
    assert torch.allclose(p @ net.encoder(x, lengths), contexts, atol=1e-14)


def test_every_weight_is_learnt():
    """But embeddings of pieces that do not occur."""
    net = made()
    x, lengths, before = sentences()
    net(x, lengths, before).logsumexp(2).sum().backward()
    for name, p in net.named_parameters():
        assert p.grad is not None, name
        assert p.grad.abs().sum() > 0, name


# -- what it writes -----------------------------------------------------------------------------


@pytest.mark.parametrize(("layers", "seed"), [(1, 55), (3, 22)])
def test_the_likeliest_piece_is_written_at_each_step(layers, seed):
    """The same pieces, given as those before, make each other the likeliest.

    With these seeds some translations end before others.
    """
    net = made(layers, seed)
    x, lengths, _ = sentences()
    written = net.greedy(x, lengths, 12)
    before = torch.cat([torch.full((3, 1), BEGIN), written[:, :-1]], 1)
    with torch.no_grad():
        best = net(x, lengths, before).argmax(2)
    ended = (written == END).cumsum(1) - (written == END).long() > 0
    assert torch.equal(best[~ended], written[~ended])
    assert (written[ended] == PAD).all()
    assert ended.any()


def test_writing_ends_with_the_last_translation_or_where_it_is_broken_off():
    net = made()
    x, lengths, _ = sentences()
    with torch.no_grad():
        net.decoder.logits.bias[END] = -1e6
        assert net.greedy(x, lengths, 7).shape == (3, 7)
        net.decoder.logits.bias[END] = 1e6
        assert torch.equal(net.greedy(x, lengths, 7), torch.full((3, 1), END))


def test_a_network_of_no_numbers_writes_nothing():
    net = made()
    x, lengths, _ = sentences()
    with torch.no_grad():
        net.decoder.first.bias_ih.fill_(float("nan"))
    with pytest.raises(FloatingPointError, match="the translator's logits are not finite"):
        net.greedy(x, lengths, 7)


# -- how it begins, and where it runs -----------------------------------------------------------


def test_first_weights_have_their_spread_and_come_from_the_generator_alone():
    before = torch.get_rng_state()
    one, again, other = (
        Translator(50, 60, units=64, layers=2, generator=torch.Generator().manual_seed(seed))
        for seed in (1, 1, 2)
    )
    assert torch.equal(torch.get_rng_state(), before)
    for (name, p), q, r in zip(
        one.named_parameters(), again.parameters(), other.parameters(), strict=True
    ):
        assert torch.equal(p, q)
        assert not torch.equal(p, r)
        if "embedding" in name:
            assert float(p.detach().std()) == pytest.approx(1, abs=0.05)
        else:
            assert 0.9 / 8 < p.abs().max() <= 1 / 8, name


def test_it_runs_on_another_device(monkeypatch):
    """On "meta" there are shapes and no numbers: what was made on the CPU would not fit.

    torch cannot unpack sequences there, so that the encoder is another.
    """
    net = made(dtype=torch.float32).to("meta")
    x, lengths, before = sentences()
    read = torch.zeros(3, 6, net.encoder.size, device="meta")
    monkeypatch.setattr(net.encoder, "forward", lambda x, lengths: read)
    assert net(x.to("meta"), lengths, before.to("meta")).shape == (3, 4, LABELS)


def test_torchs_default_device_changes_nothing():
    net = made()
    x, lengths, before = sentences()
    with torch.device("meta"):
        again = made()
        assert torch.equal(again(x, lengths, before), net(x, lengths, before))
        assert torch.equal(again.greedy(x, lengths, 5), net.greedy(x, lengths, 5))
        assert torch.equal(again.attended(x, lengths, before), net.attended(x, lengths, before))


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"pieces": 2}, "pieces must be a whole number, 3 or more, got 2"),
        ({"labels": 1.5}, "labels must be a whole number, 3 or more, got 1.5"),
        ({"units": 0}, "units must be a whole number, 1 or more, got 0"),
        ({"layers": 0}, "layers must be a whole number, 1 or more, got 0"),
    ],
)
def test_a_translator_that_is_none_is_refused(given, named):
    with pytest.raises(ValueError, match=named):
        Translator(**{"pieces": 9, "labels": 9, **given})


def test_a_translation_of_no_length_is_refused():
    net = made()
    x, lengths, _ = sentences()
    with pytest.raises(ValueError, match="longest must be a whole number, 1 or more, got 0"):
        net.greedy(x, lengths, 0)


@pytest.mark.parametrize("given", [[4, 5, 1], [4, 7, 1], [4, 6], [4, 6, 1, 1]])
def test_lengths_that_do_not_fit_are_refused(given):
    x, _, before = sentences()
    net, lengths = made(), torch.tensor(given)
    for use in (lambda: net(x, lengths, before), lambda: net.greedy(x, lengths, 3)):
        with pytest.raises(ValueError, match="lengths must be 3 numbers of which the largest is 6"):
            use()
