#!/usr/bin/env python3
"""Proves the stored answers against a live Spark 3.2.0, all of them or a random sample. Started by check-answers.

    check-answers --sample 50            fifty queries; prints the seed
    check-answers --sample 50 --seed 7   the same fifty again
    check-answers casts                  all of a subject

The exit code is 0 if every asked answer is what the reference says and every statement has its answer, and no answer is
without a statement; else 1.
"""

import argparse
import random
import sys

from answers import LAYOUTS, ask, open_reference, outcome
from statements import DIFFERENTIAL, Malformed, find, same_answer


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="SUBJECT[/NAME]", help="which statement files (default: all)")
    parser.add_argument("--sample", type=int, metavar="N", help="ask N random queries instead of all")
    parser.add_argument("--seed", type=int, help="the seed of the sample (default: another each time)")
    parser.add_argument("--root", default=DIFFERENTIAL, help="folder of statements/ and answers/ (default: %(default)s)")
    parser.add_argument("--master", default="local[2]", help="Spark master (default: %(default)s)")
    options = parser.parse_args()
    try:
        files = find(options.root, options.names)
    except Malformed as error:
        parser.error(str(error))
    pairs, complaints = pair(files)
    seed = random.randrange(2**32) if options.seed is None else options.seed
    generator = random.Random(seed)
    if options.sample is not None:
        pairs = generator.sample(pairs, min(options.sample, len(pairs)))
    print(f"{len(pairs)} queries, seed {seed}", flush=True)
    if pairs:
        complaints += compare(options.master, pairs, generator)
    for complaint in complaints:
        print(complaint)
    print("differs" if complaints else "equal")
    sys.exit(1 if complaints else 0)


def pair(files):
    """The requests with their stored answers, and what has no counterpart."""
    pairs, complaints = [], []
    for file in files:
        stored = file.read_answers()
        for request in file.requests():
            answer = stored.pop(request["id"], None)
            if answer is None:
                complaints.append(f"{request['id']}: no answer is stored")
            else:
                pairs.append((request, answer))
        complaints += [f"{answer}: an answer without a statement" for answer in stored]
    return pairs, complaints


def compare(master, pairs, generator):
    """What differs from the live reference, each query in a layout that is drawn."""
    reference = open_reference(master)
    complaints = []
    for request, stored in pairs:
        live = ask(reference, request, generator.choice(list(LAYOUTS)))
        if not same_answer(stored, live):
            complaints.append(f"{request['id']}: {request['query']}\n  stored {outcome(stored)}\n  live   {outcome(live)}")
    reference.close()
    return complaints


if __name__ == "__main__":
    main()
