/* SPDX-License-Identifier: Apache-2.0 */

/* Reading a card when the n-th allocation fails, for every n. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/files/file.h"
#include "engine/model/card.h"
#include "tests/engine/model/data_dir.h"
#include "tests/torture/calls.h"

#include <stdlib.h>

static void assert_survives(const char *path)
{
    struct calls *allocations = calls_get(CALL_ALLOCATE);
    struct error error = {{0}};
    size_t n_told = 0;
    size_t len_bytes;
    char *text;

    assert_int_equal(file_read(path, 1 << 20, &text, &len_bytes, &error), STATUS_OK);
    for (int64_t n = 1;; n++) {
        struct error complaint;
        struct card card;
        enum status status;

        allocations->n_failed = 0;
        allocations->n_left = n;
        status = card_parse(&card, text, len_bytes, 1024, &complaint);
        allocations->n_left = 0;
        if (status && (status != STATUS_NO_MEMORY || complaint.text[0]))
            fail_msg("status %d, \"%s\" when allocation %d failed", (int)status, complaint.text,
                     (int)n);
        if (!status) /* what failed did no harm, such as a buffer that did not shrink */
            assert_true(card.license && card.n_examples == 5 && card.n_results >= 3 && card.n_dims);
        card_release(&card);
        n_told += status == STATUS_NO_MEMORY;
        if (allocations->n_failed == 0)
            break;
    }
    assert_in_range(n_told, calls_can_fail() ? 100 : 0, 100000);
    free(text);
}

static void test_card_memory__every_failure_is_told(void **state)
{
    (void)state;
    assert_survives(CARDS_DIR "/matryoshka.md");
    assert_survives(CARDS_DIR "/odd.md");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_card_memory__every_failure_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
