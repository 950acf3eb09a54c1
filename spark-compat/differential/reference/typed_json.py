"""Answers of Spark as typed JSON: schemas as Spark's catalog strings, values from typed columns.

Every column of an answer is projected, inside Spark, to a type that reaches Python unchanged (a timestamp to its
text and its microseconds, an interval to its parts, and so on below arrays, maps and structs), and is put together
here. Nothing is read from the text that `cast(.. as string)` makes, but for dates and timestamps, whose text is their
wall clock.
"""

import json
import struct
from decimal import Context

MICROS_PER_SECOND = 1_000_000
# Spark's decimals have at most 38 digits.
WIDE = Context(prec=60)


class Unsupported(Exception):
    """An answer with a type that can't be written exactly."""


class Column:
    """How one (possibly nested) type is projected in Spark and written in JSON.

    `project(e)` is the SQL of the projection of the SQL expression `e`; `write(v)` makes JSON of what came of it.
    """

    def project(self, expression):
        return expression

    def write(self, value):
        return value


class Float(Column):
    """The shortest decimal that reads back to the same value (Java's own text is not always the shortest)."""

    def __init__(self, single):
        self.single = single

    def write(self, value):
        if value is None:
            return None
        if value != value:
            return "NaN"
        if value in (float("inf"), float("-inf")):
            return "Infinity" if value > 0 else "-Infinity"
        return shortest_single(value) if self.single else repr(value)


def shortest_single(value):
    for digits in range(1, 10):
        text = f"{value:.{digits}g}"
        if struct.unpack("f", struct.pack("f", float(text)))[0] == value:
            return repr(float(text))
    raise AssertionError(f"nine digits always tell two floats apart: {value!r}")


class Decimal(Column):
    def __init__(self, scale):
        self.quantum = WIDE.create_decimal(1).scaleb(-scale)

    def write(self, value):
        return None if value is None else format(value.quantize(self.quantum, context=WIDE), "f")


class Binary(Column):
    def write(self, value):
        return None if value is None else bytes(value).hex()


class Date(Column):
    def project(self, e):
        return members(text=f"cast({e} as string)", days=f"unix_date({e})")

    def write(self, value):
        if value is None or value.text is None:
            return None
        return value.text if has_plain_year(value.text) else f"days:{value.days}"


class Timestamp(Column):
    def project(self, e):
        return members(text=f"cast({e} as string)", micros=f"unix_micros({e})")

    def write(self, value):
        if value is None or value.text is None:
            return None
        if not has_plain_year(value.text):
            return f"micros:{value.micros}"
        seconds, _, fraction = value.text.partition(".")
        return f"{seconds.replace(' ', 'T')}.{fraction:0<6}"


def has_plain_year(text):
    """Whether a date's or timestamp's text starts with a year from 1 to 9999 (others have a sign or more digits)."""
    return text[4:5] == "-" and text[:4].isdigit() and text[:4] != "0000"


class YearMonthInterval(Column):
    def project(self, e):
        # A field can be extracted only from an interval type that has it.
        return months(f"cast({e} as interval year to month)")

    def write(self, value):
        return None if value is None else {"months": value}


def months(e):
    """The SQL of the months of an interval."""
    return f"extract(year from {e}) * 12 + extract(month from {e})"


def microseconds(e):
    """The SQL of the microseconds of the time part of an interval. Its seconds are a decimal(8,6)."""
    seconds = f"cast(extract(second from {e}) * {MICROS_PER_SECOND} as bigint)"
    return f"(extract(hour from {e}) * 60L + extract(minute from {e})) * {60 * MICROS_PER_SECOND}L + {seconds}"


class DayTimeInterval(Column):
    def project(self, e):
        full = f"cast({e} as interval day to second)"
        return f"extract(day from {full}) * {86_400 * MICROS_PER_SECOND}L + {microseconds(full)}"

    def write(self, value):
        return None if value is None else {"microseconds": value}


class CalendarInterval(Column):
    """Its days stand in its text; `extract` adds to them the whole days of its time."""

    def project(self, e):
        days = f"coalesce(int(nullif(regexp_extract(cast({e} as string), '(-?[0-9]+) days', 1), '')), 0)"
        moved = f"(extract(day from {e}) - {days}) * {86_400 * MICROS_PER_SECOND}L"
        return members(months=months(e), days=f"if({e} is null, null, {days})", microseconds=f"{microseconds(e)} + {moved}")

    def write(self, value):
        return None if value is None or value.months is None else value.asDict()


class Void(Column):
    def project(self, e):
        return f"cast({e} as int)"


class Array(Column):
    def __init__(self, element, depth):
        self.element, self.variable = element, f"e{depth}"

    def project(self, e):
        return f"transform({e}, {self.variable} -> {self.element.project(self.variable)})"

    def write(self, value):
        return None if value is None else [self.element.write(element) for element in value]


class Map(Column):
    """A map is collected as its entries: a Python dict would lose the order and could not hold every key."""

    def __init__(self, key, value, depth):
        self.key, self.value, self.variable = key, value, f"e{depth}"

    def project(self, e):
        key, value = (part.project(f"{self.variable}.{name}") for part, name in ((self.key, "key"), (self.value, "value")))
        return f"transform(map_entries({e}), {self.variable} -> named_struct('key', {key}, 'value', {value}))"

    def write(self, value):
        if value is None:
            return None
        return {"map": [[self.key.write(entry.key), self.value.write(entry.value)] for entry in value]}


class Struct(Column):
    """The fields by their position: their names may repeat (see `positional`)."""

    def __init__(self, fields):
        self.fields = fields

    def project(self, e):
        fields = members(**{f"f{i}": column.project(f"{e}.f{i}") for i, column in enumerate(self.fields)})
        return f"if({e} is null, null, {fields})"

    def write(self, value):
        return None if value is None else [column.write(v) for column, v in zip(self.fields, value)]


def members(**expressions):
    """The SQL of a struct of several expressions.

    Those over one value are all null where it is. They say so themselves: to Spark 3.2.0 a CASE without ELSE over constants
    `is null` never.
    """
    fields = ", ".join(f"'{name}', {expression}" for name, expression in expressions.items())
    return f"named_struct({fields})"


PLAIN = {"ByteType", "ShortType", "IntegerType", "LongType", "BooleanType", "StringType"}


def column_of(data_type, depth=0):
    """The `Column` for a Spark data type (the JVM's object: PySpark 3.2.0 can't parse every type)."""
    name = data_type.getClass().getSimpleName().rstrip("$")
    if name in PLAIN:
        return Column()
    if name in ("FloatType", "DoubleType"):
        return Float(single=name == "FloatType")
    if name == "DecimalType":
        return Decimal(data_type.scale())
    if name == "ArrayType":
        return Array(column_of(data_type.elementType(), depth + 1), depth)
    if name == "MapType":
        key, value = column_of(data_type.keyType(), depth + 1), column_of(data_type.valueType(), depth + 1)
        return Map(key, value, depth)
    if name == "StructType":
        return Struct([column_of(field.dataType(), depth) for field in data_type.fields()])
    simple = {
        "BinaryType": Binary,
        "DateType": Date,
        "TimestampType": Timestamp,
        "YearMonthIntervalType": YearMonthInterval,
        "DayTimeIntervalType": DayTimeInterval,
        "CalendarIntervalType": CalendarInterval,
        "NullType": Void,
    }
    if name not in simple:
        raise Unsupported(f"the type {data_type.catalogString()}")
    return simple[name]()


def positional(data_type):
    """A type's JSON (as Spark's `DataType.json` has it) with the fields of each struct named f0, f1, .."""
    if isinstance(data_type, list):
        return [positional(part) for part in data_type]
    if not isinstance(data_type, dict):
        return data_type
    renamed = {key: positional(part) for key, part in data_type.items()}
    if renamed.get("type") == "struct":
        for i, field in enumerate(renamed["fields"]):
            field["name"] = f"f{i}"
    return renamed


def with_positional_fields(frame, names):
    """The frame with its columns named `names` and the fields of its structs f0, f1, ..: a cast that only renames."""
    from pyspark.sql import DataFrame

    named = frame.toDF(*names)
    parse = frame._sc._jvm.org.apache.spark.sql.types.DataType.fromJson
    columns = frame._sc._gateway.new_array(frame._sc._jvm.org.apache.spark.sql.Column, len(names))
    for i, (name, field) in enumerate(zip(names, named._jdf.schema().fields())):
        columns[i] = named._jdf.col(name)
        if "struct<" in field.dataType().catalogString():
            columns[i] = columns[i].cast(parse(json.dumps(positional(json.loads(field.dataType().json()))))).alias(name)
    return DataFrame(named._jdf.select(columns), frame.sql_ctx)


def answer(frame):
    """The schema `[[name, type]..]` and the rows of a PySpark DataFrame, as JSON values."""
    fields = list(frame._jdf.schema().fields())
    schema = [[field.name(), field.dataType().catalogString()] for field in fields]
    columns = [column_of(field.dataType()) for field in fields]
    # Names may repeat, and may be anything: the projection goes by names of its own.
    names = [f"c{i}" for i in range(len(columns))]
    projection = [f"{column.project(name)} as {name}" for column, name in zip(columns, names)]
    rows = with_positional_fields(frame, names).selectExpr(*projection).collect() if fields else []
    return schema, [[column.write(value) for column, value in zip(columns, row)] for row in rows]
