"""Works that are timed take turns; the first turns warm up, and a slow one is an exception."""

from lstmlab.results import turns


def test_works_take_turns_and_the_median_counts_after_the_warm_up(monkeypatch):
    now, called = [0.0], []

    def work(name, seconds):
        lasts = iter(seconds)

        def call():
            called.append(name)
            now[0] += next(lasts)

        return call

    monkeypatch.setattr(turns.time, "perf_counter", lambda: now[0])
    slow = [9.0] * 4  # two turns of two calls
    works = {"one": work("one", [*slow, 1, 2, 1, 1, 80, 1]), "other": work("other", [*slow] * 3)}
    found = turns.in_turns(works, turns=3, calls=2)
    assert called == ["one", "one", "other", "other"] * 5
    assert found == {"one": 1.5, "other": 9.0}
