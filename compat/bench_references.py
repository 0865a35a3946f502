"""Fill a bucket of an S3 server on loopback with small objects, for `cargo xtask bench --only references`.

    python compat/bench_references.py --endpoint URL --bucket NAME --objects N [--versioned]

Credentials are those of the environment.
Makes the bucket, and below `data/` N objects of 64 bytes, 1000 per folder.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config

SIZE = 64


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--bucket", required=True)
    parser.add_argument("--objects", type=int, required=True)
    parser.add_argument("--versioned", action="store_true")
    args = parser.parse_args()
    # Not every server accepts the checksums of newer SDKs.
    config = Config(request_checksum_calculation="when_required")
    client = boto3.client("s3", endpoint_url=args.endpoint, region_name="us-east-1", config=config)
    client.create_bucket(Bucket=args.bucket)
    if args.versioned:
        client.put_bucket_versioning(Bucket=args.bucket, VersioningConfiguration={"Status": "Enabled"})

    def put(number: int) -> None:
        key = f"data/{number // 1000:04d}/{number:07d}.bin"
        client.put_object(Bucket=args.bucket, Key=key, Body=f"{number:0{SIZE}d}".encode())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put, range(args.objects)))


if __name__ == "__main__":
    main()
