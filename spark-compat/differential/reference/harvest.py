#!/usr/bin/env python3
"""Writes the examples in Spark's own descriptions of its functions as statement files with answers. Started by harvest.

DESCRIBE FUNCTION EXTENDED shows examples for most functions. They are asked of the running reference, for comparisons on
this machine, and stay in target/harvest. Examples that have no settled answer (the time, random numbers) are left out.
"""

import argparse
import re
import shutil
from pathlib import Path

from answers import Unstable, open_reference, settled_answer
from statements import DIFFERENTIAL, StatementFile

SUBJECT = "examples"
EXAMPLE = re.compile(r"^ *> (.*?;) *$", re.MULTILINE | re.DOTALL)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = DIFFERENTIAL.parents[1] / "target" / "harvest"
    parser.add_argument("functions", nargs="*", metavar="FUNCTION", help="which functions (default: all)")
    parser.add_argument("--out", type=Path, default=default, help="emptied, then filled (default: %(default)s)")
    options = parser.parse_args()
    shutil.rmtree(options.out, ignore_errors=True)
    reference = open_reference()
    seen, count = set(), 0
    for name, description in descriptions(reference.spark, options.functions):
        queries = [query for query in examples(description) if query not in seen]
        seen.update(queries)
        count += write(reference, options.out, name, queries)
    reference.close()
    print(f"{count} examples in {options.out}")


def descriptions(spark, functions):
    """The names of the functions, by default of all, with their descriptions."""
    for name in functions or [row[0] for row in spark.sql("SHOW FUNCTIONS").collect()]:
        rows = spark.sql(f"DESCRIBE FUNCTION EXTENDED `{name}`").collect()
        yield name, "\n".join(row[0] for row in rows)


def examples(description):
    """The queries after `>` in a description, in order, none twice, without their `;`."""
    return list(dict.fromkeys(query[:-1].rstrip() for query in EXAMPLE.findall(description)))


def write(reference, out, function, queries):
    """Writes the statement file of a function and its answers; returns the number of queries."""
    path = out / "statements" / SUBJECT / f"{file_name(function)}.sql"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{query};\n" for query in queries), encoding="utf-8")
    answers = []
    for request in StatementFile(path).requests():
        try:
            answers.append(settled_answer(reference, request))
        except Unstable as error:
            print(f"left out {error}", flush=True)
    if not answers:
        path.unlink()
        return 0
    path.write_text("".join(f"{answer['query']};\n" for answer in answers), encoding="utf-8")
    StatementFile(path).write_answers(answers)
    return len(answers)


def file_name(function):
    """A name for the file of a function or operator."""
    if re.fullmatch(r"\w+", function):
        return function
    return "operator_" + "_".join(f"{ord(character):x}" for character in function)


if __name__ == "__main__":
    main()
