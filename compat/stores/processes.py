"""Server processes that end with this one, and free ports for them."""

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

_running = []


def free_ports(count):
    """Returns ports that nobody listens on, all different."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def start(name, command, folder, **options):
    """Starts a server in a process group of its own; what it says goes into `<folder>/<name>.log`."""
    folder.mkdir(parents=True, exist_ok=True)
    log = open(folder / f"{name}.log", "wb")
    process = subprocess.Popen(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        **options,
    )
    _running.append((name, process, Path(log.name)))


def wait_for(url, seconds=60):
    """Waits until a server answers, whatever it answers."""
    until = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except urllib.error.HTTPError:
            return
        except OSError as error:
            ended = [(name, log) for name, process, log in _running if process.poll() is not None]
            for name, log in ended:
                raise SystemExit(f"{name} has ended:\n{log.read_text(errors='replace')[-2000:]}")
            if until < time.monotonic():
                raise SystemExit(f"{url} does not answer: {error}")
            time.sleep(0.1)


def stop_all():
    """Ends every server that was started here."""
    for signal_number in [signal.SIGTERM, signal.SIGKILL]:
        alive = [process for _, process, _ in _running if process.poll() is None]
        for process in alive:
            os.killpg(process.pid, signal_number)
        until = time.monotonic() + 5
        for process in alive:
            try:
                process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                pass
