#!/usr/bin/env python3
"""Seals tables with the command `casemate dataset seal` and reads them with a real Spark 3.2.0. Started by check-readers.

    sealed_tables.py --classes DIR --casemate PROGRAM OUT      fails if a table has other columns or rows than its source
"""

import argparse
import shutil
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path

import variants
from spark_files import open_spark

COLUMNS = [("id", "bigint"), ("name", "string"), ("share", "double"), ("good", "boolean"), ("born", "date"), ("seen", "timestamp")]

# The CSV of each folder; what stands in the folders' names is a column too.
SOURCES = {
    "one_file": {"": 40},
    "partitions": {"year=2023/month=12": 5, "year=2024/month=01": 7, "year=2024/month=__HIVE_DEFAULT_PARTITION__": 3},
    "encoded": {"place=a%2Fb": 2, "place=x y": 3, "place=caf\u00e9": 1},
}
PARTITIONS = {
    "one_file": [],
    "partitions": [("year", "int"), ("month", "int")],
    "encoded": [("place", "string")],
}
VALUES = {
    "": (),
    "year=2023/month=12": (2023, 12),
    "year=2024/month=01": (2024, 1),
    "year=2024/month=__HIVE_DEFAULT_PARTITION__": (2024, None),
    "place=a%2Fb": ("a/b",),
    "place=x y": ("x y",),
    "place=caf\u00e9": ("caf\u00e9",),
}

WAYS = {
    "uniform": [],
    "columns": ["--column-key", "share=money", "--column-key", "name=names"],
    "plain_footer": ["--plaintext-footer", "--column-key", "share=money"],
    "small": ["--key-bits", "128", "--row-group-rows", "2", "--compression", "none"],
}


def row(number):
    """A row by its number, so that a reader knows what must come out."""
    born = date(1815 + number, 1 + number % 12, 1 + number % 28)
    return (number, None if number % 5 == 4 else f"name, {number}", number + 0.5, number % 3 == 0, born, datetime(2021, 3, 9, 10, number % 60, 12))


def csv_line(values):
    name = "" if values[1] is None else f'"{values[1]}"'
    return f"{values[0]},{name},{values[2]},{str(values[3]).lower()},{values[4]},{values[5]}"


def make_source(folder, files):
    """Writes the CSV files; returns all rows with the values of their partitions."""
    rows, number = [], 0
    for subfolder, count in files.items():
        (folder / subfolder).mkdir(parents=True)
        new = [row(number + index) for index in range(count)]
        number += count
        lines = [",".join(name for name, _ in COLUMNS), *map(csv_line, new)]
        (folder / subfolder / "rows.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        rows += [values + VALUES[subfolder] for values in new]
    return rows


def make_keys(casemate, out):
    """A keys file with the master keys that Spark has too."""
    keys = out / "keys.json"
    subprocess.run([casemate, "keys", "new", keys], check=True, capture_output=True)
    for name, key in variants.MASTER_KEYS.items():
        (out / f"{name}.hex").write_text(key.hex())
        subprocess.run([casemate, "keys", "add", keys, name, "--master", "--from", out / f"{name}.hex"], check=True, capture_output=True)
    return keys


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--classes", required=True, help="the folder with the compiled test classes")
    parser.add_argument("--casemate", required=True, help="the program")
    parser.add_argument("out", type=Path, help="emptied, then filled with sources and tables")
    options = parser.parse_args()
    shutil.rmtree(options.out, ignore_errors=True)
    options.out.mkdir(parents=True)
    keys = make_keys(options.casemate, options.out)
    spark = open_spark(options.classes)
    wrong = []
    for source, files in SOURCES.items():
        expected = sorted(map(str, make_source(options.out / "sources" / source, files)))
        columns = COLUMNS + PARTITIONS[source]
        for way, arguments in WAYS.items():
            table = options.out / "tables" / f"{source}-{way}"
            seal = [options.casemate, "dataset", "seal", options.out / "sources" / source, table, "--keys", keys, "--key", "footer"]
            subprocess.run([*seal, *arguments], check=True, capture_output=True)
            read = spark.read.parquet(str(table))
            equal = read.dtypes == columns and sorted(str(tuple(values)) for values in read.collect()) == expected
            print(("read by Spark: " if equal else "NOT read by Spark: ") + str(table), flush=True)
            if not equal:
                print(read.dtypes, sorted(str(tuple(values)) for values in read.collect()), expected, sep="\n")
                wrong.append(table)
    spark.stop()
    if wrong:
        sys.exit(f"{len(wrong)} tables are other ones for Spark")


if __name__ == "__main__":
    main()
