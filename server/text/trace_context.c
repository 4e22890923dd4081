/* SPDX-License-Identifier: Apache-2.0 */
#include "server/text/trace_context.h"

#include <stddef.h>
#include <string.h>

/* 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01 */
enum {
    VERSION_LEN = 2,
    TRACE_ID_AT = 3,
    TRACE_ID_LEN = 32,
    PARENT_ID_AT = 36,
    PARENT_ID_LEN = 16,
    FLAGS_AT = 53,
    FLAGS_LEN = 2,
    HEADER_LEN = 55,
};

static bool is_hex(const char *text, size_t len)
{
    return strspn(text, "0123456789abcdef") >= len;
}

/* An ID of all zeros is invalid. */
static bool is_id(const char *text, size_t len)
{
    return is_hex(text, len) && strspn(text, "0") < len;
}

bool trace_context_parse(const char *header, struct trace_context *ret_context)
{
    size_t len = header ? strlen(header) : 0;

    if (len < HEADER_LEN || header[TRACE_ID_AT - 1] != '-' || header[PARENT_ID_AT - 1] != '-' ||
        header[FLAGS_AT - 1] != '-')
        return false;
    if (!is_hex(header, VERSION_LEN) || memcmp(header, "ff", VERSION_LEN) == 0 ||
        !is_id(header + TRACE_ID_AT, TRACE_ID_LEN) ||
        !is_id(header + PARENT_ID_AT, PARENT_ID_LEN) || !is_hex(header + FLAGS_AT, FLAGS_LEN))
        return false;
    if (len > HEADER_LEN && (memcmp(header, "00", VERSION_LEN) == 0 || header[HEADER_LEN] != '-'))
        return false;
    *ret_context = (struct trace_context){0};
    memcpy(ret_context->trace_id, header + TRACE_ID_AT, TRACE_ID_LEN);
    memcpy(ret_context->parent_id, header + PARENT_ID_AT, PARENT_ID_LEN);
    /* The lowest of eight bits. */
    ret_context->is_sampled = strchr("13579bdf", header[FLAGS_AT + 1]) != NULL;
    return true;
}
