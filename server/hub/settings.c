/* SPDX-License-Identifier: Apache-2.0 */

#include "server/hub/settings.h"

#include "server/text/read_file.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* NULL where the variable is not set, or empty. */
static const char *get_text(hub_get_variable *get, const char *name)
{
    const char *text = get(name);

    return text && text[0] ? text : NULL;
}

static bool get_switch(hub_get_variable *get, const char *name)
{
    const char *text = get_text(get, name);

    return text && (strcmp(text, "1") == 0 || strcasecmp(text, "true") == 0 ||
                    strcasecmp(text, "yes") == 0 || strcasecmp(text, "on") == 0);
}

/* ---- paths ---- */

static enum status refuse_homeless(struct error *error)
{
    return error_set(error, STATUS_INVALID,
                     "there is no place for models from the hub: HOME is not set; name a folder "
                     "with --huggingface-hub-cache");
}

/* The path, below the home folder where it begins with "~/". */
static enum status expand(const char *path, hub_get_variable *get, struct hub_path *ret_path,
                          struct error *error)
{
    const char *home = get_text(get, "HOME");

    if (strncmp(path, "~/", 2) != 0)
        return hub_path_print(ret_path, error, "%s", path);
    if (!home)
        return refuse_homeless(error);
    return hub_path_print(ret_path, error, "%s/%s", home, path + 2);
}

static enum status find_home(hub_get_variable *get, struct hub_path *ret_path, struct error *error)
{
    const char *hf_home = get_text(get, "HF_HOME");
    const char *xdg = get_text(get, "XDG_CACHE_HOME");
    const char *home = get_text(get, "HOME");

    if (hf_home)
        return expand(hf_home, get, ret_path, error);
    if (xdg)
        return hub_path_print(ret_path, error, "%s/huggingface", xdg);
    if (!home)
        return refuse_homeless(error);
    return hub_path_print(ret_path, error, "%s/.cache/huggingface", home);
}

static enum status find_cache(const char *option, hub_get_variable *get, struct hub_path *ret_path,
                              struct error *error)
{
    struct hub_path home;
    const char *given = option ? option : get_text(get, "HF_HUB_CACHE");
    enum status status;

    if (!given)
        given = get_text(get, "HUGGINGFACE_HUB_CACHE");
    if (given)
        return expand(given, get, ret_path, error);
    status = find_home(get, &home, error);
    return status ? status : hub_path_print(ret_path, error, "%s/hub", home.text);
}

/* ---- the endpoint ---- */

static enum status read_endpoint(hub_get_variable *get, char *ret_endpoint, size_t max_bytes,
                                 struct error *error)
{
    const char *given = get_text(get, "HF_ENDPOINT");
    const char *endpoint = given ? given : "https://huggingface.co";
    size_t len = strlen(endpoint);

    while (len > 0 && endpoint[len - 1] == '/')
        len--;
    for (size_t i = 0; i < len; i++) {
        if (endpoint[i] <= ' ' || endpoint[i] > '~' || strchr("?#@", endpoint[i]))
            len = 0; /* also a name and a password, which would show in messages */
    }
    if (len >= max_bytes || len == 0 ||
        (strncmp(endpoint, "https://", 8) != 0 && strncmp(endpoint, "http://", 7) != 0))
        return error_set(error, STATUS_INVALID,
                         "HF_ENDPOINT: expected the hub's address, such as https://huggingface.co");
    memcpy(ret_endpoint, endpoint, len);
    ret_endpoint[len] = '\0';
    return STATUS_OK;
}

enum status hub_settings_read(struct hub_settings *ret_settings, const char *cache,
                              hub_get_variable *get, struct error *error)
{
    struct hub_settings settings = {.is_offline = get_switch(get, "HF_HUB_OFFLINE") ||
                                                  get_switch(get, "TRANSFORMERS_OFFLINE")};
    enum status status = find_cache(cache, get, &settings.cache, error);

    if (status == STATUS_OK)
        status = read_endpoint(get, settings.endpoint, sizeof settings.endpoint, error);
    if (status == STATUS_OK)
        *ret_settings = settings;
    return status;
}

/* ---- the token ---- */

/* Takes the token without the blanks round it. */
static enum status take_token(const char *text, size_t len, const char *from,
                              char ret_token[HUB_TOKEN_MAX_BYTES + 1], struct error *error)
{
    while (len > 0 && isspace((unsigned char)text[len - 1]))
        len--;
    while (len > 0 && isspace((unsigned char)text[0])) {
        text++;
        len--;
    }
    for (size_t i = 0; i < len; i++) {
        if (text[i] <= ' ' || text[i] > '~')
            return error_set(error, STATUS_INVALID,
                             "%.200s: a token must be printable ASCII characters without spaces",
                             from);
    }
    if (len > HUB_TOKEN_MAX_BYTES)
        return error_set(error, STATUS_INVALID, "%.200s: a token of more than %d characters", from,
                         HUB_TOKEN_MAX_BYTES);
    memcpy(ret_token, text, len);
    ret_token[len] = '\0';
    return STATUS_OK;
}

static enum status read_token_file(char ret_token[HUB_TOKEN_MAX_BYTES + 1], hub_get_variable *get,
                                   struct error *error)
{
    const char *named = get_text(get, "HF_TOKEN_PATH");
    struct hub_path home, path;
    struct buffer text = {0};
    enum status status;

    if (named)
        status = expand(named, get, &path, NULL);
    else
        status = find_home(get, &home, NULL);
    if (!named && status == STATUS_OK)
        status = hub_path_print(&path, NULL, "%s/token", home.text);
    ret_token[0] = '\0';
    if (status || !hub_path_exists(path.text))
        return STATUS_OK;
    status = read_file(path.text, 2 * HUB_TOKEN_MAX_BYTES, &text, error);
    if (status)
        return status;
    status = take_token(text.bytes, text.len_bytes, path.text, ret_token, error);
    explicit_bzero(text.bytes, text.len_bytes);
    buffer_release(&text);
    return status;
}

enum status hub_token_read(char ret_token[HUB_TOKEN_MAX_BYTES + 1], const char *option,
                           hub_get_variable *get, struct error *error)
{
    static const char *const variables[] = {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_API_TOKEN"};

    if (option)
        return take_token(option, strlen(option), "--hf-token", ret_token, error);
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        const char *text = get_text(get, variables[i]);

        if (text)
            return take_token(text, strlen(text), variables[i], ret_token, error);
    }
    return read_token_file(ret_token, get, error);
}

/* Wipes what follows the first `len` bytes. */
static void wipe_from(char *text, size_t len)
{
    explicit_bzero(text + len, strlen(text) - len);
}

static void wipe_equal(char *text, const char *token)
{
    const char *equals = strchr(text, '=');

    if (strcmp(text, token) == 0)
        wipe_from(text, 0);
    else if (equals && strcmp(equals + 1, token) == 0)
        wipe_from(text, (size_t)(equals + 1 - text));
}

void hub_token_wipe(const char *option, char *const *arguments, char *const *environment)
{
    static const char *const variables[] = {
        "HF_TOKEN=", "HUGGING_FACE_HUB_TOKEN=", "HF_API_TOKEN=", "NESTD_HF_TOKEN="};

    for (; option && *arguments; arguments++)
        wipe_equal(*arguments, option);
    for (; *environment; environment++) {
        if (option)
            wipe_equal(*environment, option);
        for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
            size_t len = strlen(variables[i]);

            if (strncmp(*environment, variables[i], len) == 0)
                wipe_from(*environment, len);
        }
    }
}
