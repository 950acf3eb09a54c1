#!/usr/bin/env python3
"""Makes the answers of statement files from a real Spark 3.2.0. Started by make-answers.

    make-answers                     all of statements/
    make-answers casts joins/using   a subject, and a file

Every query is asked twice, with its rows partitioned otherwise. One with two answers is named, its file's answers stay
as they were, and the exit code is 1.
"""

import argparse
import sys

from answers import Unstable, open_reference, settled_answer
from statements import DIFFERENTIAL, Malformed, find


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="SUBJECT[/NAME]", help="which statement files (default: all)")
    parser.add_argument("--root", default=DIFFERENTIAL, help="folder of statements/ and answers/ (default: %(default)s)")
    parser.add_argument("--master", default="local[2]", help="Spark master (default: %(default)s)")
    options = parser.parse_args()
    try:
        files = find(options.root, options.names)
    except Malformed as error:
        parser.error(str(error))
    reference = open_reference(options.master)
    unstable = sum(remake(reference, file) for file in files)
    reference.close()
    sys.exit(1 if unstable else 0)


def remake(reference, file):
    """Writes a file's answers; returns how many of its queries have two, and writes nothing if any has."""
    answers, unstable = [], 0
    for request in file.requests():
        try:
            answers.append(settled_answer(reference, request))
        except Unstable as error:
            unstable += 1
            print(f"two answers to {error}", file=sys.stderr, flush=True)
    if not unstable:
        file.write_answers(answers)
    refused = sum("error" in answer for answer in answers)
    print(f"{file.name}: {len(answers)} answers, {refused} of them errors, {unstable} unstable", flush=True)
    return unstable


if __name__ == "__main__":
    main()
