"""The table and the keys that all files of the interoperability tests are made with, and the variants of encryption."""

import base64

# Known to everybody: they protect test data only. `sealed-parquet/tests/files.rs` has the same.
MASTER_KEYS = {
    "footer": b"footer-key-16-by",
    "names": b"names-key-of-twenty-four",
    "money": b"money-key-of-thirty-two-bytes-..",
}
DATA_KEY_ID = "uniform"
DATA_KEY = b"data-key-of-thirty-two-bytes-..."
AAD_PREFIX = "sales/2024"

ROWS = 60

# Rows by a formula, so that a reader knows what must come out.
TABLE = f"""
    SELECT CAST(id AS INT) id, concat('name-', id % 7) name, CAST(id * 1.25 AS DECIMAL(10, 2)) amount,
        IF(id % 3 = 0, NULL, repeat('note ', CAST(id % 4 AS INT))) note, named_struct('city', concat('city-', id % 5)) place,
        timestamp_seconds(1600000000 + id) at
    FROM range(0, {ROWS}, 1, 1)"""

# Two columns under "money", one of them nested, one under "names"; the others stay in the clear.
COLUMN_KEYS = {"money": ["amount", "place.city"], "names": ["name"]}

# Name, algorithm, plaintext footer, double wrapping, internal key material, bits of data keys.
VARIANTS = [
    ("gcm-128", "AES_GCM_V1", False, True, True, 128),
    ("gcm-256-single", "AES_GCM_V1", False, False, True, 256),
    ("gcm-128-external", "AES_GCM_V1", False, True, False, 128),
    ("gcm-128-plain-footer", "AES_GCM_V1", True, True, True, 128),
    ("gcm-192-single-external-plain-footer", "AES_GCM_V1", True, False, False, 192),
    ("ctr-128", "AES_GCM_CTR_V1", False, True, True, 128),
    ("ctr-192-single", "AES_GCM_CTR_V1", False, False, True, 192),
    ("ctr-256-external-plain-footer", "AES_GCM_CTR_V1", True, True, False, 256),
]


def master_keys_setting():
    keys = {**MASTER_KEYS, DATA_KEY_ID: DATA_KEY}
    return " ".join(f"{name}={base64.b64encode(key).decode()}" for name, key in keys.items())


def column_keys_setting():
    return ";".join(f"{key}:{','.join(columns)}" for key, columns in COLUMN_KEYS.items())
