#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Embeds a corpus in Parquet by running servers of nestd, with Spark 4:

    spark-submit spark_embed.py --input corpus.parquet --output vectors.parquet --url http://balancer:8080

The output has the id and `embedding`, an array of floats, in the order that the rows have in each part of the input. A task that
is lost is run again by Spark and writes the same bytes; only whole tasks are committed. After a failure nothing but the output's
_temporary folder is left."""

import argparse
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import nestd_client  # noqa: E402
from pyspark.sql import SparkSession  # noqa: E402
from pyspark.sql.types import ArrayType, FloatType, StructField, StructType  # noqa: E402


def read_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    nestd_client.add_options(parser)
    parser.add_argument(
        "--partitions", type=int, help="sort by id into so many parts, where the input's own are too few; default: as the input is"
    )
    return parser.parse_args()


def main():
    options = read_options()
    settings = nestd_client.read_settings(options)
    id_column, text_column = options.id_column, options.text_column
    spark = SparkSession.builder.appName("nestd").getOrCreate()
    spark.sparkContext.addPyFile(str(HERE / "nestd_client.py"))

    rows = spark.read.parquet(options.input).select(id_column, text_column)
    if options.partitions:
        rows = rows.repartitionByRange(options.partitions, id_column).sortWithinPartitions(id_column)
    schema = StructType([rows.schema[id_column], StructField("embedding", ArrayType(FloatType(), containsNull=False))])

    def embed(batches):
        return nestd_client.embed_arrow(settings, batches, id_column, text_column)

    rows.mapInArrow(embed, schema).write.parquet(options.output)


if __name__ == "__main__":
    main()
