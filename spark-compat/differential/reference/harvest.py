#!/usr/bin/env python3
"""Writes the examples in Spark's own descriptions of its functions as statement files with answers. Started by harvest.

DESCRIBE FUNCTION EXTENDED shows examples for most functions. They are asked of the running reference, for comparisons on
this machine, and stay in target/harvest. Examples that have no settled answer (the time, random numbers) are left out.
"""

import argparse
import re
import shutil
from pathlib import Path

from answers import LAYOUTS, ask, open_reference, outcome
from statements import DIFFERENTIAL, StatementFile, same_answer

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
    functions, seen = {}, set()
    for name, description in descriptions(reference.spark, options.functions):
        queries = [query for query in examples(description) if query not in seen]
        seen.update(queries)
        functions[name] = write(options.out, name, queries)
    # All are asked in one layout before the other: an example that tells the time has another answer then.
    first, second = ([asked(reference, file, layout) for file in functions.values()] for layout in LAYOUTS)
    count = sum(keep_settled(*answered) for answered in zip(functions.values(), first, second))
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


def write(out, function, queries):
    """Writes the statement file of a function."""
    path = out / "statements" / SUBJECT / f"{file_name(function)}.sql"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{query};\n" for query in queries), encoding="utf-8")
    return StatementFile(path)


def asked(reference, file, layout):
    return [ask(reference, request, layout) for request in file.requests()]


def keep_settled(file, first, second):
    """Leaves the statements with one answer in the file, and writes those answers; returns how many there are."""
    for one, other in zip(first, second):
        if not same_answer(one, other):
            print(f"left out {one['id']}: {one['query']}\n  {outcome(one)}\n  {outcome(other)}", flush=True)
    answers = [one for one, other in zip(first, second) if same_answer(one, other)]
    if not answers:
        file.path.unlink()
        return 0
    file.path.write_text("".join(f"{answer['query']};\n" for answer in answers), encoding="utf-8")
    StatementFile(file.path).write_answers(answers)
    return len(answers)


def file_name(function):
    """A name for the file of a function or operator."""
    if re.fullmatch(r"\w+", function):
        return function
    return "operator_" + "_".join(f"{ord(character):x}" for character in function)


if __name__ == "__main__":
    main()
