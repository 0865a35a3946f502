"""Time the official client (wandb 0.31.0, offline) putting a folder into an artifact.

    python3 -m venv /tmp/wandb-venv
    /tmp/wandb-venv/bin/pip install wandb==0.31.0 xxhash
    PY=/tmp/wandb-venv/bin/python

    $PY compat/bench_official.py --data /tmp/bench-data/s --make small:100000
    $PY compat/bench_official.py --data /tmp/bench-data/b --make big:2147483648
    $PY compat/bench_official.py --data /tmp/bench-data/s --report small.json --repeat 3
    $PY compat/bench_official.py --data /tmp/bench-data/s --delete

`--make small:N` writes N files of 1 KiB, 1000 per folder; `--make big:B` writes one
file of B bytes; both from a fixed seed. `--delete` removes only what `--make` made.

With `--uri URI` what is added is not the folder but what is behind the URI, with add_reference; the
credentials are those that the cloud's own library finds.

Every repeat is a fresh process with all client folders in a new temporary directory
(beside the data, or `--scratch DIR`) which is removed afterwards. The work timed is
wandb.init, Artifact(name, type), add_dir(DIR), run.log_artifact, run.finish. Settings
differ from the defaults only to cut noise: offline, silent, no console capture, no
system metrics, no git or code probing, no error reporting. No network is used.

What the figures mean (Linux):
  seconds.*        wall time inside the process; total = import .. finish
  process_seconds  wall time of the whole process, interpreter start and exit included
  cpu.self         the Python process; cpu.children: its background service (wandb-core)
  peak_rss_kib     VmHWM of each, and ru_maxrss as getrusage reports it (for a child,
                   ru_maxrss is never below what its parent used when starting it)
  *_bytes          what the run left on disk: staged copies, cache, run folder
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Literal

Report = dict[str, Any]
Policy = Literal["mutable", "immutable"]
Algorithm = Literal["MD5", "XXH128"]

SMALL_SIZE = 1024
FILES_PER_FOLDER = 1000
CHUNK = 1 << 20


# ---- data ---------------------------------------------------------------------


def marker(data: Path) -> Path:
    """A file beside the data that marks it as made by this script."""
    return data.with_name(data.name + ".made-by-bench")


def make_data(data: Path, spec: str) -> None:
    kind, _, amount = spec.partition(":")
    if data.exists():
        raise SystemExit(f"{data} exists already")
    data.mkdir(parents=True)
    marker(data).write_text(spec + "\n")
    makers = {"small": make_small, "big": make_big}
    makers[kind](data, int(amount))
    os.sync()


def make_small(data: Path, count: int) -> None:
    source = random.Random(20260101)
    for i in range(count):
        folder = data / f"d{i // FILES_PER_FOLDER:04d}"
        if i % FILES_PER_FOLDER == 0:
            folder.mkdir()
        (folder / f"{i:07d}.bin").write_bytes(source.randbytes(SMALL_SIZE))


def make_big(data: Path, size: int) -> None:
    source = random.Random(20260102)
    with open(data / "big.bin", "wb") as stream:
        for start in range(0, size, CHUNK):
            stream.write(source.randbytes(min(CHUNK, size - start)))


def delete_data(data: Path) -> None:
    if not marker(data).exists():
        raise SystemExit(f"{data} was not made by --make; not deleting it")
    shutil.rmtree(data)
    marker(data).unlink()


def tree_size(folder: Path) -> tuple[int, int]:
    """Number of regular files and their bytes below folder."""
    count = total = 0
    for base, _, names in os.walk(folder):
        for name in names:
            status = os.lstat(os.path.join(base, name))
            count += 1
            total += status.st_size
    return count, total


# ---- the measured process -----------------------------------------------------


def official_environment(scratch: Path) -> dict[str, str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("WANDB")}
    return clean | {
        "HOME": str(scratch), "WANDB_MODE": "offline", "WANDB_SILENT": "true",
        "WANDB_QUIET": "true", "WANDB_CONSOLE": "off", "WANDB_ERROR_REPORTING": "false",
        "WANDB_DISABLE_GIT": "true", "WANDB_DISABLE_CODE": "true", "WANDB_DIR": str(scratch),
        "WANDB_CACHE_DIR": str(scratch / "cache"), "WANDB_DATA_DIR": str(scratch / "data"),
        "WANDB_CONFIG_DIR": str(scratch / "config"), "WANDB_ARTIFACT_DIR": str(scratch / "artifacts"),
    }


class Laps:
    """Named wall-clock intervals, in order."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.last = self.start = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.seconds[name] = round(now - self.last, 4)
        self.last = now

    def total(self) -> float:
        return round(self.last - self.start, 4)


def usage(who: int) -> Report:
    used = resource.getrusage(who)
    return {"user_seconds": round(used.ru_utime, 3), "sys_seconds": round(used.ru_stime, 3)}


def peak_of(pid: int) -> int | None:
    """Peak resident KiB of a live process, None where /proc is missing."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    except OSError:
        pass
    return None


def child_pids() -> list[int]:
    try:
        return [int(pid) for task in Path("/proc/self/task").iterdir()
                for pid in (task / "children").read_text().split()]
    except OSError:
        return []


def put(data: Path, uri: str | None, policy: Policy, algorithm: Algorithm) -> Report:
    """Run the official client over data, or the objects behind the URI, and describe its resource usage."""
    laps = Laps()
    import wandb

    laps.lap("import")
    settings = wandb.Settings(console="off", silent=True, quiet=True, x_disable_stats=True)
    run = wandb.init(project="bench", settings=settings)
    laps.lap("init")
    artifact = wandb.Artifact("bench", "dataset", digest_algorithm=algorithm)
    if uri:
        artifact.add_reference(uri)
    else:
        artifact.add_dir(str(data), policy=policy)
    laps.lap("add")
    run.log_artifact(artifact)
    laps.lap("log_artifact")
    run.finish()
    laps.lap("finish")
    total = laps.total()
    peaks = {"self": peak_of(os.getpid()), "children": [peak_of(pid) for pid in child_pids()]}
    digest, size, count = artifact.digest, artifact.size, len(artifact.manifest.entries)
    wandb.teardown()  # joins the background service, so that its CPU time is counted
    laps.lap("teardown")
    peaks["ru_maxrss_self"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peaks["ru_maxrss_children"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return {
        "wandb": wandb.__version__, "algorithm": algorithm, "policy": policy,
        "artifact": {"digest": digest, "size": size, "entries": count},
        "seconds": {**laps.seconds, "log_and_finish":
                    round(laps.seconds["log_artifact"] + laps.seconds["finish"], 4), "total": total},
        "cpu": {"self": usage(resource.RUSAGE_SELF), "children": usage(resource.RUSAGE_CHILDREN)},
        "peak_rss_kib": peaks,
    }


# ---- the measuring process ----------------------------------------------------


def measure(args: argparse.Namespace) -> Report:
    """One repeat: a fresh process in fresh folders."""
    beside = args.scratch or args.data.parent
    with tempfile.TemporaryDirectory(prefix="bench-official-", dir=beside) as temporary:
        scratch = Path(temporary)
        result = scratch / "result.json"
        command = [sys.executable, str(Path(__file__).resolve()), "--worker", str(result),
                   "--data", str(args.data), "--policy", args.policy, "--algorithm", args.algorithm]
        if args.uri:
            command += ["--uri", args.uri]
        load = os.getloadavg()[0]
        started = time.perf_counter()
        subprocess.run(command, check=True, cwd=scratch, env=official_environment(scratch))
        elapsed = time.perf_counter() - started
        report: Report = json.loads(result.read_text())
        report["process_seconds"] = round(elapsed, 4)
        report["load_before"] = round(load, 2)
        for name, folder in (("staged", "data"), ("cache", "cache"), ("run", "wandb")):
            report[f"{name}_files"], report[f"{name}_bytes"] = tree_size(scratch / folder)
        return report


def spread(runs: list[Report], *keys: str) -> Report:
    def value(run: Any) -> float:
        for key in keys:
            run = run[key]
        return float(run)

    values = sorted(value(run) for run in runs)
    return {"min": values[0], "median": values[len(values) // 2], "max": values[-1]}


def bench(args: argparse.Namespace) -> Report:
    count, total = tree_size(args.data)
    runs = [measure(args) for _ in range(args.repeat)]
    return {
        "data": {"files": count, "bytes": total},
        "machine": {"cpus": os.cpu_count(), "python": sys.version.split()[0]},
        "summary": {
            "total_seconds": spread(runs, "seconds", "total"),
            "add_seconds": spread(runs, "seconds", "add"),
            "process_seconds": spread(runs, "process_seconds"),
        },
        "runs": runs,
    }


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder to add, or beside which to work")
    parser.add_argument("--uri", help="add what is behind this instead")
    parser.add_argument("--report", type=Path, help="write the JSON report here (default: stdout)")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--policy", choices=["mutable", "immutable"], default="mutable")
    parser.add_argument("--algorithm", choices=["MD5", "XXH128"], default="MD5")
    parser.add_argument("--scratch", type=Path, help="where to put the client's folders")
    parser.add_argument("--make", metavar="small:N|big:BYTES", help="create the data and stop")
    parser.add_argument("--delete", action="store_true", help="delete made data and stop")
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    args.data = args.data.resolve()
    return args


def main() -> int:
    args = parse_arguments()
    if args.worker:
        args.worker.write_text(json.dumps(put(args.data, args.uri, args.policy, args.algorithm)))
    elif args.make:
        make_data(args.data, args.make)
    elif args.delete:
        delete_data(args.data)
    else:
        text = json.dumps(bench(args), indent=1) + "\n"
        args.report.write_text(text) if args.report else sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
