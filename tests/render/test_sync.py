from __future__ import annotations

from mlops_cli.actions.sync import Offer, SyncResult, Theirs
from mlops_cli.history.exchange import Content
from mlops_cli.render.sync import content_text, offer_text, refused_text, sync_text

CLONE = "0123456789ab"


def test_amounts_are_named_as_people_do() -> None:
    assert content_text(Content()) == "nothing"
    assert content_text(Content(1)) == "1 run"
    assert content_text(Content(1000, 2, 3)) == "1,000 runs, 2 notes and 3 snapshots"


def test_the_question_names_people_and_says_what_snapshots_are_where_there_are_any() -> None:
    people = tuple(f"P{number} <p@x>" for number in range(7))
    text = offer_text(Offer("hub", Content(2, 0, 1), 2048, people))
    assert "New for hub" in text
    assert "(2.0 KiB)" in text
    assert "P4 <p@x> and 2 more" in text
    assert "what is not committed included" in text
    text = offer_text(Offer("hub", Content(2), None, ()))
    assert "Snapshots" not in text
    assert "KiB" not in text


def test_what_was_refused_is_no_result() -> None:
    result = SyncResult("hub", theirs=(Theirs(CLONE, refused="it is odd"),))
    assert sync_text(result) == ""
    assert refused_text(result) == f"mlops: the journal of {CLONE} was not taken: it is odd\n"
    assert not result.good


def test_what_came_back_is_told() -> None:
    assert "had 1 run that this clone lacked" in sync_text(SyncResult("hub", regained=Content(1)))
