/* SPDX-License-Identifier: Apache-2.0 */

#include "server/http/authorize.h"

#include "server/auth/api_keys.h"
#include "server/exchange/request.h"
#include "server/exchange/respond.h"
#include "server/exchange/route.h"
#include "server/exchange/server.h"

#include <string.h>
#include <strings.h>
#include <time.h>

/* A key without the white space around it; empty if there is more than one word. */
static struct slice trim_key(const char *text)
{
    struct slice key = {text + strspn(text, " \t"), 0};

    key.len_bytes = strcspn(key.bytes, " \t");
    return key.bytes[key.len_bytes + strspn(key.bytes + key.len_bytes, " \t")] == '\0'
               ? key
               : (struct slice){"", 0};
}

/* In the order of struct key_headers; "Bearer" in any case, by RFC 9110. Empty if there is no key.
 */
static struct slice find_key(const struct key_headers *headers)
{
    static const char scheme[] = "Bearer ";
    const char *authorization = headers->authorization;
    struct slice key = {"", 0};

    if (authorization && strncasecmp(authorization, scheme, sizeof scheme - 1) == 0)
        key = trim_key(authorization + sizeof scheme - 1);
    if (key.len_bytes == 0 && headers->x_api_key)
        key = trim_key(headers->x_api_key);
    if (key.len_bytes == 0 && headers->api_key)
        key = trim_key(headers->api_key);
    return key;
}

bool authorize(struct request *request, const struct key_headers *headers)
{
    struct api_keys *keys = request->server->api_keys;
    struct slice key;

    if (!keys || !request->route->needs_key)
        return true;
    key = find_key(headers);
    if (key.len_bytes == 0) {
        respond_problem(request, PROBLEM_INVALID_API_KEY, NULL,
                        "An API key is required: send it in the header Authorization, as "
                        "Bearer KEY, or in X-Api-Key or api-key");
        return false;
    }
    switch (api_keys_check(keys, key.bytes, key.len_bytes, time(NULL))) {
    case API_KEY_GOOD:
        return true;
    case API_KEY_EXPIRED:
        respond_problem(request, PROBLEM_INVALID_API_KEY, NULL, "The API key has expired");
        break;
    case API_KEY_UNKNOWN:
        respond_problem(request, PROBLEM_INVALID_API_KEY, NULL, "The API key is not a valid one");
        break;
    }
    return false;
}
