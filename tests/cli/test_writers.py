from __future__ import annotations

import pytest

from outreach_async.cli.output import Output
from outreach_async.cli.writers import Csv, Table


def row(id: int, **attributes: object) -> dict[str, object]:
    return {"type": "car", "id": id, "attributes": attributes, "relationships": {}}


def test_csv_tells_what_its_header_could_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    writer = Csv(Output(), ())
    writer.page([row(1, name="a")], [])
    writer.page([row(2, name="b", wheels=4)], [])
    writer.end()
    shown = capsys.readouterr()
    assert shown.out == "id,name\n1,a\n2,b\n"
    assert "wheels" in shown.err


def test_csv_with_named_columns_says_nothing_of_others(capsys: pytest.CaptureFixture[str]) -> None:
    writer = Csv(Output(), ["id", "wheels"])
    writer.page([row(1, name="a"), row(2, wheels=4)], [])
    writer.end()
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("id,wheels\n1,\n2,4\n", "")


def test_a_table_names_what_came_along(capsys: pytest.CaptureFixture[str]) -> None:
    owned = row(1) | {
        "relationships": {
            "owner": {"data": {"type": "user", "id": 5}},
            "account": {"data": {"type": "account", "id": 6}},
            "seller": {"data": {"type": "user", "id": 7}},
        }
    }
    along = [
        {"type": "user", "id": 5, "attributes": {"firstName": "Ada", "lastName": None}},
        {"type": "account", "id": 6, "attributes": {}},
    ]
    writer = Table(Output(), ["owner", "account", "seller"])
    writer.page([owned], along)
    writer.end()
    assert capsys.readouterr().out.splitlines()[1].split() == ["Ada", "(5)", "6", "7"]
