"""Golden vectors for the Rust manifest code, produced by the official client.

    python3 -m venv /tmp/wandb-venv
    /tmp/wandb-venv/bin/pip install wandb==0.31.0 xxhash boto3 google-cloud-storage
    /tmp/wandb-venv/bin/python compat/golden.py            # rewrites the files
    /tmp/wandb-venv/bin/python compat/golden.py --check    # only compares, exit 1 on change

boto3 and google-cloud-storage are needed because the official client imports
them even for s3:// and gs:// references that are added without a checksum.
Nothing here uses the network: the client runs offline, all its folders are in
a temporary directory, and only its results are written:

    crates/manifest/tests/golden/cases.json      operations -> digests (golden_cases.py)
    crates/manifest/tests/golden/rejected.json   accepted/rejected inputs (golden_rejected.py)
    crates/wandb-rs/tests/golden/tables.json     table files (golden_tables.py)

Operations and the content generators are described in golden_cases.py, e.g.
pattern "counter": byte i = (i * 31 + seed + (i >> 8)) & 0xff.

Each result has "artifact_digest" (hex), "size", "count", "entries" (or, for the
biggest case, "sample") sorted by code point, and "storage_policy_config".
An entry lists only the fields the official manifest has for it.
In "file" references "{root}" stands for the absolute folder of the files.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

import golden_cases
from golden_cases import Algorithm, Case, Op

if TYPE_CHECKING:
    from wandb import Artifact

OFFICIAL_VERSION = "0.31.0"
CRATES = Path(__file__).resolve().parent.parent / "crates"
GOLDEN_DIR = CRATES / "manifest" / "tests" / "golden"
TABLES_DIR = CRATES / "wandb-rs" / "tests" / "golden"
PATTERN_PERIOD = 65536
SAMPLE_EVERY = 1111


def isolate(root: Path) -> None:
    """Point every folder of the official client below root and keep it offline."""
    for name in [n for n in os.environ if n.startswith("WANDB")]:
        del os.environ[name]
    os.environ.update({
        "HOME": str(root), "WANDB_MODE": "offline", "WANDB_SILENT": "true",
        "WANDB_ERROR_REPORTING": "false", "WANDB_DIR": str(root),
        "WANDB_CACHE_DIR": str(root / "cache"), "WANDB_DATA_DIR": str(root / "data"),
        "WANDB_CONFIG_DIR": str(root / "config"), "WANDB_ARTIFACT_DIR": str(root / "artifacts"),
        # Lets the Google library build its client without credentials; never contacted.
        "STORAGE_EMULATOR_HOST": "http://127.0.0.1:9",
    })
    sys.dont_write_bytecode = True


def content_bytes(content: Op, index: int = 0) -> bytes:
    """The bytes that a content description stands for (see golden_cases)."""
    if "text" in content:
        return str(content["text"]).encode("utf-8")
    if "hex" in content:
        return bytes.fromhex(content["hex"])
    if content.get("decimal"):
        return str(index).encode("ascii")
    return pattern_bytes(content["seed"], content["size"])


def pattern_bytes(seed: int, size: int) -> bytes:
    """Byte i = (i * 31 + seed + (i >> 8)) & 0xff; repeats after 65536 bytes."""
    period = bytes((i * 31 + seed + (i >> 8)) & 0xFF for i in range(min(size, PATTERN_PERIOD)))
    return (period * (size // PATTERN_PERIOD + 1))[:size]


def write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def write_files(folder: Path, files: list[Op]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for item in files:
        write(folder / item["path"], content_bytes(item["content"]))


class Replay:
    """Performs one case's operations with an official Artifact, in its own folder."""

    def __init__(self, artifact: Artifact, root: Path) -> None:
        self.artifact = artifact
        self.root = root
        self.step = 0

    def run(self, op: Op) -> None:
        """Perform op; its "error" names the expected exception class."""
        self.step += 1
        perform: Callable[[Op], None] = getattr(self, "op_" + op["op"])
        expected = op.get("error")
        try:
            perform(op)
        except Exception as error:
            if type(error).__name__ != expected:
                raise
        else:
            if expected:
                raise AssertionError(f"expected {expected}: {op}")

    def scratch(self) -> Path:
        return self.root / ".." / f"{self.root.name}-step{self.step}"

    def op_file(self, op: Op) -> None:
        local = self.scratch()
        write(local, content_bytes(op["content"]))
        self.artifact.add_file(str(local), name=op["path"], overwrite=op.get("overwrite", False))

    def op_add_file(self, op: Op) -> None:
        write(self.root / op["local"], content_bytes(op["content"]))
        self.artifact.add_file(op["local"], name=op["name"], is_tmp=op.get("is_tmp", False))

    def op_add_dir(self, op: Op) -> None:
        write_files(self.root / op["dir"], op["files"])
        self.artifact.add_dir(op["dir"], name=op["name"], merge=op.get("merge", False))

    def op_new_file(self, op: Op) -> None:
        with self.artifact.new_file(op["name"], mode="x", encoding="utf-8") as stream:
            stream.write(op["content"]["text"])

    def op_generate(self, op: Op) -> None:
        folder = self.scratch()
        for i in range(op["count"]):
            write(folder / op["name"].format(i), content_bytes(op["content"], i))
        self.artifact.add_dir(str(folder), name=op["prefix"])

    def op_add_reference(self, op: Op) -> None:
        write_files(self.root, op.get("files", []))
        uri = op["uri"].replace("{root}", str(self.root))
        added = self.artifact.add_reference(uri, name=op["name"], checksum=op["checksum"])
        contents = self.contents()
        op["added"] = [{"path": str(e.path), **contents[str(e.path)]} for e in added]
        op["added"].sort(key=lambda entry: entry["path"])

    def op_reference(self, op: Op) -> None:
        from wandb.sdk.artifacts.artifact_manifest_entry import ArtifactManifestEntry

        optional = {
            "size": op.get("size"),
            "extra": op.get("extra"),
            "birth_artifact_id": op.get("birth_artifact_id"),
        }
        given = {key: value for key, value in optional.items() if value is not None}
        entry = ArtifactManifestEntry(path=op["path"], digest=op["digest"], ref=op["uri"], **given)
        self.artifact.manifest.add_entry(entry)

    def op_remove(self, op: Op) -> None:
        self.artifact.remove(op["item"])

    def contents(self) -> dict[str, Op]:
        """Manifest contents with the local folder replaced by {root}."""
        contents: dict[str, Op] = copy.deepcopy(self.artifact.manifest.to_manifest_json()["contents"])
        for entry in contents.values():
            if "ref" in entry:
                entry["ref"] = entry["ref"].replace(str(self.root), "{root}")
        return contents

    def results(self, sample: bool) -> Op:
        contents = self.contents()
        entries = [{"path": path, **contents[path]} for path in sorted(contents)]
        listed = {"sample": entries[::SAMPLE_EVERY]} if sample else {"entries": entries}
        return {
            "artifact_digest": self.artifact.digest,
            "size": self.artifact.size,
            "count": len(entries),
            "storage_policy_config": self.artifact.manifest.to_manifest_json()["storagePolicyConfig"],
            **listed,
        }


def run_case(spec: Case, algorithm: Algorithm, root: Path) -> Op:
    """Replay one case under one digest algorithm; returns the JSON case."""
    from wandb import Artifact

    options = {"storage_region": spec["storage_region"]} if "storage_region" in spec else {}
    artifact = Artifact("golden", "dataset", digest_algorithm=algorithm, **options)
    folder = root / f"{spec['name']}-{algorithm}"
    folder.mkdir(parents=True)
    os.chdir(folder)
    replay = Replay(artifact, folder)
    inputs = copy.deepcopy(spec["inputs"])
    for op in inputs:
        replay.run(op)
    os.chdir(root)
    return {
        "name": f"{spec['name']}/{algorithm.lower()}", "algorithm": algorithm, **options,
        "inputs": inputs, "results": replay.results(spec.get("sample", False)),
    }


def render(head: Op, key: str, rows: list[Any]) -> str:
    """JSON with one row per line, ASCII only, so that diffs are readable."""
    lines = [json.dumps(k) + ": " + json.dumps(v) + "," for k, v in head.items()]
    body = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
    return "{\n" + "\n".join(lines) + f"\n{json.dumps(key)}: [\n{body}\n]\n}}\n"


def render_tables(head: Op, tables: dict[str, list[Op]]) -> str:
    blocks = [json.dumps(k) + ": " + json.dumps(v) for k, v in head.items()]
    for name, rows in tables.items():
        body = ",\n".join("  " + json.dumps(row) for row in rows)
        blocks.append(f"{json.dumps(name)}: [\n{body}\n]")
    return "{\n" + ",\n".join(blocks) + "\n}\n"


def build(root: Path) -> dict[Path, str]:
    """All golden files: path -> text."""
    import wandb

    import golden_rejected
    import golden_tables

    if wandb.__version__ != OFFICIAL_VERSION:
        raise SystemExit(f"needs wandb=={OFFICIAL_VERSION}, found {wandb.__version__}")
    wandb.setup(wandb.Settings(silent=True))  # loads settings now, so that even warnings stay quiet
    head = {"official": f"wandb {wandb.__version__}", "generator": "compat/golden.py"}
    cases = [
        run_case(spec, algorithm, root / "cases")
        for spec in golden_cases.all_cases()
        for algorithm in spec["algorithms"]
    ]
    tables = golden_rejected.all_tables(root)
    return {
        GOLDEN_DIR / "cases.json": render(head, "cases", cases),
        GOLDEN_DIR / "rejected.json": render_tables(head, tables),
        TABLES_DIR / "tables.json": render_tables(head, golden_tables.all_tables()),
    }


def store(files: dict[Path, str], check: bool) -> int:
    """Write the files, or compare them with the existing ones; returns the exit code."""
    changed = 0
    for target, content in files.items():
        same = target.exists() and target.read_text(encoding="utf-8") == content
        print(f"{target}: {len(content)} bytes, {'unchanged' if same else 'changed'}")
        changed += not same
        if not check:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(content, encoding="utf-8")
    return 1 if check and changed else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    check = parser.parse_args().check
    start = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="wandb-golden-") as temporary:
        root = Path(temporary).resolve()
        isolate(root)
        (root / "cases").mkdir()
        try:
            files = build(root)
        finally:
            os.chdir(start)
    return store(files, check)


if __name__ == "__main__":
    sys.exit(main())
