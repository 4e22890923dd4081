/* SPDX-License-Identifier: Apache-2.0 */

/* What all routes of one API share: the shape of its errors, and the headers that it adds to
 * replies. Each family is defined in the file of its routes. OpenAI's is in route_family.c, since
 * it also answers for unknown paths. */
#ifndef NESTD_SERVER_EXCHANGE_ROUTE_FAMILY_H
#define NESTD_SERVER_EXCHANGE_ROUTE_FAMILY_H

struct api_error;
struct problem_row;
struct request;
struct buffer;

struct route_family {
    unsigned (*get_status)(const struct problem_row *row);

    /* The body of an error: one JSON object. */
    void (*write_error)(struct buffer *buffer, const struct request *request,
                        const struct api_error *error);

    /* Called once for each reply, when it is sent. NULL: there are no such headers. */
    void (*add_headers)(struct request *request);
};

extern const struct route_family openai_family; /* {"error":{"message","type","param","code"}} */

/* For families whose errors contain OpenAI's: {"message","type","param","code"}. */
void openai_write_error(struct buffer *buffer, const struct api_error *error);
unsigned openai_get_status(const struct problem_row *row);

#endif
