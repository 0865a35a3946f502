"""`wandb-rs server` as a child process, with its users."""

from __future__ import annotations

import base64
import json
import subprocess
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator


@dataclass(frozen=True)
class User:
    name: str
    key: str


ALICE = User("alice", "a" * 40)
BOB = User("bob", "b" * 40)


@dataclass(frozen=True)
class Server:
    binary: Path
    store: Path
    log: Path
    url: str

    @classmethod
    @contextmanager
    def start(cls, binary: Path, store: Path, log: Path) -> Iterator[Server]:
        with log.open("w") as lines:
            process = subprocess.Popen(
                [binary, "server", "--json", "--listen", "127.0.0.1:0", "--store", store,
                 "--bootstrap-user", ALICE.name, "--bootstrap-key", ALICE.key],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=lines, text=True,
            )
        try:
            ready = process.stdout.readline()
            if not ready:
                raise RuntimeError(f"the server did not start:\n{log.read_text()}")
            yield cls(binary, store, log, json.loads(ready)["url"])
        finally:
            process.terminate()
            try:
                process.wait(timeout=40)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def command(self, *arguments: str | Path) -> Any:
        """The output of `wandb-rs … --json` on the server's own store."""
        done = subprocess.run(
            [self.binary, *arguments, "--store", self.store, "--json"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )
        assert done.returncode == 0, f"{done.args}: {done.stderr}"
        return json.loads(done.stdout) if done.stdout.strip() else None

    def asked(self, *arguments: str | Path) -> Any:
        """The output of `wandb-rs … --json` as a client of the server, which the environment names."""
        done = subprocess.run(
            [self.binary, *arguments, "--json"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )
        assert done.returncode == 0, f"{done.args}: {done.stderr}"
        return json.loads(done.stdout)

    def add_user(self, user: User) -> None:
        self.command("server", "user", "add", user.name, "--api-key", user.key)

    def ask(self, query: str, variables: dict[str, Any] | None = None, user: User = ALICE) -> dict[str, Any]:
        """The response to a GraphQL request, errors included."""
        secret = base64.b64encode(f"api:{user.key}".encode()).decode()
        body = json.dumps({"query": query, "operationName": "", "variables": variables or {}})
        headers = {"Content-Type": "application/json", "Authorization": f"Basic {secret}"}
        request = urllib.request.Request(f"{self.url}/graphql", body.encode(), headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def last_lines(self, count: int) -> str:
        """The messages at the end of the log."""
        lines = self.log.read_text(errors="replace").splitlines()[-count:]
        return "\n".join(_shortened(line) for line in lines)


def _shortened(line: str) -> str:
    try:
        fields = json.loads(line)["fields"]
    except (ValueError, KeyError):
        return line
    return " ".join(str(value) for value in fields.values())
