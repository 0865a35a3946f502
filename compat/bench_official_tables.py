"""Write or read a table of many rows with the official client, offline, for `cargo xtask bench --only tables`.

    python compat/bench_official_tables.py write FILE ROWS
    python compat/bench_official_tables.py read FILE

Rows and columns are those of examples/table_rows.rs. "write" makes a Table and adds it to an artifact, as a user would,
then moves the entry's file to FILE. "read" makes the Table that `artifact.get` returns out of FILE, without the download.
The client stops at 200,000 rows unless it is told otherwise; here it is.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path


def isolate(root: Path) -> None:
    for name in [n for n in os.environ if n.startswith("WANDB")]:
        del os.environ[name]
    os.environ.update({
        "HOME": str(root), "WANDB_MODE": "offline", "WANDB_SILENT": "true", "WANDB_ERROR_REPORTING": "false",
        "WANDB_DIR": str(root), "WANDB_CACHE_DIR": str(root / "cache"), "WANDB_DATA_DIR": str(root / "data"),
        "WANDB_CONFIG_DIR": str(root / "config"), "WANDB_ARTIFACT_DIR": str(root / "artifacts"),
    })


def write(file: Path, rows: int) -> int:
    import wandb

    wandb.Table.MAX_ARTIFACT_ROWS = rows
    table = wandb.Table(columns=["id", "score", "name", "is_right", "note"])
    for row in range(rows):
        note = f"note {row % 1000}" if row % 3 else None
        table.add_data(row, row / 7, f"row number {row}", row % 2 == 0, note)
    artifact = wandb.Artifact("bench", "dataset")
    entry = artifact.add(table, "t")
    shutil.move(entry.local_path, file)
    return len(table.data)


def read(file: Path) -> int:
    import wandb

    with file.open() as stream:
        table = wandb.Table.from_json(json.load(stream), wandb.Artifact("bench", "dataset"))
    return sum(1 for _ in table.iterrows())


def main() -> int:
    verb, file, *rest = sys.argv[1:]
    file = Path(file).resolve()
    with tempfile.TemporaryDirectory(prefix="bench-tables-", dir=file.parent) as temporary:
        isolate(Path(temporary))
        os.chdir(temporary)
        count = write(file, int(rest[0])) if verb == "write" else read(file)
        os.chdir(file.parent)
    print(f"{count} rows")
    return 0


if __name__ == "__main__":
    sys.exit(main())
