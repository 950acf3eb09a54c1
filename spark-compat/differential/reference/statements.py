"""Statement files and their answers: `statements/SUBJECT/NAME.sql` and `answers/SUBJECT/NAME.jsonl`.

A statement ends with a `;` at the end of a line; lines of `--` between statements are comments, and the line
`--SET key=value` is a setting of the whole file. The leading statements that start with CREATE, SET or CACHE are the
setup of every query; each later statement is a query of its own. An answer is a line: the query with the schema and
the rows, or with the first line of the error and its kind.
"""

import hashlib
import json
import re
from collections import Counter
from pathlib import Path

DIFFERENTIAL = Path(__file__).resolve().parent.parent
SETUP_WORDS = ("CREATE", "SET", "CACHE")


class Malformed(Exception):
    """A statement file that can't be read; says which and why."""


class StatementFile:
    """The statements of `root/statements/SUBJECT/NAME.sql`, and the place of their answers."""

    def __init__(self, path):
        self.path = Path(path).resolve()
        self.name = f"{self.path.parent.name}/{self.path.stem}"
        self.answers_path = self.path.parents[2] / "answers" / self.path.parent.name / f"{self.path.stem}.jsonl"
        text = self.path.read_text(encoding="utf-8")
        self.setup = [f"SET {line[len('--SET '):].strip()}" for line in text.splitlines() if line.startswith("--SET ")]
        self.queries = []
        for statement in split(text, self.name):
            is_setup = not self.queries and statement.split(None, 1)[0].upper() in SETUP_WORDS
            (self.setup if is_setup else self.queries).append(statement)
        twice = [query for query, count in Counter(self.queries).items() if count > 1]
        if twice:
            raise Malformed(f"{self.name}: stands twice: {twice[0]}")

    def requests(self):
        """The requests to a reference, in order; a request's id names the file and its query's text."""
        return [{"id": f"{self.name}#{digest(query)}", "setup": self.setup, "query": query} for query in self.queries]

    def read_answers(self):
        """The stored answers by id; none where there is no file of answers."""
        if not self.answers_path.exists():
            return {}
        answers = map(json.loads, self.answers_path.read_text(encoding="utf-8").splitlines())
        return {answer["id"]: answer for answer in answers}

    def write_answers(self, answers):
        self.answers_path.parent.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps(answer, ensure_ascii=False) + "\n" for answer in answers]
        self.answers_path.write_text("".join(lines), encoding="utf-8")


def find(root, names=()):
    """The statement files below `root/statements`, or those named: a SUBJECT, a SUBJECT/NAME or a path."""
    folder = Path(root) / "statements"
    if not names:
        return [StatementFile(path) for path in sorted(folder.glob("*/*.sql"))]
    found = {}
    for name in names:
        if name.endswith(".sql"):
            paths = [Path(name)]
        else:
            paths = sorted(folder.glob(f"{name}.sql" if "/" in name else f"{name}/*.sql"))
        if not paths or not all(path.exists() for path in paths):
            raise Malformed(f"there are no statements named {name} in {folder}")
        found.update((path.resolve(), StatementFile(path)) for path in paths)
    return list(found.values())


def split(text, name):
    statements, lines = [], []
    for line in text.splitlines():
        if not lines and (not line.strip() or line.strip().startswith("--")):
            continue
        lines.append(line)
        if line.rstrip().endswith(";"):
            statements.append("\n".join(lines).strip()[:-1].rstrip())
            lines = []
    if lines:
        raise Malformed(f"{name}: no ';' ends the statement {lines[0]!r}")
    return statements


def digest(query):
    return hashlib.sha256(query.encode("utf-8")).hexdigest()[:8]


# Strings, quoted names and comments of a query: what looks like SQL in them is none.
QUOTED = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`[^`]*`|--[^\n]*|/\*.*?\*/""", re.DOTALL)


def is_ordered(query):
    """Whether a query says the order of its rows: an ORDER BY that is in no parentheses (SORT BY orders partitions)."""
    depth, outside = 0, []
    for part in re.split(r"([()])", QUOTED.sub(" ", query)):
        if part in ("(", ")"):
            depth += 1 if part == "(" else -1
            outside.append(" ")
        elif depth == 0:
            outside.append(part)
    return re.search(r"\border\s+by\b", "".join(outside), re.IGNORECASE) is not None


# What Spark numbers as it goes: tasks, expressions, objects.
TASK = re.compile(r"^.*?Lost task \S+ in stage \S+ \(TID \d+\) \([^)]*\): ")
NUMBERED = re.compile(r"(?<=[\w)]#)\d+L?\b|(?<=\$\$Lambda\$)\d+/0x[0-9a-f]+|(?<=\w@)[0-9a-f]{5,8}\b")
# What the parser would have taken instead may be every keyword there is.
EXPECTED = re.compile(r"expecting \{.{100,}$")


def stable_error(text):
    """The first line of an error's text, without what is another each time and without long lists of keywords."""
    line = next((line for line in text.splitlines() if line.strip()), "")
    return EXPECTED.sub("expecting ..", NUMBERED.sub("", TASK.sub("", line)))


def same_answer(one, other):
    """Whether two answers to one query are the same: rows in any order unless the query orders them."""
    if "error" in one or "error" in other:
        return "error" in one and "error" in other and (stable_error(one["error"]), one["kind"]) == (
            stable_error(other["error"]),
            other["kind"],
        )
    if one["schema"] != other["schema"]:
        return False
    rows, others = ([json.dumps(row) for row in answer["rows"]] for answer in (one, other))
    return rows == others if is_ordered(one["query"]) else Counter(rows) == Counter(others)
