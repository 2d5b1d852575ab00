"""Marks of a text, worked out by hand."""

from lstmlab.tasks.shakespeare.marks import bracketed, column, quoted


def drawn(marks):
    return "".join("x" if mark else "." for mark in marks)


def test_a_quotation_is_open_from_its_first_mark_to_before_its_last():
    assert drawn(quoted('He: "no\nmore," he')) == "....xxxxxxxxx...."
    assert drawn(quoted('"a" b "c')) == "xx....xx"


def test_a_blank_line_closes_what_was_left_open():
    assert drawn(quoted('a "b\n\nc "d"')) == "..xxx...xx."
    assert drawn(bracketed("[a\n\nb]")) == "xxx..."


def test_brackets_are_their_own_marks():
    assert drawn(bracketed('a [b "c] "d')) == "..xxxxx...."


def test_columns_are_counted_from_the_line_s_begin():
    assert column("ab\n\ncd").tolist() == [1, 2, 0, 0, 1, 2]
    assert len(column("")) == 0
