from __future__ import annotations

import csv
import io
import json

import pytest

from outreach_async.sandbox.server import Served

pytestmark = pytest.mark.usefixtures("token")


def test_a_list_is_a_table_for_people(run) -> None:
    shown = run("get", "prospects", "--limit", "3")
    assert shown.code == 0
    header, *rows = shown.out.splitlines()
    assert header.split()[:2] == ["id", "name"]
    assert [row.split()[0] for row in rows] == ["1", "2", "3"]
    assert shown.err == ""


def test_a_table_is_bounded_unless_told_otherwise(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("outreach_async.cli.read.HELD_ROWS", 5)
    shown = run("get", "prospects")
    assert len(shown.out.splitlines()) == 6
    assert "5 rows, and there are more" in shown.err
    assert len(run("get", "prospects", "--limit", "7").out.splitlines()) == 8


def test_lines_hold_the_resources_as_the_api_has_them(run, served: Served) -> None:
    shown = run("get", "prospects", "--format", "jsonl")
    rows = [json.loads(line) for line in shown.out.splitlines()]
    assert {row["id"] for row in rows} == set(served.sandbox.outreach.store.ids("prospect"))
    assert rows[0]["type"] == "prospect"
    assert "firstName" in rows[0]["attributes"]
    assert "account" in rows[0]["relationships"]


def test_csv_has_a_header_and_the_named_columns(run) -> None:
    shown = run("get", "prospects", "--format", "csv", "--fields", "firstName,emails,account", "--limit", "2")
    rows = list(csv.DictReader(io.StringIO(shown.out)))
    assert list(rows[0]) == ["id", "firstName", "emails", "account"]
    assert rows[0]["id"] == "1"
    assert rows[0]["account"].isdigit()
    assert json.loads(rows[0]["emails"])


def test_csv_without_names_has_every_column(run) -> None:
    rows = list(csv.DictReader(io.StringIO(run("get", "users", "--format", "csv").out)))
    assert {"id", "email", "firstName", "locked", "role"} <= set(rows[0])


def test_a_machine_gets_the_rows_in_one_object(run) -> None:
    told = run("get", "prospects", "--limit", "2", "--json").told
    assert (told["type"], told["count"], told["more"]) == ("prospects", 2, True)
    assert [row["id"] for row in told["data"]] == [1, 2]


def test_a_machine_gets_a_count_after_streamed_rows(run) -> None:
    shown = run("get", "users", "--format", "jsonl", "--json")
    assert len(shown.out.splitlines()) == shown.told["count"] + 1
    assert "data" not in shown.told


def test_filters_sort_and_limit_reach_the_api(run, served: Served) -> None:
    titles = served.sandbox.outreach.store.column("prospect", "title")
    wanted = sorted(set(titles.values()))[:2]
    shown = run("get", "prospects", "--filter", f"title={','.join(wanted)}", "--sort", "-first_name", "--json")
    names = [row["attributes"]["firstName"] for row in shown.told["data"]]
    assert len(names) == sum(1 for title in titles.values() if title in wanted)
    assert names == sorted(names, reverse=True)
    assert run("get", "prospects", "--filter", f"title=={wanted[0]}..", "--json").told["count"] == 0


def test_related_records_filter_and_come_along(run) -> None:
    shown = run("get", "prospects", "--filter", "account=1", "--include", "account", "--json")
    assert {row["relationships"]["account"]["data"]["id"] for row in shown.told["data"]} == {1}
    assert [(item["type"], item["id"]) for item in shown.told["included"]] == [("account", 1)]
    table = run("get", "prospects", "--filter", "account=1", "--include", "account", "--fields", "account").out
    assert "(1)" in table.splitlines()[1]


def test_one_record_is_shown_whole(run) -> None:
    shown = run("get", "prospect", "1")
    assert "firstName" in shown.out
    told = run("get", "prospect", "1", "--include", "account", "--fields", "name", "--json").told
    assert told["data"]["id"] == 1
    assert list(told["data"]["attributes"]) == ["name"]
    assert told["included"][0]["type"] == "account"
    assert json.loads(run("get", "prospect", "1", "--format", "jsonl").out)["id"] == 1
    assert run("get", "prospect", "1", "--format", "csv").out.count("\n") == 2


def test_custom_objects_are_read_by_their_path(run, served: Served) -> None:
    told = run("get", "customObjects/vehicle", "--filter", "name==nothing of that name", "--json").told
    assert told["count"] == 0
    assert run("get", "customObjects/vehicle", "--json").told["count"] == served.sandbox.outreach.store.count("vehicle")
    assert run("get", "customObjects/vehicle", "1", "--json").told["data"]["type"] == "vehicle"


def test_no_rows_are_no_error(run) -> None:
    shown = run("get", "prospects", "--filter", "title==nobody is called that")
    assert (shown.code, shown.out) == (0, "no rows\n")


@pytest.mark.parametrize(
    ("argv", "code", "text"),
    [
        (("prospects", "999999"), 1, "Could not find 'prospect'"),
        (("prospects", "../users/1"), 2, "cannot be an id in a path"),
        (("prospects", "--filter", "nope=1"), 2, "nope"),
        (("prospects", "--sort", "nope"), 2, "cannot be sorted by 'nope'"),
        (("prospects", "1", "--limit", "3"), 2, "no filter, sort or limit"),
        (("imports",), 2, "cannot be listed"),
        (("prospects", "--include", "n o"), 2, "is not the name"),
    ],
)
def test_what_cannot_be_read_says_why(run, argv: tuple[str, ...], code: int, text: str) -> None:
    shown = run("get", *argv)
    assert shown.code == code
    assert shown.err.count("\n") == 1
    assert text in shown.err


def test_secrets_of_rows_are_masked(run, served: Served) -> None:
    body = json.dumps(
        {"data": {"type": "webhook", "attributes": {"url": "https://hooks.example/x", "secret": "canary-secret"}}}
    )
    made = run("call", "POST", "/webhooks", "--data", body, "--json")
    assert made.code == 0
    seen = [made.out]
    seen += [
        run("get", "webhooks", "--format", form, "--fields", "secret,url").out for form in ("jsonl", "csv", "table")
    ]
    seen.append(run("get", "webhook", str(made.told["body"]["data"]["id"]), "--json").out)
    assert not any("canary-secret" in text for text in seen)
    assert "***" in seen[1]
