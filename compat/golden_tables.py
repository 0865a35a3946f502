"""Table files of the official client, for golden.py: plain cases, and the file that the client writes of each.

A case has "columns", "rows" and, where they are not the defaults, "optional", "mixed" and "log_mode". Its result is
either "file", the text of the entry, or "error", the exception class and the number of the row that was refused.

Cells are JSON values, but for objects with the one key "$":
    {"$": "nan"} {"$": "inf"} {"$": "-inf"}    floats that JSON does not have
    {"$": "int", "digits": D}                  a whole number beyond 64 bits
    {"$": "time", "ms": N}                     a datetime, N milliseconds after 1970 in UTC

"media" are files that hold media, arrays and keys, made by the client from objects that a case cannot describe.
"""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wandb import Artifact

Case = dict[str, Any]
NAN, INF, NINF = {"$": "nan"}, {"$": "inf"}, {"$": "-inf"}
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def time(ms: int) -> Case:
    return {"$": "time", "ms": ms}


def integer(digits: str) -> Case:
    return {"$": "int", "digits": digits}


def case(name: str, columns: list[Any], *rows: list[Any], **more: Any) -> Case:
    return {"name": name, "columns": columns, "rows": list(rows), **more}


def column(name: str, *cells: Any, **more: Any) -> Case:
    """A case of one column."""
    return case(name, ["a"], *[[cell] for cell in cells], **more)


CASES: list[Case] = [
    case("readme", ["a", "b", "c"], [0, 0, 1]),
    case("no columns", []),
    case("no columns, two rows", [], [], []),
    case("no rows", ["a", "b"]),
    case("order", ["b", "a", "B", "\u00e9", "_", ""], [1, 2, 3, 4, 5, 6]),
    case("names", ["a b", "quote\"", "back\\slash", "new\nline", "\U0001f600"], [1, 2, 3, 4, 5]),
    case("numbered", [0, 1, 10, 2], [1, 2, 3, 4]),
    case("duplicate", ["a", "a"], [1, 2], refused=True),
    column("nulls", None, None),
    column("null first", None, 1),
    column("null later", "x", None),
    column("floats", 1e16, 1e15, 123456789012345680.0, 1e-5, 0.0001, 1e22, 1e100, -0.0, 0.0, 5e-324,
           1.7976931348623157e308, 0.1, 100.0, 1e21, 9999999999999998.0, 0.00012345, 2.5e-8),
    column("not finite", NAN, 1.5, INF, NINF),
    column("nan first", NAN, NAN),
    column("whole numbers", 0, -1, 2**53 + 1, 2**63 - 1, -(2**63), integer(str(2**63)), integer(str(2**64)),
           integer(str(-(2**63) - 1)), integer("1" + "0" * 40)),
    column("texts", "", "\u00e9\u2028\u007f\u0000\u001f\n\t\b\f\r\"\\/\U0001f600", "x" * 5000, "</script>", "nan"),
    column("booleans", True, False, None),
    column("times", time(1577836800678), time(-86400000), time(0), None),
    column("boolean then number", True, 1),
    column("number then boolean", 1, True),
    column("number then text", 1, 2, "x"),
    column("time then number", time(0), 1),
    column("text then list", "x", ["x"]),
    column("lists", [1, 2], [1], [], None),
    column("empty list first", [], [1]),
    column("lists of lists", [[1], [2, 3]], [[4]], [[]]),
    column("lists with nulls", [1, None], [None], []),
    column("null in a later list", [1], [None]),
    column("clash in a list", [1, "x"]),
    column("clash in a list, another row", [1, "x"], [1, "x"]),
    column("clash in a list, then none", [1, "x"], []),
    column("list of another type", [1], ["x"]),
    column("nan in a list", [NAN, 1.0]),
    column("nan in a list, another row", [NAN, 1.0], [1.0]),
    column("nan in a later list", [1.0], [1.0, NAN]),
    column("list of one that is not finite", [INF]),
    column("lists of times", [time(1577836800000)], []),
    column("lists of booleans", [True], [False, True]),
    column("lists of objects", [{"a": 1}, {"a": 2}]),
    column("lists of different objects", [{"a": 1}, {"b": 2}]),
    column("null and lists in a list", [[1], None, [2]]),
    column("objects", {"b": 1, "a": {"z": None, "\u00e9": [1]}}),
    column("objects again", {"a": 1, "b": "x"}, {"b": "y", "a": 2}, None),
    column("empty objects", {}, {}),
    column("object with a new key", {"a": 1}, {"a": 1, "b": 2}),
    column("object without a key", {"a": 1, "b": 2}, {"a": 1}),
    column("object without a null", {"a": 1, "b": None}, {"a": 1}),
    column("object with another type", {"a": 1}, {"a": "x"}),
    column("object with a null first", {"a": None}, {"a": 1}),
    column("object with nan", {"a": NAN}),
    column("object with lists", {"a": [1, 2]}, {"a": [3]}),
    column("object with _type", {"_type": "mine", "path": "x"}),
    column("artifact text", "wandb-artifact://0123/a", None),
    column("artifact text, then text", "wandb-artifact://0123/a", "x"),
    column("text, then artifact text", "x", "wandb-artifact://0123/a"),
    column("required", 1, 2, optional=False),
    column("required, but null", 1, None, optional=False),
    column("required, but nan", 1, NAN, optional=False),
    column("required, nothing there", optional=False),
    case("one required", ["a", "b"], [1, None], optional=[False, True]),
    column("mixed", 1, "x", None, [1, "x"], {"a": 1}, True, NAN, mixed=True),
    column("mixed, required", 1, "x", mixed=True, optional=False),
    column("mixed, required, but null", 1, None, mixed=True, optional=False),
    column("mutable", "x", log_mode="MUTABLE"),
    column("incremental", "x", log_mode="INCREMENTAL"),
    case("too few", ["a", "b"], [1, 2], [1]),
    case("too many", ["a"], [1], [1, 2]),
    case("many rows", ["i", "f", "s", "b"], *[[i, i / 8, f"row {i}", i % 2 == 0] for i in range(50)]),
]


def value(cell: Any) -> Any:
    """The Python value of a cell."""
    if isinstance(cell, list):
        return [value(item) for item in cell]
    if not isinstance(cell, dict):
        return cell
    kind = cell.get("$")
    if kind is None:
        return {key: value(item) for key, item in cell.items()}
    if kind == "int":
        return int(cell["digits"])
    if kind == "time":
        return EPOCH + datetime.timedelta(milliseconds=cell["ms"])
    return float(kind)


def text_of(artifact: Artifact, name: str) -> str:
    with open(artifact.manifest.entries[name].local_path, encoding="utf-8") as file:
        return file.read()


def result(spec: Case) -> Case:
    """The file that the official client writes of a case."""
    import wandb

    artifact = wandb.Artifact("golden", "dataset")
    options: Case = {"allow_mixed_types": spec.get("mixed", False)}
    for key in ("optional", "log_mode"):
        if key in spec:
            options[key] = spec[key]
    table = wandb.Table(columns=list(spec["columns"]), **options)
    for index, row in enumerate(spec["rows"]):
        try:
            table.add_data(*[value(cell) for cell in row])
        except (TypeError, ValueError) as error:
            return {"error": type(error).__name__, "row": index}
    artifact.add(table, "t")
    return {"file": text_of(artifact, "t.table.json")}


def media() -> list[Case]:
    """Files with values that cases cannot describe."""
    import numpy
    import wandb

    def picture(**more: Any) -> Any:
        return wandb.Image(numpy.zeros((2, 2, 3), dtype=numpy.uint8), **more)

    classes = wandb.Classes([{"id": 0, "name": "cat"}, {"id": 1, "name": "dog"}])
    masks = {"m": {"mask_data": numpy.zeros((2, 2), dtype=numpy.uint8), "class_labels": {0: "cat"}}}
    boxes = {"b": {"box_data": [{"position": {"minX": 0.1, "maxX": 0.2, "minY": 0.3, "maxY": 0.4}, "class_id": 1,
                                 "scores": {"acc": 0.5}}], "class_labels": {0: "cat", 1: "dog"}}}
    key = wandb.Table(columns=["id", "n"], data=[["a", 1], ["b", 2]])
    key.set_pk("id")
    tables = {
        "pictures": wandb.Table(columns=["picture", "n"], data=[[picture(), 1], [picture(caption="c"), 2], [None, 3]]),
        "pictures with layers": wandb.Table(columns=["picture"], data=[[picture(classes=classes, masks=masks, boxes=boxes)]]),
        "pages": wandb.Table(columns=["page"], data=[[wandb.Html("<b>")], [None]]),
        "points": wandb.Table(columns=["points"], data=[[wandb.Object3D(numpy.zeros((2, 3)))]]),
        "arrays": wandb.Table(columns=["array"], data=[[numpy.zeros((2, 2))], [numpy.ones((2, 2))]]),
        "embeddings": wandb.Table(columns=["array"], data=[[numpy.zeros(3)], [numpy.ones(3)]]),
        "key": key,
        "bytes": wandb.Table(columns=["bytes"], data=[[b"abc"]]),
        "constants": wandb.Table(columns=["a"], data=[["x"], [None]], dtype=["x"]),
        "several types": wandb.Table(columns=["a"], data=[[1], ["x"], [True], [None]], dtype=[[int, str, bool]]),
        "nanoseconds": wandb.Table(columns=["t"], data=[[numpy.datetime64("2020-01-01T00:00:00.123456789", "ns")]]),
    }
    files = []
    for name, table in tables.items():
        artifact = wandb.Artifact("golden", "dataset")
        artifact.add(table, "t")
        text = text_of(artifact, "t.table.json")
        # The name of a file of classes is the number of an object.
        text = re.sub(r"[0-9a-f]{32}_cls", "0_cls", text)
        files.append({"name": name, "file": text})
    return files


def views() -> list[Case]:
    """Partitioned and joined tables, and the names of entries."""
    import wandb

    artifact = wandb.Artifact("golden", "dataset")
    rows = wandb.Table(columns=["id", "x"], data=[[1, "a"]])
    names = [
        "t", "dir/t.table.json", "t.json", "x.table", "table.json", "mytable.json", "./dot", "media/tables/foo",
        "media/tables/deep/foo.bar", "media/tablesX",
    ]
    entries = []
    for name in names:
        entry = artifact.add(wandb.Table(columns=["id", "x"], data=[[1, "a"]]), name)
        entries.append({"name": name, "path": str(entry.path)})
    artifact.add(rows, "rows")
    made = {
        "partitioned": (wandb.data_types.PartitionedTable("parts"), "p"),
        "joined": (wandb.JoinedTable("t.table.json", "rows.table.json", "id"), "j"),
        "joined by two": (wandb.JoinedTable("t.table.json", "rows.table.json", ["id", "x"]), "deep/k"),
    }
    files = []
    for name, (view, path) in made.items():
        entry = artifact.add(view, path)
        files.append({"name": name, "path": str(entry.path), "file": text_of(artifact, entry.path)})
    return [{"entries": entries}, {"views": files}]


def all_tables() -> dict[str, list[Case]]:
    cases = [{**spec, **result(spec)} for spec in CASES]
    entries, made = views()
    return {"cases": cases, "media": media(), "entries": entries["entries"], "views": made["views"]}
