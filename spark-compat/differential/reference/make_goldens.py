#!/usr/bin/env python3
"""Runs a benchmark's queries on a real Spark 3.2.0 and stores the answers. Started by make-tpch-goldens and make-tpcds-goldens.

A golden file has a header line, and then one line for each row:

    {"query": "q06", "spark": "3.2.0", "scale_factor": "0.1", "time_zone": "UTC", "schema": [["revenue", "decimal(38,4)"]], "rows": 1}
    ["11803420.2534"]
"""

import argparse
import json
from pathlib import Path

from reference_spark import VERSION, Reference

TIME_ZONE = "UTC"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=Path, required=True, help="folder with the tables as Parquet files, TABLE.parquet")
    parser.add_argument("--scale-factor", required=True, help="the scale factor they were made with")
    parser.add_argument("--queries", type=Path, required=True, help="folder with a file NAME.sql for each query")
    parser.add_argument("--out", type=Path, required=True, help="folder for the answers, NAME.jsonl")
    options = parser.parse_args()

    # 200 shuffle partitions, the default, are for clusters. No answer depends on their number: there is no floating
    # point in the tables, and each query's order is total where it has a LIMIT. What a query computes in floating point
    # is compared within its rounding.
    # A table of a million rows is broadcast as a whole, for which the default gigabyte is too little.
    conf = [("spark.sql.shuffle.partitions", "4"), ("spark.driver.memory", "3g")]
    reference = Reference(TIME_ZONE, conf=conf)
    views = [
        f"CREATE TEMPORARY VIEW {table.stem} USING parquet OPTIONS (path '{table}')"
        for table in sorted(options.tables.resolve().glob("*.parquet"))
    ]
    options.out.mkdir(parents=True, exist_ok=True)
    for path in sorted(options.queries.glob("*.sql")):
        schema, rows = reference.run(views, path.read_text())
        header = {
            "query": path.stem,
            "spark": VERSION,
            "scale_factor": options.scale_factor,
            "time_zone": TIME_ZONE,
            "schema": schema,
            "rows": len(rows),
        }
        lines = [json.dumps(line, ensure_ascii=False) for line in [header, *rows]]
        (options.out / f"{path.stem}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(f"{path.stem}: {len(rows)} rows", flush=True)
    reference.close()


if __name__ == "__main__":
    main()
