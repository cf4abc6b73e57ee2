from __future__ import annotations

from mlops_cli.actions.sync import Offer, SyncResult, Theirs
from mlops_cli.git.sharing import Unpushed
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
    assert "when a run began, here all of commits that hub has.\n" in text
    text = offer_text(Offer("hub", Content(2), None, ()))
    assert "Snapshots" not in text
    assert "KiB" not in text


def test_the_question_says_which_code_nobody_could_read_so_far() -> None:
    commits = tuple(Unpushed(f"{number}" * 40, f"Idea {number}") for number in range(7))
    text = offer_text(Offer("hub", Content(9, 0, 9), 2048, (), 2, commits))
    assert "of which hub has not seen 2 with what was not committed, and those of 7 commits" in text
    assert "that hub does not have: 0000000000 Idea 0; 1111111111 Idea 1; " in text
    assert text.endswith("4444444444 Idea 4; and 2 more.\n")
    gone = offer_text(Offer("hub", Content(1, 0, 1), None, (), 0, (Unpushed("a" * 40, ""),)))
    assert gone.endswith("has not seen those of 1 commit that hub does not have: aaaaaaaaaa.\n")
    hostile = offer_text(Offer("hub", Content(1, 0, 1), None, (), 0, (Unpushed("a" * 40, "x\x1b[2J"),)))
    assert "\x1b" not in hostile
    told = offer_text(Offer("hub", Content(1, 0, 1), None, (), 0, commits, (".env (named like x)",)))
    assert told.endswith("what looks like a secret, and it is sent with them: .env (named like x).\n")


def test_what_was_refused_is_no_result() -> None:
    result = SyncResult("hub", theirs=(Theirs(CLONE, refused="it is odd"),))
    assert sync_text(result) == ""
    assert refused_text(result) == f"mlops: the journal of {CLONE} was not taken: it is odd\n"
    assert not result.good


def test_what_came_back_is_told() -> None:
    assert "had 1 run that this clone lacked" in sync_text(SyncResult("hub", regained=Content(1)))
