/* SPDX-License-Identifier: Apache-2.0 */

#include "server/authorize.h"

#include "server/api_keys.h"
#include "server/request.h"
#include "server/routes.h"
#include "server/server.h"

#include <string.h>
#include <strings.h>
#include <time.h>

/* The KEY of "Bearer KEY" (RFC 6750; the scheme in any case, as RFC 9110 has it); else empty. */
static struct slice find_key(const char *authorization)
{
    static const char scheme[] = "Bearer ";
    struct slice key = {"", 0};

    if (!authorization || strncasecmp(authorization, scheme, sizeof scheme - 1) != 0)
        return key;
    key.bytes = authorization + sizeof scheme - 1;
    key.bytes += strspn(key.bytes, " ");
    key.len_bytes = strcspn(key.bytes, " \t");
    return key.bytes[key.len_bytes + strspn(key.bytes + key.len_bytes, " \t")] == '\0'
               ? key
               : (struct slice){"", 0};
}

bool authorize(struct request *request, const char *authorization)
{
    struct api_keys *keys = request->server->api_keys;
    struct slice key;

    if (!keys || !request->route->needs_key)
        return true;
    key = find_key(authorization);
    if (key.len_bytes == 0) {
        respond_problem(request, PROBLEM_INVALID_API_KEY, NULL,
                        "An API key is needed here: send it in the header Authorization, as "
                        "Bearer KEY");
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
