from __future__ import annotations

import csv
import io

from mlops_cli.render.lists import list_text

HEAD = ("name", "what")
ROWS = [("a", "plain"), ("b|c", 'with "quotes", and\na line')]


def test_csv_is_read_back_as_it_was() -> None:
    read = list(csv.reader(io.StringIO(list_text(HEAD, ROWS, "csv"))))
    assert [tuple(row) for row in read] == [HEAD, *ROWS]


def test_markdown_keeps_every_row_on_its_line_and_every_bar_in_its_cell() -> None:
    lines = list_text(HEAD, ROWS, "md").splitlines()
    assert lines[:3] == ["| name | what |", "| --- | --- |", "| a | plain |"]
    assert lines[3].startswith("| b\\|c | with")
    assert len(lines) == 4


def test_a_table_lines_columns_up_without_spaces_at_the_end() -> None:
    lines = list_text(HEAD, [("a", "x"), ("long name", "y")], "table").splitlines()
    assert lines == ["name       what", "a          x", "long name  y"]


def test_a_table_into_a_file_never_cuts_or_colours() -> None:
    text = list_text(HEAD, [("a", "word " * 100)], "table")
    assert len(text.splitlines()) == 2
    assert "\x1b" not in text


def test_a_table_on_a_terminal_fits_its_width() -> None:
    text = list_text(HEAD, [("a", "x" * 100)], "table", width=40)
    assert "x" * 100 not in text
    assert text.count("x") == 100


def test_what_looks_like_markup_is_text() -> None:
    assert "[red]" in list_text(HEAD, [("a", "[red]x[/red]")], "table")


def test_what_would_break_a_table_or_steer_the_terminal_is_spelled_out_in_its_cell() -> None:
    for form in ("table", "md"):
        lines = list_text(HEAD, [("a\nb", "c\x1b[2Jd")], form).splitlines()
        assert "a\\nb" in lines[-1]
        assert "c\\x1b[2Jd" in lines[-1]


def test_letters_of_any_writing_are_shown_as_they_are() -> None:
    assert "ünïcödé-数据-👩\u200d🔬" in list_text(HEAD, [("ünïcödé-数据-👩\u200d🔬", "")], "table")
