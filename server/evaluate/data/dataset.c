/* SPDX-License-Identifier: Apache-2.0 */
#include "server/evaluate/data/dataset.h"

#include <stdlib.h>

void dataset_release(struct dataset *dataset)
{
    text_list_release(&dataset->queries);
    text_list_release(&dataset->documents);
    free(dataset->relevant);
    free(dataset->first);
    free(dataset->n_relevant);
    *dataset = (struct dataset){0};
}

bool dataset_is_relevant(const struct dataset *dataset, size_t query, size_t document)
{
    size_t low = dataset->first[query];
    size_t high = dataset->first[query + 1];

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (dataset->relevant[middle].document == document)
            return true;
        if (dataset->relevant[middle].document < document)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}
