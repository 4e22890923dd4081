#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Embeds a corpus in Parquet by running servers of nestd, with Ray Data:

    ray job submit --working-dir docker/bulk -- python ray_embed.py --input ... --output ... --url http://balancer:8080

The output has the id and `embedding`, a list of floats, in the order of the input. A worker that is lost has its blocks embedded
again by Ray, to the same bytes."""

import argparse
import os

import nestd_client
import pyarrow
import ray


def read_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    nestd_client.add_options(parser)
    parser.add_argument("--workers", type=int, default=2, help="processes that send requests [default %(default)s]")
    parser.add_argument("--rows-per-task", type=int, default=4096, help="embedded anew if a worker is lost [default %(default)s]")
    return parser.parse_args()


def main():
    options = read_options()
    settings = nestd_client.read_settings(options)
    id_column, text_column = options.id_column, options.text_column
    if os.path.exists(options.output):
        raise SystemExit(f"--output {options.output} is there already")  # Ray would add files to it

    def embed(table):
        batches = nestd_client.embed_arrow(settings, table.to_batches(), id_column, text_column)
        return pyarrow.Table.from_batches(batches)

    ray.data.DataContext.get_current().execution_options.preserve_order = True
    rows = ray.data.read_parquet(options.input, columns=[id_column, text_column])
    rows = rows.repartition(target_num_rows_per_block=options.rows_per_task)
    # A worker waits for replies; what it computes itself is little.
    vectors = rows.map_batches(embed, batch_size=None, batch_format="pyarrow", num_cpus=0.5, concurrency=options.workers)
    vectors.write_parquet(options.output)


if __name__ == "__main__":
    main()
