"""Accept/reject tables for golden.py, found by giving each input to the official client.

Every row has "input", "accepted" and, when rejected, the official exception class
in "error". Tables with a "normalised" column say what an accepted input became.
These are observations of wandb 0.31.0, quirks included; a stricter implementation
may reject more on purpose.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable

Row = dict[str, Any]

ARTIFACT_NAMES: list[str | None] = [
    "n", "mnist-dataset_v1.0", "A", "0", "-", "_", ".", "..", "...", "-lead", ".hidden", "a.b",
    "x" * 128, "x" * 129, "", " ", "a b", " a", "a ", "a\n", "a\n\n", "\na", "a\tb", "a\x00b", "a/b",
    "/a", "a/", "a:v0", "a\\b", "a@b", "a#b", "a%20b", "a+b", "a,b", "a(b)", "caf\u00e9", "cafe\u0301",
    "\u6f22", "\U0001F600", "\u0661", None,
]

ENTRY_PATHS: list[str] = [
    "a.txt", "./a.txt", "././a", "a//b.txt", "a/./b.txt", "a/", "a//", "a/.", ".", "./", "..", "../b",
    "a/../b", "a/..", "..a", "a..", "...", ".../x", "/b", "//b", "///b", "/", "C:\\b", "C:b", "c:/b", "a:",
    "a:b.txt", "Z:", "ab:c", "d/a:c", "\u00e9:b", "\\b", "\\\\srv\\share\\f", "x\\..\\y", "..\\y", "x\\.\\y",
    "a\\b.txt", "a\\", "\\", "x/..\\y", " ", "  /x", "a b", " lead", "trail ", "nul\x00", "line\nfeed", "end\n",
    "tab\t", "?", "*", "<", ">", "|", '"', "~", "~/x", "$x", "%2e%2e/x", "file:///x", "s3://b/k", "http://h/p",
    "n" * 300, "caf\u00e9", "cafe\u0301", "\u6f22", "\U0001F600", "\u2028", "wandb_manifest.json", "CON",
    "aux.txt", "-", "--help", ".git/config", "a/b/c/d", "a///b", "./../x", "./..", "a/./../b", "//./x",
]

DIR_PREFIXES: list[str | None] = [
    None, "", ".", "./", "p", "p/", "./p", "p//q", "p/./q", "/p", "//p", "../p", "p/..", "p/../q",
    "C:\\p", "C:", "a:", "a\\b", "\\p", " ", "\u00e9", "p\n",
]

ARTIFACT_TYPES: list[str | None] = [
    "dataset", "model", "", " ", "a b", "a/b", "a:b", "t" * 300, "caf\u00e9", "\u6f22", "a\n", "nul\x00",
    "job", "Job", "JOB", "job ", "jobs", "wandb", "wandb-", "wandb-history", "Wandb-x", "wandb_x",
    "run_table", "code", "..", "latest", None,
]

TYPE_WITH_NAME: list[tuple[str, str]] = [
    ("run_table", "run-abc"), ("run_table", "run"), ("run_table", "x-run-"), ("run_table", "Run-x"),
    ("code", "source-x"), ("code", "source"), ("code", "x-source-"), ("dataset", "run-x"),
    ("dataset", "source-x"), ("model", "job-x"), ("job", "anything"),
]

TAGS: list[str] = [
    "ok", "a-b", "a_b", "-", "_", "A1", "a b", "a  b", "a b c", "caf\u00e9", "cafe\u0301", "\u6f22", "\u0661",
    "t" * 300, "", " ", " a", "a ", "a\n", "a\nb", "a\tb", "a.b", "a/b", "a:b", "a,b", "a#", "a+b", "a\\b",
    "\U0001F600", "a\u00a0b", "a\x00",
]

ALIASES: list[str] = [
    "latest", "best", "v0", "v1", "v10", "V1", "v", "v1.0", "v01", "1", "", " ", "a b", " a", "a\n", "a\tb",
    "a/b", "/", "a:b", ":", "a:", "a\\b", "a.b", "a,b", "a#b", "a%2Fb", "caf\u00e9", "\u6f22", "\U0001F600",
    "x" * 300, "-", "..", "a\x00", "a@b", "v\u0661",
]

METADATA_TEXTS: list[str] = [
    "", "{}", '{"a": 1}', '{"a": {"b": [1, 2.5, null, true]}}', '{"a": NaN}', '{"a": Infinity}',
    '{"a": -Infinity}', '{"a": [NaN, 1]}', "[]", "1", "null", '"x"', "{", "not json", '{"a": 1, "a": 2}',
    '{"\\u00e9": "\\ud83d\\ude00"}', '{"": ""}', '{"a": 1e400}', '{"a": 12345678901234567890}', '{"a": 1.0}',
    '{"a": 1e2}', '{"a": -0.0}', " {} ", "\ufeff{}",
]

SAFE_NAMES: list[str] = [
    "ok", "a b", "my/file.py", "caf\u00e9", "cafe\u0301", "", "x" * 128, "x" * 129, "a" * 100 + "/" + "b" * 100,
    "\U0001F600", "a:b\\c", "source-proj-path/to/train.py", ".-_", "line\n", "\u6f22\u5b57", "<>&",
]


def observe(action: Callable[[], Any]) -> Row:
    """Run action: accepted or the name of the exception class."""
    try:
        value = action()
    except Exception as error:  # every official rejection counts
        return {"accepted": False, "error": type(error).__name__}
    return {"accepted": True} if value is None else {"accepted": True, "normalised": value}


def new_artifact(name: Any = "n", kind: Any = "dataset", **more: Any) -> Any:
    from wandb import Artifact

    return Artifact(name, kind, **more)


def only_path(artifact: Any) -> str:
    (path,) = artifact.manifest.to_manifest_json()["contents"]
    return str(path)


def name_row(name: str | None) -> Row:
    return {"input": name, **observe(lambda: new_artifact(name) and None)}


def type_row(kind: str | None, name: str = "n") -> Row:
    return {"input": kind, "name": name, **observe(lambda: new_artifact(name, kind) and None)}


def entry_row(path: str, local: Path) -> Row:
    def add() -> str:
        artifact = new_artifact()
        artifact.add_file(str(local), name=path)
        return only_path(artifact)

    return {"input": path, **observe(add)}


def dir_row(prefix: str | None, folder: Path) -> Row:
    def add() -> str:
        artifact = new_artifact()
        artifact.add_dir(str(folder), name=prefix)
        return only_path(artifact)

    return {"input": prefix, **observe(add)}


def log_row(run: Any, keyword: str, value: str) -> Row:
    """Log an empty artifact in an offline run with one tag or alias."""
    return {"input": value, **observe(lambda: run.log_artifact(new_artifact(), **{keyword: [value]}) and None)}


def metadata_row(text: str) -> Row:
    row = {"input": text, **observe(lambda: new_artifact(metadata=text).metadata)}
    json.dumps(row, allow_nan=False)
    return row


def metadata_count_row(top: int, nested: int) -> Row:
    value: Row = {f"k{i:03d}": i for i in range(top)}
    value |= {"nested": {f"n{i:03d}": i for i in range(nested)}} if nested else {}
    return {"top_level_keys": len(value), "nested_keys": nested,
            **observe(lambda: new_artifact(metadata=value) and None)}


def offline_tables(root: Path) -> dict[str, list[Row]]:
    """Tags and aliases are only checked when an artifact is logged."""
    import wandb

    settings = wandb.Settings(console="off", x_disable_stats=True)
    with wandb.init(project="golden", dir=str(root), mode="offline", settings=settings) as run:
        return {
            "tag": [log_row(run, "tags", value) for value in TAGS],
            "alias": [log_row(run, "aliases", value) for value in ALIASES],
        }


def all_tables(root: Path) -> dict[str, list[Row]]:
    from wandb.util import make_artifact_name_safe

    local, folder = root / "local.txt", root / "folder"
    local.write_text("x")
    folder.mkdir()
    (folder / "f.txt").write_text("x")
    counts = [(0, 0), (99, 0), (100, 0), (101, 0), (99, 200), (100, 1)]
    return {
        "artifact_name": [name_row(name) for name in ARTIFACT_NAMES],
        "artifact_type": [type_row(kind) for kind in ARTIFACT_TYPES]
        + [type_row(kind, name) for kind, name in TYPE_WITH_NAME],
        "entry_path": [entry_row(path, local) for path in ENTRY_PATHS],
        "add_dir_name": [dir_row(prefix, folder) for prefix in DIR_PREFIXES],
        **offline_tables(root),
        "metadata_json_text": [metadata_row(text) for text in METADATA_TEXTS],
        "metadata_key_count": [metadata_count_row(top, nested) for top, nested in counts],
        "make_artifact_name_safe": [
            {"input": name, "normalised": make_artifact_name_safe(name)} for name in SAFE_NAMES
        ],
    }
