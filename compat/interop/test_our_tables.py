"""Tables that our library writes, as the official client reads them; and the other way round."""

from __future__ import annotations

import datetime
import json
import math
import os
import subprocess

import numpy
import pytest
import wandb
from serving import Server

SCORES = [[1 / (row + 1), 1 - 1 / (row + 1)] for row in range(200)]
ROWS = [[row, f"\u00e9{row}" if row % 3 else None, SCORES[row], row % 2 == 0] for row in range(200)]


def log_tables(server: Server) -> None:
    """Runs the example with the client's own settings."""
    program = server.binary.parent / "examples" / f"tables{server.binary.suffix}"
    subprocess.run([program], check=True, stdin=subprocess.DEVNULL, env=os.environ, timeout=120)


def show(server: Server, name: str, path: str) -> dict:
    """The rows that our command reads of a table."""
    command = [server.binary, "artifact", "table", "show", name, path, "--json"]
    done = subprocess.run(command, check=True, capture_output=True, env=os.environ, timeout=120)
    return json.loads(done.stdout)


@pytest.mark.every_client
def test_tables_of_ours_are_read(server, project, api):
    log_tables(server)
    found = api.artifact("predictions:v0")
    first = found.get("parts/table_0")
    assert first.columns == ["id", "label", "scores", "is_right"]
    assert first.data == ROWS[:100]
    parts = found.get("all")
    assert [row for _, row in parts.iterrows()] == ROWS
    assert [index for index, _ in parts.iterrows()] == list(range(200))
    joined = found.get("joined")
    assert joined._join_key == "id"
    assert joined._table1.data == ROWS[:100]
    assert joined._table2.data == [[0, "\u00e90"], [1, "inf"]]


def test_a_table_of_ours_is_the_official_clients_byte_for_byte(server, project, api):
    log_tables(server)
    theirs = wandb.Artifact("theirs", type="predictions")
    table = wandb.Table(columns=["id", "label", "scores", "is_right"], data=[list(row) for row in ROWS[:100]])
    theirs.add(table, "parts/table_0")
    ours = api.artifact("predictions:v0")
    path = "parts/table_0.table.json"
    assert ours.manifest.entries[path].digest == theirs.manifest.entries[path].digest


def test_every_kind_of_cell_of_the_official_client_is_read(server, project, api):
    time = datetime.datetime(2020, 1, 1, 0, 0, 0, 678000, tzinfo=datetime.timezone.utc)
    picture = wandb.Image(numpy.zeros((2, 2, 3), dtype=numpy.uint8))
    rows = [
        [1, 2**64, 0.1, "\u00e9\n", True, time, [1, None], {"a": {"b": 1}}, picture, numpy.zeros(3), 1],
        [None, None, math.inf, None, None, None, None, None, None, numpy.ones(3), "x"],
        [2, -1, math.nan, "", False, time, [], {"a": {"b": 2}}, picture, numpy.ones(3), [1]],
    ]
    columns = ["int", "big", "float", "text", "bool", "time", "list", "dict", "picture", "array", "mixed"]
    table = wandb.Table(columns=columns)
    table.cast("mixed", wandb.sdk.data_types._dtypes.AnyType(), optional=True)
    for row in rows:
        table.add_data(*row)
    with wandb.init() as run:
        artifact = wandb.Artifact("theirs", type="dataset")
        artifact.add(table, "t")
        artifact.add(wandb.Table(columns=["n"], data=[[1]]), "parts/2")
        artifact.add(wandb.Table(columns=["n"], data=[[0]]), "parts/10")
        artifact.add(wandb.data_types.PartitionedTable("parts"), "all")
        run.log_artifact(artifact)
    shown = show(server, "theirs", "t")
    assert [column["name"] for column in shown["columns"]] == columns
    types = ["number", "number", "number", "string", "boolean", "timestamp", "list of number", "dict", "image-file",
             "list of number", "any"]
    assert [column["type"] for column in shown["columns"]] == types
    milliseconds = 1577836800678
    image = shown["rows"][0].pop(8)
    assert image["_type"] == "image-file"
    assert shown["rows"][0] == [1, 2**64, 0.1, "\u00e9\n", True, milliseconds, [1, None], {"a": {"b": 1}}, [0, 0, 0], 1]
    assert shown["rows"][1] == [None, None, "Infinity", *[None] * 6, [1, 1, 1], "x"]
    assert shown["rows"][2][:3] == [2, -1, None]
    assert shown["nrows"] == 3
    assert show(server, "theirs", "all")["rows"] == [[0], [1]]


def test_a_table_of_a_run_is_read(server, project, api):
    with wandb.init() as run:
        run.log({"t": wandb.Table(columns=["a", "b"], data=[[1, "x"], [2, "y"]])})
        name = f"run-{run.id}-t"
    shown = show(server, name, "t")
    assert shown["rows"] == [[1, "x"], [2, "y"]]


def test_a_table_that_refers_to_another_artifact_is_read(server, project, api):
    with wandb.init() as run:
        first = wandb.Artifact("first", type="dataset")
        table = wandb.Table(columns=["n"], data=[[7]])
        first.add(table, "table")
        run.log_artifact(first)
        second = wandb.Artifact("second", type="dataset")
        second.add(table, "rows")
        run.log_artifact(second)
    assert api.artifact("second:v0").manifest.entries["rows.table.json"].ref
    assert show(server, "second", "rows")["rows"] == [[7]]


def test_a_table_of_ours_that_refers_to_another_artifact_is_read(server, project, api):
    log_tables(server)
    first, second = api.artifact("pages:v0"), api.artifact("chosen-pages:v0")
    for name, count in [("all", 3), ("first", 1)]:
        rows = second.get(name).data
        assert [(row[0].html, row[1]) for row in rows] == [(f"<b>{n}</b>", n) for n in range(count)]
    entries = second.manifest.entries
    expected = {path: first.get_entry(path).ref_url() for path in first.manifest.entries if path.startswith("media/")}
    expected["all.table.json"] = first.get_entry("pages.table.json").ref_url()
    expected["first.table.json"] = None
    assert {path: entry.ref for path, entry in entries.items()} == expected

    # The official client writes only a reference for the whole table, and for its rows references to their media.
    theirs = wandb.Artifact("theirs", type="dataset")
    table = first.get("pages")
    theirs.add(table, "all")
    theirs.add(wandb.Table(columns=["page", "n"], data=table.data), "rows")
    for path, entry in theirs.manifest.entries.items():
        if path != "rows.table.json":
            ours = entries[path]
            assert (entry.ref, entry.digest, entry.size) == (ours.ref, ours.digest, ours.size), path


def test_a_text_of_the_official_client_that_is_no_unicode_is_read(server, project):
    name = os.fsdecode(b"caf\xe9.png")
    with wandb.init(project=project) as run:
        theirs = wandb.Artifact("files", type="dataset")
        theirs.add(wandb.Table(columns=["name", "n"], data=[[name, 1], ["plain", 2]]), "names")
        run.log_artifact(theirs).wait()
    shown = show(server, "files", "names")
    assert shown["rows"] == [["caf\ufffd.png", 1], ["plain", 2]]
    assert shown["replacedSurrogates"] == 1
