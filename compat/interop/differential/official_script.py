"""Does one workload with the official client; the order is the only argument, in JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import wandb


def main() -> None:
    order = json.loads(sys.argv[1])
    if order["gets"]:
        wandb.Api().artifact(f"{order['collection']}:v0").download(root=order["target"])
        return
    artifact = wandb.Artifact(order["collection"], type="dataset", description=order["description"],
                              metadata=order["metadata"])
    path = Path(order["path"])
    if order["reference"]:
        artifact.add_reference(path.as_uri())
    elif order["is_single"]:
        artifact.add_file(str(path))
    else:
        artifact.add_dir(str(path))
    said = path.as_uri() if order["reference"] else str(path)
    with wandb.init(job_type="cli_put", config={"path": said}) as run:
        run.log_artifact(artifact, aliases=order["aliases"] or None, tags=order["tags"] or None).wait()


main()
