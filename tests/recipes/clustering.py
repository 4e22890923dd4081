#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Groups texts by their vectors, without having been told of topics: k-means where the number of groups is known, and
agglomerative clustering where it is not.

    pip install numpy scikit-learn
    clustering.py requests.csv 6"""
import csv
import sys

from sklearn.cluster import AgglomerativeClustering, KMeans
from sklearn.metrics import adjusted_rand_score

from nestd import embed


def main(path, n_groups):
    with open(path, encoding='utf-8', newline='') as file:
        rows = list(csv.DictReader(file))
    vectors = embed([row['text'] for row in rows])
    by_number = KMeans(int(n_groups), n_init=20, random_state=1).fit_predict(vectors)
    by_distance = AgglomerativeClustering(None, distance_threshold=0.85, metric='cosine', linkage='average').fit_predict(vectors)
    topics = [row['topic'] for row in rows]
    for name, groups in (('k-means', by_number), ('agglomerative', by_distance)):
        print(f'{name}: {len(set(groups))} groups, adjusted Rand index to the topics {adjusted_rand_score(topics, groups):.3f}')
    for group in sorted(set(by_number)):
        members = [row['text'] for row, label in zip(rows, by_number) if label == group]
        print(f'  {group}: ' + ' | '.join(members[:3]))


if __name__ == '__main__':
    main(*sys.argv[1:])
