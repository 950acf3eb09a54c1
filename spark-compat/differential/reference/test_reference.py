"""Tests of the reference on a real Spark 3.2.0: `target/spark-3.2.0/bin/python -m unittest`."""

import unittest

from reference import respond
from reference_spark import Reference


class ReferenceAnswers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.reference = Reference("Europe/Berlin")
        cls.addClassCleanup(cls.reference.close)

    def answer(self, query, setup=()):
        return respond(self.reference, {"id": "t", "setup": list(setup), "query": query}, timeout=60)

    def assert_row(self, query, types, row):
        answer = self.answer(query)
        self.assertNotIn("error", answer)
        self.assertEqual([kind for _, kind in answer["schema"]], types)
        self.assertEqual(answer["rows"], [row])

    def test_numbers_keep_every_digit(self):
        self.assert_row(
            "SELECT 1Y, 9223372036854775807, cast(0.1 as float), 0.1D, 1e22D, -0.0D, double('NaN'), double('-Infinity')",
            ["tinyint", "bigint", "float", "double", "double", "double", "double", "double"],
            [1, 9223372036854775807, "0.1", "0.1", "1e+22", "-0.0", "NaN", "-Infinity"],
        )
        self.assert_row(
            "SELECT 1.50BD, cast(1e-10 as decimal(38,18)), cast(null as decimal(5,2))",
            ["decimal(3,2)", "decimal(38,18)", "decimal(5,2)"],
            ["1.50", "0.000000000100000000", None],
        )

    def test_times_are_wall_clocks_in_the_session_time_zone_or_counts_outside_years_1_to_9999(self):
        self.assert_row(
            "SELECT date'2021-03-09', timestamp'2021-03-09 10:11:12.5', timestamp'2021-03-09 10:11:12Z'",
            ["date", "timestamp", "timestamp"],
            ["2021-03-09", "2021-03-09T10:11:12.500000", "2021-03-09T11:11:12.000000"],
        )
        self.assert_row(
            "SELECT date'+10000-01-01', timestamp'-0001-01-01 00:00:00Z', date'0001-01-01', date'0001-01-01' - 1",
            ["date", "timestamp", "date", "date"],
            ["days:2932897", "micros:-62198755200000000", "0001-01-01", "days:-719163"],
        )

    def test_a_case_over_constants_may_be_null(self):
        case = "case when id > 3 then timestamp'2020-01-01' when id > 2 then timestamp(id) end"
        self.assert_row(f"SELECT {case}, date({case}) FROM range(1)", ["timestamp", "date"], [None, None])

    def test_intervals_of_all_kinds(self):
        self.assert_row(
            "SELECT interval '1-2' year to month, interval '-14' month, interval '-3 04:05:06.789' day to second,"
            " interval '5' hour, make_interval(1, 2, 0, 4, 5, 6, -7.5)",
            ["interval year to month", "interval month", "interval day to second", "interval hour", "interval"],
            [
                {"months": 14},
                {"months": -14},
                {"microseconds": -273906789000},
                {"microseconds": 18000000000},
                {"months": 14, "days": 4, "microseconds": 18352500000},
            ],
        )

    def test_nested_values_binary_and_void(self):
        self.assert_row(
            "SELECT array(date'2020-01-01', null), map('b', array(1.5D), 'a', null), named_struct('x y', X'CAFE', 'n', null),"
            " cast(null as struct<a:int>), array()",
            ["array<date>", "map<string,array<double>>", "struct<x y:binary,n:void>", "struct<a:int>", "array<void>"],
            [["2020-01-01", None], {"map": [["b", ["1.5"]], ["a", None]]}, ["cafe", None], None, []],
        )

    def test_fields_of_a_struct_may_have_any_names(self):
        self.assert_row(
            "SELECT named_struct('a', 1, 'A', named_struct('x', interval '1' day, 'x', null), 'a', array(struct(2 a, 3 a))),"
            " map(named_struct('`', 1, '.', interval '1' year), named_struct('k', X'00', 'k', timestamp'2020-01-01'))",
            [
                "struct<a:int,A:struct<x:interval day,x:void>,a:array<struct<a:int,a:int>>>",
                "map<struct<`:int,.:interval year>,struct<k:binary,k:timestamp>>",
            ],
            [
                [1, [{"microseconds": 86400000000}, None], [[2, 3]]],
                {"map": [[[1, {"months": 12}], ["00", "2020-01-01T00:00:00.000000"]]]},
            ],
        )

    def test_column_names_may_repeat(self):
        answer = self.answer("SELECT 1 a, 'x' a, 2 + 3")
        self.assertEqual(answer["schema"], [["a", "int"], ["a", "string"], ["(2 + 3)", "int"]])
        self.assertEqual(answer["rows"], [[1, "x", 5]])

    def test_a_request_sees_nothing_of_the_ones_before(self):
        setup = [
            "CREATE TEMPORARY VIEW v AS SELECT 1 a",
            "SET spark.sql.ansi.enabled=true",
            "CREATE TABLE t(a int) USING parquet",
            "INSERT INTO t VALUES (2)",
            "CACHE TABLE t",
            "CREATE VIEW w AS SELECT 3 a",
        ]
        self.assertEqual(self.answer("SELECT v.a, t.a, w.a FROM v, t, w", setup)["rows"], [[1, 2, 3]])
        self.assertIn("not found: w", self.answer("SELECT a FROM w")["error"])
        self.assertIn("not found: v", self.answer("SELECT a FROM v")["error"])
        self.assertIn("not found: t", self.answer("SELECT a FROM t")["error"])
        self.assertEqual(self.answer("SELECT 1/0")["rows"], [[None]])

    def test_an_error_is_an_answer_and_comes_without_the_stack(self):
        self.assertIn("mismatched input 'selec'", self.answer("selec 1")["error"])
        self.assertTrue(self.answer("SELECT assert_true(false)")["error"].endswith("'false' is not true!"))
        ansi = ["SET spark.sql.ansi.enabled=true"]
        kinds = [self.answer(query, ansi)["kind"] for query in ("selec", "SELECT a", "SELECT 1 / 0", "SELECT int('a')")]
        self.assertEqual(kinds, ["parse", "analysis", "arithmetic", "illegal argument"])
        self.assertIn("not found: nowhere", self.answer("SELECT 1", ["SELECT * FROM nowhere"])["error"])


if __name__ == "__main__":
    unittest.main()
