#!/usr/bin/env python3
"""Writes encrypted files with pyarrow, or reads files with it.

    pyarrow_files.py write OUT      OUT/pyarrow-VARIANT.parquet
    pyarrow_files.py read FILE...   fails if a file has other rows than the table
"""

import argparse
import base64
import decimal
import json
import os
import sys
from datetime import datetime, timedelta, timezone

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import variants


class TestKms(pe.KmsClient):
    """Wraps keys as LocalWrapKmsClient of Parquet for Java does it."""

    def wrap_key(self, key_bytes, master_key_identifier):
        nonce = os.urandom(12)
        master = AESGCM(variants.MASTER_KEYS[master_key_identifier])
        sealed = nonce + master.encrypt(nonce, key_bytes, master_key_identifier.encode())
        encrypted = base64.b64encode(sealed).decode()
        return json.dumps({"masterKeyVersion": "NO_VERSION", "encryptedKey": encrypted})

    def unwrap_key(self, wrapped_key, master_key_identifier):
        sealed = base64.b64decode(json.loads(wrapped_key)["encryptedKey"])
        master = AESGCM(variants.MASTER_KEYS[master_key_identifier])
        return master.decrypt(sealed[:12], sealed[12:], master_key_identifier.encode())


FACTORY = pe.CryptoFactory(lambda config: TestKms())
CONNECTION = pe.KmsConnectionConfig()

SCHEMA = pa.schema(
    [
        ("id", pa.int32()),
        ("name", pa.string()),
        ("amount", pa.decimal128(10, 2)),
        ("note", pa.string()),
        ("place", pa.struct([("city", pa.string())])),
        ("at", pa.timestamp("us", tz="UTC")),
    ]
)


def table():
    start = datetime.fromtimestamp(1600000000, timezone.utc)
    rows = [
        {
            "id": id,
            "name": f"name-{id % 7}",
            "amount": decimal.Decimal(id * 125) / 100,
            "note": None if id % 3 == 0 else "note " * (id % 4),
            "place": {"city": f"city-{id % 5}"},
            "at": start + timedelta(seconds=id),
        }
        for id in range(variants.ROWS)
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def write_all(out):
    for name, algorithm, plaintext_footer, double_wrapping, internal, bits in variants.VARIANTS:
        if internal:  # It keeps external material in another place than Spark.
            config = pe.EncryptionConfiguration(
                "footer",
                column_keys=variants.COLUMN_KEYS,
                encryption_algorithm=algorithm,
                plaintext_footer=plaintext_footer,
                double_wrapping=double_wrapping,
                data_key_length_bits=bits,
            )
            write_one(f"{out}/pyarrow-{name}.parquet", config)
    for algorithm in ("AES_GCM_V1", "AES_GCM_CTR_V1"):
        config = pe.EncryptionConfiguration("footer", uniform_encryption=True, encryption_algorithm=algorithm)
        write_one(f"{out}/pyarrow-uniform-{algorithm[4:-3].lower().replace('_', '-')}.parquet", config)
    config = pe.EncryptionConfiguration("footer", column_keys=variants.COLUMN_KEYS)
    write_one(f"{out}/pyarrow-pages-2-indexed.parquet", config, data_page_version="2.0", write_page_index=True)


def write_one(file, config, **settings):
    properties = FACTORY.file_encryption_properties(CONNECTION, config)
    with pq.ParquetWriter(file, SCHEMA, encryption_properties=properties, data_page_size=256, **settings) as writer:
        writer.write_table(table(), row_group_size=20)


def read_all(files):
    wrong = []
    for file in files:
        properties = FACTORY.file_decryption_properties(CONNECTION)
        rows = pq.ParquetFile(file, decryption_properties=properties).read().cast(SCHEMA)
        equal = rows.sort_by("id").equals(table())
        print(("read by pyarrow: " if equal else "NOT read by pyarrow: ") + file, flush=True)
        if not equal:
            wrong.append(file)
    if wrong or not files:
        sys.exit(f"{len(wrong)} of {len(files)} files have other rows than the table")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    write = commands.add_parser("write")
    write.add_argument("out")
    write.set_defaults(run=lambda options: write_all(options.out))
    read = commands.add_parser("read")
    read.add_argument("files", nargs="+")
    read.set_defaults(run=lambda options: read_all(options.files))
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
