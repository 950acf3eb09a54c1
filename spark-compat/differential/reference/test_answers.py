"""Tests of statement files and their answers; those of `SettledAnswers` run on a real Spark 3.2.0."""

import tempfile
import unittest
from pathlib import Path

from answers import Unstable, ask, open_reference, settled_answer
from check_answers import pair
from harvest import examples, file_name
from make_answers import remake
from statements import Malformed, StatementFile, digest, find, is_ordered, same_answer, stable_error


class Files(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)

    def file(self, text, name="subject/name"):
        path = self.root / "statements" / f"{name}.sql"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return StatementFile(path)


class StatementFiles(Files):
    def test_setup_is_what_creates_sets_and_caches_at_the_start(self):
        file = self.file("-- About.\n--SET a.b=c d\ncreate view v as\n  select 1;\nSET x=y;\nselect 1;\ncache table v;\n")
        self.assertEqual(file.setup, ["SET a.b=c d", "create view v as\n  select 1", "SET x=y"])
        self.assertEqual(file.queries, ["select 1", "cache table v"])

    def test_a_statement_ends_with_a_semicolon_at_the_end_of_a_line(self):
        file = self.file("select ';', -- no; end\n 1 ;\n\n-- no query;\nselect 2;")
        self.assertEqual(file.queries, ["select ';', -- no; end\n 1", "select 2"])

    def test_an_unfinished_statement_and_a_query_that_stands_twice_are_refused(self):
        with self.assertRaisesRegex(Malformed, "subject/name: no ';' ends the statement 'select 2'"):
            self.file("select 1;\nselect 2\n")
        with self.assertRaisesRegex(Malformed, "subject/name: stands twice: select 1"):
            self.file("select 1;\nselect 1;\n")

    def test_a_request_is_named_after_its_file_and_text(self):
        (request,) = self.file("SET a=b;\nselect 1;\n").requests()
        self.assertEqual(request, {"id": f"subject/name#{digest('select 1')}", "setup": ["SET a=b"], "query": "select 1"})
        self.assertRegex(digest("select 1"), "^[0-9a-f]{8}$")

    def test_files_are_found_by_subject_and_name(self):
        for name in ("a/x", "a/y", "b/x"):
            self.file("select 1;\n", name)
        names = lambda *wanted: [file.name for file in find(self.root, wanted)]
        self.assertEqual(names(), ["a/x", "a/y", "b/x"])
        self.assertEqual(names("b", "a/y", "b/x"), ["b/x", "a/y"])
        self.assertEqual(names(str(self.root / "statements/a/x.sql")), ["a/x"])
        with self.assertRaisesRegex(Malformed, "no statements named c"):
            names("c")

    def test_answers_are_paired_with_their_statements(self):
        file = self.file("select 1;\nselect 2;\n")
        known, unknown = file.requests()
        stored = {"id": known["id"], "query": "select 1", "schema": [["1", "int"]], "rows": [[1]]}
        file.write_answers([stored, {**stored, "id": "subject/name#gone"}])
        pairs, complaints = pair([file])
        self.assertEqual(pairs, [(known, stored)])
        expected = [f"{unknown['id']}: no answer is stored", "subject/name#gone: an answer without a statement"]
        self.assertEqual(complaints, expected)


class Comparison(unittest.TestCase):
    def rows(self, query, rows):
        return {"query": query, "schema": [["a", "int"]], "rows": rows}

    def test_rows_are_a_multiset_unless_the_query_orders_them(self):
        for query, equal in (("select a from t", True), ("select a from t order by a", False)):
            self.assertEqual(same_answer(self.rows(query, [[1], [2]]), self.rows(query, [[2], [1]])), equal)
        self.assertFalse(same_answer(self.rows("select a", [[1], [1]]), self.rows("select a", [[1]])))

    def test_only_an_order_outside_of_parentheses_and_quotes_counts(self):
        self.assertTrue(is_ordered("select ')' from t /* ( */\nORDER\n BY a"))
        self.assertFalse(is_ordered("select f(a) from (select 1) sort by a"))
        self.assertFalse(is_ordered("select sum(a) over (order by a), 'order by', `order by` from t -- order by"))

    def test_an_error_is_its_kind_and_its_first_line_without_what_spark_numbers(self):
        error = {"query": "q", "error": "cannot resolve a#12, max(a)#13L in 'a # 1'", "kind": "analysis"}
        self.assertTrue(same_answer(error, {**error, "error": "cannot resolve a#7L, max(a)#8L in 'a # 1'\nat line 1"}))
        self.assertFalse(same_answer(error, {**error, "error": "cannot resolve a#12, max(a)#13L in 'a # 2'"}))
        self.assertFalse(same_answer(error, {**error, "kind": "parse"}))
        self.assertFalse(same_answer(error, self.rows("q", [])))
        lost = "Lost task 0.0 in stage 2.0 (TID 3) (127.0.0.1 executor driver): java.lang.RuntimeException: no\n\tat"
        self.assertEqual(stable_error(f"Job aborted: {lost}"), "java.lang.RuntimeException: no")
        keywords = ", ".join(f"'WORD{i}'" for i in range(20))
        self.assertEqual(stable_error(f"mismatched 'x' expecting {{{keywords}}}(line 1)"), "mismatched 'x' expecting ..")
        few = "mismatched 'x' expecting {',', ';'}(line 1)"
        self.assertEqual(stable_error(few), few)


class Harvest(unittest.TestCase):
    def test_examples_are_the_lines_after_an_angle_bracket(self):
        text = "Examples:\n      > SELECT f(1);\n       2\n      > SELECT f(1)\n         + 1;\n       3\n      > SELECT f(1);\n 2"
        self.assertEqual(examples(text), ["SELECT f(1)", "SELECT f(1)\n         + 1"])

    def test_operators_get_names_of_files(self):
        self.assertEqual([file_name(name) for name in ("abs", "!", "<=")], ["abs", "operator_21", "operator_3c_3d"])


class SettledAnswers(Files):
    @classmethod
    def setUpClass(cls):
        cls.reference = open_reference()
        cls.addClassCleanup(cls.reference.close)

    def settle(self, query):
        return settled_answer(self.reference, {"id": "t#1", "setup": ["SET spark.sql.ansi.enabled=true"], "query": query})

    def test_an_answer_that_no_layout_changes_is_settled(self):
        answer = self.settle("select a % 2 b, count(*) c from values (1), (2), (3) t(a) group by 1")
        self.assertEqual(answer["schema"], [["b", "int"], ["c", "bigint"]])
        self.assertCountEqual(answer["rows"], [[1, 2], [0, 1]])
        self.assertEqual(self.settle("select 1 / 0")["kind"], "arithmetic")

    def test_an_answer_that_a_layout_changes_is_refused_by_name(self):
        unstable = "select id, spark_partition_id() p from range(6)"
        with self.assertRaisesRegex(Unstable, "^t#1: select id, spark_partition_id"):
            self.settle(unstable)
        file = self.file(f"select 1;\n{unstable};\n")
        self.assertEqual(remake(self.reference, file), 1)
        self.assertFalse(file.answers_path.exists())

    def test_answers_are_written_as_they_are_asked(self):
        file = self.file("select 1 a;\nselect b;\n")
        self.assertEqual(remake(self.reference, file), 0)
        stored = file.read_answers()
        for request in file.requests():
            live = ask(self.reference, request, "many partitions")
            self.assertTrue(same_answer(stored[request["id"]], live))


if __name__ == "__main__":
    unittest.main()
