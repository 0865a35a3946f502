"""OpenStack Swift with its S3 API: one server of each kind, one replica, no root.

The account is `test`, the user `tester`, the secret `testing`.
"""

import getpass
import shutil
import subprocess

import processes

_FILTERS = ["catch_errors", "gatekeeper", "listing_formats", "bulk", "copy", "slo", "dlo", "symlink"]

_SWIFT = """\
[swift-hash]
swift_hash_path_prefix = a
swift_hash_path_suffix = b
[storage-policy:0]
name = gold
default = yes
"""

_STORAGE = """\
[DEFAULT]
devices = {folder}/devices
mount_check = false
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
user = {user}
swift_dir = {folder}/etc
recon_cache_path = {folder}/cache
fallocate_reserve = 0
disable_fallocate = true
log_level = ERROR
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
"""

_PROXY = """\
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
user = {user}
swift_dir = {folder}/etc
log_level = ERROR
[pipeline:main]
pipeline = catch_errors gatekeeper listing_formats bulk s3api tempauth copy slo dlo versioned_writes symlink proxy-server
[app:proxy-server]
use = egg:swift#proxy
allow_account_management = true
account_autocreate = true
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
check_bucket_owner = false
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:versioned_writes]
use = egg:swift#versioned_writes
allow_versioned_writes = true
allow_object_versioning = true
"""


def start(folder, bin_folder):
    """Starts Swift with nothing in it; returns the URL of its S3 API."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in ["etc", "cache", "devices/d1"]:
        (folder / name).mkdir(parents=True)
    etc = folder / "etc"
    (etc / "swift.conf").write_text(_SWIFT)
    proxy, *ports = processes.free_ports(4)
    values = {"folder": folder, "user": getpass.getuser()}
    kinds = dict(zip(["object", "container", "account"], ports))
    for kind, port in kinds.items():
        (etc / f"{kind}-server.conf").write_text(_STORAGE.format(kind=kind, port=port, **values))
        for step in [["create", "4", "1", "1"], ["add", f"r1z1-127.0.0.1:{port}/d1", "1"], ["rebalance"]]:
            command = [bin_folder / "swift-ring-builder", etc / f"{kind}.builder", *step]
            # It ends with 1 for what it calls a warning.
            subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    filters = "".join(f"[filter:{name}]\nuse = egg:swift#{name}\n" for name in _FILTERS)
    (etc / "proxy-server.conf").write_text(_PROXY.format(port=proxy, **values) + filters)
    for kind in [*kinds, "proxy"]:
        command = [bin_folder / f"swift-{kind}-server", etc / f"{kind}-server.conf"]
        processes.start(kind, command, folder)
    return f"http://127.0.0.1:{proxy}"
