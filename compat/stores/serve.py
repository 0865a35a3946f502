"""Starts the stores that tests read, on free ports of loopback, until its input ends.

Usage: serve.py FOLDER [NAME…], with the Python of an environment that holds the servers; all of them where none is named.
Prints `NAME=URL` for each server, then an empty line.
"""

import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import azurite
import nginx
import processes
import swift


def moto(folder):
    (port,) = processes.free_ports(1)
    command = [bin_folder() / "moto_server", "-H", "127.0.0.1", "-p", port]
    processes.start("moto", command, folder)
    return f"http://127.0.0.1:{port}"


def gcs(folder):
    (port,) = processes.free_ports(1)
    command = [bin_folder() / "gcp-storage-emulator", "start", "--host", "127.0.0.1", "--port", port, "--in-memory"]
    folder.mkdir(parents=True, exist_ok=True)
    processes.start("gcs", command, folder, cwd=folder)
    return f"http://127.0.0.1:{port}"


def bin_folder():
    return Path(sys.executable).parent


SERVERS = {
    "MOTO": moto,
    "SWIFT": lambda folder: swift.start(folder, bin_folder()),
    "GCS": gcs,
    "AZURITE": lambda folder: azurite.start(folder, bin_folder()),
    "NGINX": nginx.start,
}


def main():
    folder, names = Path(sys.argv[1]).resolve(), sys.argv[2:] or SERVERS
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        with ThreadPoolExecutor() as pool:
            started = {name: pool.submit(SERVERS[name], folder / name.lower()) for name in names}
        for name, url in started.items():
            url = url.result()
            if url:
                processes.wait_for(url)
            print(f"{name}={url}", flush=True)
        print(flush=True)
        sys.stdin.read()
    finally:
        processes.stop_all()


if __name__ == "__main__":
    main()
