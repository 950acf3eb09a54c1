#!/usr/bin/env python3
"""Times queries on a real Spark 3.2.0 with one core: a query a line in, its seconds a line out.

The Parquet file that is given is the view `measured`, cached in memory before the first query. What a query gives is
computed to the last row and dropped (Spark's format `noop`). An error is a line that is no number. Start it with the
interpreter that `install-spark` made: `target/spark-3.2.0/bin/python time_queries.py FILE < queries`.
"""

import argparse
import sys
import time

from reference_spark import Reference, error_text


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", metavar="FILE", help="a Parquet file")
    options = parser.parse_args()
    reference = Reference(time_zone="UTC", master="local[1]")
    spark = reference.spark
    spark.read.parquet(options.file).createOrReplaceTempView("measured")
    spark.sql("CACHE TABLE measured")
    for line in sys.stdin:
        if line.strip():
            print(seconds(spark, line.strip()), flush=True)
    reference.close()


def seconds(spark, query):
    """How long the query takes, or its error in one line."""
    begin = time.perf_counter()
    try:
        spark.sql(query).write.format("noop").mode("overwrite").save()
    except Exception as error:  # Whatever Spark has to say about this query.
        return "error: " + " ".join(error_text(error).split())
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()
