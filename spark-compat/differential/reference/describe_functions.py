#!/usr/bin/env python3
"""Writes Spark's descriptions of its functions, one JSON object a line: `name`, the `rows` of DESCRIBE FUNCTION, and the rows
that EXTENDED has `more`. Started by describe-functions.
"""

import argparse
import json
from pathlib import Path

from answers import open_reference
from statements import DIFFERENTIAL


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = DIFFERENTIAL.parent / "src" / "functions" / "descriptions.jsonl"
    parser.add_argument("--out", type=Path, default=default, help="the file (default: %(default)s)")
    options = parser.parse_args()
    reference = open_reference()
    lines = [json.dumps(description(reference.spark, name), ensure_ascii=False) for name in names(reference.spark)]
    reference.close()
    options.out.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    print(f"{len(lines)} descriptions in {options.out}")


def names(spark):
    return [row[0] for row in spark.sql("SHOW FUNCTIONS").collect()]


def description(spark, name):
    rows, extended = (texts(spark, f"DESCRIBE FUNCTION {form} `{name}`") for form in ("", "EXTENDED"))
    if extended[: len(rows)] != rows:
        raise SystemExit(f"the extended description of {name} does not begin with the other one")
    return {"name": name, "rows": rows, "more": extended[len(rows) :]}


def texts(spark, query):
    return [row[0] for row in spark.sql(query).collect()]


main()
