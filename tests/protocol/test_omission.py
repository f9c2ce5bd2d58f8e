"""The mark of what was not passed says so."""

from outreach_async.protocol.omission import LEFT_OUT


def test_the_mark_names_itself_and_equals_nothing_else():
    assert repr(LEFT_OUT) == "LEFT_OUT"
    assert LEFT_OUT != ""
    assert LEFT_OUT is not None
