"""Serves the files of a folder as the bucket `tables`, below the prefix `sales`, until its standard input ends.

Prints `listening on http://HOST:PORT` when the objects are there.
"""

import os
import sys

import boto3
from moto.server import ThreadedMotoServer


def main() -> None:
    folder = sys.argv[1]
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    store = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="parent",
        aws_secret_access_key="secret",
    )
    store.create_bucket(Bucket="tables")
    for parent, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(parent, name)
            store.upload_file(path, "tables", "sales/" + os.path.relpath(path, folder))
    store.put_object(Bucket="tables", Key="outside.csv", Body=b"a-secret-of-the-bucket")
    # What consoles make for an empty folder, and (elsewhere) a name that no path has.
    store.put_object(Bucket="tables", Key="sales/empty/", Body=b"")
    store.put_object(Bucket="tables", Key="odd//double.csv", Body=b"x")
    store.put_object(Bucket="tables", Key="odd/plain.csv", Body=b"x")
    print(f"listening on {endpoint}", flush=True)
    sys.stdin.read()
    server.stop()


main()
