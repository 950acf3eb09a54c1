#!/usr/bin/env python3
"""Runs statements on a real Spark 3.2.0: JSON lines in, JSON lines out, in the same order.

    {"id": "cast/7", "setup": ["CREATE TEMPORARY VIEW t AS SELECT 1 a"], "query": "SELECT a FROM t"}
    {"id": "cast/7", "schema": [["a", "int"]], "rows": [[1]]}

Requests and answers are those of `casemate statements`, so that the two can be compared line by line. Start it with
the interpreter that `install-spark` made: `target/spark-3.2.0/bin/python reference.py < requests > answers`.
"""

import argparse
import json
import sys

from py4j.protocol import Py4JNetworkError
from reference_spark import Reference, error_kind, error_text, without_slips


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--time-zone", help="session time zone (default: the machine's)")
    parser.add_argument("--timeout", type=float, help="seconds for one request")
    parser.add_argument("--master", default="local[2]", help="Spark master (default: %(default)s)")
    parser.add_argument("--conf", action="append", default=[], metavar="KEY=VALUE", help="a Spark setting")
    parser.add_argument(
        "--without-slips", action="store_true", help="without the rules of Spark's optimizer that change answers (for fuzzing)"
    )
    options = parser.parse_args()
    conf = [setting.split("=", 1) for setting in options.conf]
    if options.without_slips:
        conf.append(without_slips())
    reference = Reference(options.time_zone, options.master, conf)
    for line in sys.stdin:
        if line.strip():
            reply = respond(reference, json.loads(line), options.timeout)
            print(json.dumps(reply, ensure_ascii=False), flush=True)
    reference.close()


def respond(reference, request, timeout):
    try:
        schema, rows = reference.run(request.get("setup", []), request["query"], timeout)
    except (ConnectionError, Py4JNetworkError):  # The JVM is gone: nothing that Spark says about a request.
        raise
    except Exception as error:  # Whatever Spark, or the conversion, has to say about this request.
        return {"id": request["id"], "error": error_text(error), "kind": error_kind(error)}
    return {"id": request["id"], "schema": schema, "rows": rows}


if __name__ == "__main__":
    main()
