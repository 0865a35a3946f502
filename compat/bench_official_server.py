"""Time the official client (wandb 0.31.0) logging a folder to a server.

    WANDB_BASE_URL=http://127.0.0.1:8080 WANDB_API_KEY=... WANDB_ENTITY=me WANDB_PROJECT=p \
        $PY compat/bench_official_server.py --data DIR --report report.json

The measured process, its settings and its report are those of bench_official.py beside
this, except that it is online: `finish` returns once the server has the whole version.
The server, the key, the entity and the project come from the environment.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import bench_official

SERVER = ("WANDB_BASE_URL", "WANDB_API_KEY", "WANDB_ENTITY", "WANDB_PROJECT")


def online_environment(scratch: Path) -> dict[str, str]:
    clean = offline_environment(scratch)
    return clean | {"WANDB_MODE": "online"} | {name: os.environ[name] for name in SERVER}


offline_environment = bench_official.official_environment
bench_official.official_environment = online_environment
bench_official.__file__ = __file__  # the worker is this script again, whose environment is online already

if __name__ == "__main__":
    if "--worker" not in sys.argv:
        missing = [name for name in SERVER if name not in os.environ]
        if missing:
            raise SystemExit(f"set {', '.join(missing)}")
    sys.exit(bench_official.main())
