"""Time the official client (wandb 0.31.0) reading from a server.

    WANDB_BASE_URL=http://127.0.0.1:8080 WANDB_API_KEY=... WANDB_ENTITY=me WANDB_PROJECT=p \
        $PY compat/bench_official_downloads.py --report report.json get data:v0 --root DIR
    ... get one:v0 two:v0 three:v0 --root DIR      # each to NAME:vN in DIR, one after the other
    ... list data --count 100                      # every version of a collection

One fresh process does the work through wandb.Api; its folders, the server and the key come
from the environment, so that a cache can be kept from one call to the next. The report has
the form of that of bench_official.py beside this.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import bench_official


def work(args: argparse.Namespace) -> None:
    import wandb

    api = wandb.Api()
    place = f"{os.environ['WANDB_ENTITY']}/{os.environ['WANDB_PROJECT']}"
    if args.what == "list":
        found = sum(1 for _ in api.artifacts("dataset", f"{place}/{args.names[0]}", per_page=1000))
        if found != args.count:
            raise SystemExit(f"{found} versions, not {args.count}")
        return
    for name in args.names:
        root = args.root if len(args.names) == 1 else os.path.join(args.root, name)
        api.artifact(f"{place}/{name}").download(root=root)


def worker(args: argparse.Namespace) -> None:
    work(args)
    me, services = bench_official.peak_of(os.getpid()), bench_official.child_pids()
    peaks = {"self": me, "children": [bench_official.peak_of(pid) for pid in services]}
    sys.modules["wandb"].teardown()  # joins a background service, so that its CPU time is counted
    cpu = {"self": resource.RUSAGE_SELF, "children": resource.RUSAGE_CHILDREN}
    args.worker.write_text(json.dumps({
        "cpu": {who: bench_official.usage(number) for who, number in cpu.items()},
        "peak_rss_kib": peaks,
    }))


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--report", type=Path, required=True)
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("what", choices=["get", "list"])
    parser.add_argument("names", nargs="+")
    parser.add_argument("--root")
    parser.add_argument("--count", type=int)
    args = parser.parse_args()
    if args.worker:
        worker(args)
        return 0
    result = args.report.with_suffix(".worker")
    command = [sys.executable, str(Path(__file__).resolve()), "--worker", str(result), *sys.argv[1:]]
    started = time.perf_counter()
    subprocess.run(command, check=True)
    elapsed = time.perf_counter() - started
    run = json.loads(result.read_text()) | {"process_seconds": round(elapsed, 4)}
    args.report.write_text(json.dumps({"runs": [run]}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
