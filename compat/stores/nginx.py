"""nginx with files to read: the one of this machine, or Debian's package, unpacked without being installed."""

import os
import shutil
import subprocess
import sys

import processes

_CONFIG = """\
daemon off;
pid {folder}/nginx.pid;
error_log stderr;
worker_processes 1;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/temp;
    proxy_temp_path {folder}/temp;
    fastcgi_temp_path {folder}/temp;
    uwsgi_temp_path {folder}/temp;
    scgi_temp_path {folder}/temp;
    default_type application/octet-stream;
    types {{ text/plain txt; }}
    server {{
        listen 127.0.0.1:{port};
        root {folder}/files;
        gzip on;
        gzip_min_length 1;
        location /bare/ {{ etag off; alias {folder}/files/; }}
        location /moved/ {{ return 302 /$request_id?token=secret; }}
        location /private/ {{ return 403; }}
    }}
}}
"""


def start(folder):
    """Starts nginx with two files; returns its URL, or nothing where there is no nginx for this machine."""
    binary = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin") or _unpacked(folder.parent / "nginx-package")
    if not binary:
        return ""
    shutil.rmtree(folder, ignore_errors=True)
    for name in ["files", "temp"]:
        (folder / name).mkdir(parents=True)
    (folder / "files/hello.txt").write_text("hello\n" * 1_000)
    (folder / "files/data.bin").write_bytes(bytes(range(256)))
    if os.getuid() == 0:
        # Its workers are of another user.
        for name in ["", "files", "temp"]:
            (folder / name).chmod(0o777)
    (port,) = processes.free_ports(1)
    config = folder / "nginx.conf"
    user = "user root;\n" if os.getuid() == 0 else ""
    config.write_text(user + _CONFIG.format(folder=folder, port=port))
    processes.start("nginx", [binary, "-e", "stderr", "-p", folder, "-c", config], folder)
    return f"http://127.0.0.1:{port}"


def _unpacked(folder):
    binary = folder / "usr/sbin/nginx"
    if not binary.exists():
        if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
            return None
        folder.mkdir(parents=True, exist_ok=True)
        download = ["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", "nginx"]
        quiet = {"stdout": sys.stderr, "stderr": subprocess.STDOUT, "cwd": folder}
        if subprocess.run(download, **quiet).returncode != 0:
            # A fresh machine has no lists of packages; without root none can be had.
            subprocess.run(["apt-get", "-qq", "update"], **quiet)
            if subprocess.run(download, **quiet).returncode != 0:
                return None
        for package in folder.glob("nginx_*.deb"):
            subprocess.run(["dpkg-deb", "-x", package, folder], check=True, **quiet)
    works = binary.exists() and subprocess.run([binary, "-v"], stderr=subprocess.DEVNULL).returncode == 0
    return binary if works else None
