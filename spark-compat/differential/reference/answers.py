"""Answers of the reference to statement files, each query asked more than once with its rows laid out otherwise."""

import os

from reference import respond
from reference_spark import Reference
from statements import DIFFERENTIAL, same_answer, stable_error

TIME_ZONE = "UTC"
TIMEOUT_SECONDS = 60
# How many partitions there are, how they are read, and whether rows of VALUES are computed while planning or by generated
# code is no part of an answer.
LAYOUTS = {
    "two partitions": ["SET spark.sql.shuffle.partitions=2"],
    "many partitions": [
        "SET spark.sql.shuffle.partitions=5",
        "SET spark.sql.leafNodeDefaultParallelism=3",
        "SET spark.sql.adaptive.enabled=false",
        "SET spark.sql.optimizer.excludedRules=org.apache.spark.sql.catalyst.optimizer.ConvertToLocalRelation",
        "SET spark.sql.autoBroadcastJoinThreshold=-1",
        "SET spark.sql.inMemoryColumnarStorage.batchSize=2",
        "SET spark.sql.parquet.columnarReaderBatchSize=2",
    ],
}


class Unstable(Exception):
    """A query that the reference answers in two ways."""


def open_reference(master="local[2]"):
    # Paths in statements are those of the files that are made for them.
    os.chdir(DIFFERENTIAL / "files")
    return Reference(TIME_ZONE, master)


def ask(reference, request, layout):
    """The answer as it is stored: `id`, `query` and `schema` with `rows`, or `error` with `kind`."""
    reply = respond(reference, {**request, "setup": LAYOUTS[layout] + request["setup"]}, TIMEOUT_SECONDS)
    answer = {"id": request["id"], "query": request["query"]}
    if "error" in reply:
        return {**answer, "error": stable_error(reply["error"]), "kind": reply["kind"]}
    return {**answer, "schema": reply["schema"], "rows": reply["rows"]}


def settled_answer(reference, request):
    """The answer to a request, the same in every layout; raises `Unstable` where there is no such answer."""
    answer, *others = (ask(reference, request, layout) for layout in LAYOUTS)
    for other in others:
        if not same_answer(answer, other):
            raise Unstable(f"{request['id']}: {request['query']}\n  {outcome(answer)}\n  {outcome(other)}")
    return answer


def outcome(answer):
    """An answer in one line, without the query."""
    if "error" in answer:
        return f"{answer['kind']}: {answer['error']}"
    return f"{answer['schema']} {answer['rows']}"
