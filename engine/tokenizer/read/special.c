/* SPDX-License-Identifier: Apache-2.0 */

/* Up to four files of a folder name tokens. All that any of them names is looked for, in the order
 * and under the ids that transformers gives them:
 *
 *     1. those that a file gives ids: tokenizer_config.json's added_tokens_decoder or, only where
 *        there is none, added_tokens.json; and tokenizer.json's added_tokens, in the latter case or
 *        where tokenizer.json makes the tokenizer;
 *     2. those with a purpose ("mask_token"): of special_tokens_map.json, unless there is an
 *        added_tokens_decoder, else of tokenizer_config.json, else the constructor's;
 *     3. those without: additional_special_tokens, extra_special_tokens, of both files; or else those
 *        that a converted vocabulary has.
 *
 * Where the releases of transformers take one list and forget another, nestd refuses what would be
 * forgotten. */
#include "engine/tokenizer/read/special.h"

#include "engine/tokenizer/read/added_list.h"

#include <stdio.h>
#include <string.h>

#define MAP_FILE   "special_tokens_map.json"
#define ADDED_FILE "added_tokens.json"

struct sources {
    const struct tokenizer_config *config;
    const struct document *json;        /* root NULL: no tokenizer.json */
    bool has_defaults;                  /* the constructor's tokens count */
    bool pieces_count;                  /* those that a converted vocabulary has */
    struct document map;                /* root NULL where it does not count */
    struct document added;              /* likewise */
    struct document decoder;            /* added_tokens_decoder; root NULL where there is none */
    const char *names[N_SPECIAL_NAMES]; /* of each purpose, or NULL */
    struct added_list list;
};

/* --- with ids --------------------------------------------------------------------------------- */

static enum status take_declared(struct sources *sources, json_t *value, const char *where,
                                 int32_t id, struct error *error)
{
    struct added_entry entry = {.id = id};
    struct document part = {.root = value};
    enum status status;

    snprintf(part.name, sizeof part.name, "%s", where);
    if (!json_is_object(value))
        return error_set(error, STATUS_INVALID, "%s must be an object", part.name);
    status = added_entry_read(&part, &entry, error);
    return status ? status : added_list_take(&sources->list, &entry, error);
}

/* tokenizer.json: [{"id": 0, "content": "[PAD]", ...}, ...] */
static enum status take_json(struct sources *sources, struct error *error)
{
    const json_t *list = json_object_get(sources->json->root, "added_tokens");
    enum status status = STATUS_OK;
    json_t *value;
    size_t i;

    if (!list || json_is_null(list))
        return STATUS_OK;
    if (!json_is_array(list))
        return error_set(error, STATUS_INVALID, "%s: \"added_tokens\" must be an array",
                         sources->json->name);
    json_array_foreach(list, i, value)
    {
        char where[100];
        size_t id = 0;

        snprintf(where, sizeof where, "%.60s: \"added_tokens\"[%zu]", sources->json->name, i);
        if (json_is_object(value) &&
            !document_read_size(json_object_get(value, "id"), 0, MAX_VOCAB_IDS - 1, &id))
            return error_set(error, STATUS_INVALID,
                             "%s: \"id\" must be a whole number from 0 to %d", where,
                             MAX_VOCAB_IDS - 1);
        status = take_declared(sources, value, where, (int32_t)id, error);
        if (status)
            break;
    }
    return status;
}

/* A key of added_tokens_decoder; false where it is not an id. */
static bool parse_id(const char *key, int32_t *ret_id)
{
    int32_t id = 0;

    for (const char *digit = key; *digit; digit++) {
        if (*digit < '0' || *digit > '9')
            return false;
        id = id * 10 + (*digit - '0');
        if (id >= MAX_VOCAB_IDS)
            return false;
    }
    *ret_id = id;
    return *key != '\0';
}

/* added_tokens_decoder: {"0": {"content": "[PAD]", ...}, ...} */
static enum status take_decoder(struct sources *sources, struct error *error)
{
    enum status status = STATUS_OK;
    const char *key;
    json_t *value;

    json_object_foreach(sources->decoder.root, key, value)
    {
        char where[120];
        int32_t id;

        snprintf(where, sizeof where, "%.80s: \"%.20s\"", sources->decoder.name, key);
        if (!parse_id(key, &id))
            return error_set(error, STATUS_INVALID, "%s: the key \"%.40s\" is not an id",
                             sources->decoder.name, key);
        status = take_declared(sources, value, where, id, error);
        if (status)
            break;
    }
    return status;
}

/* added_tokens.json: {"<new>": 30522, ...}. Looked for in normalised texts, unless another file
 * calls them special. */
static enum status take_added(struct sources *sources, struct error *error)
{
    enum status status = STATUS_OK;
    const char *text;
    json_t *value;
    size_t len_bytes;

    json_object_keylen_foreach(sources->added.root, text, len_bytes, value)
    {
        struct added_entry entry = {.text = text, .len_bytes = len_bytes, .normalized = true};
        struct added_entry *known = added_list_find(&sources->list, text, len_bytes);
        size_t id;

        snprintf(entry.where, sizeof entry.where, ADDED_FILE ": \"%.60s\"", text);
        if (!document_read_size(value, 0, MAX_VOCAB_IDS - 1, &id))
            return error_set(error, STATUS_INVALID, "%s must be a whole number from 0 to %d",
                             entry.where, MAX_VOCAB_IDS - 1);
        entry.id = (int32_t)id;
        if (known) /* tokenizer.json knows more of it */
            entry.normalized = known->normalized;
        status = added_list_take(&sources->list, &entry, error);
        if (status)
            break;
    }
    return status;
}

static enum status take_all_declared(struct sources *sources, struct error *error)
{
    bool json_counts = !sources->config->by_constructor || !sources->decoder.root;
    enum status status = STATUS_OK;

    if (json_counts)
        status = take_json(sources, error);
    if (!status)
        status = take_decoder(sources, error);
    if (!status)
        status = take_added(sources, error);
    return status ? status : added_list_sort(&sources->list);
}

/* --- by name ---------------------------------------------------------------------------------- */

/* Takes a special token as a file writes it, a text or an object with flags, and says which it
 * is. */
static enum status take_special(struct sources *sources, json_t *value, const struct document *file,
                                const char *key, const char **ret_text, struct error *error)
{
    struct added_entry entry = {.id = VOCAB_NO_ID};
    struct document part = {.root = value};
    enum status status = STATUS_OK;

    snprintf(part.name, sizeof part.name, "%.50s: \"%.40s\"", file->name, key);
    if (json_is_object(value)) {
        status = added_entry_read(&part, &entry, error);
    } else if (json_is_string(value)) {
        entry.text = json_string_value(value);
        entry.len_bytes = json_string_length(value);
        entry.takes_left = sources->has_defaults && sources->config->mask_takes_left &&
                           strcmp(key, special_keys[SPECIAL_MASK]) == 0;
        snprintf(entry.where, sizeof entry.where, "%.99s", part.name);
    } else {
        status = error_set(error, STATUS_INVALID, "%s must be a text or an object", part.name);
    }
    if (status)
        return status;
    entry.special = true;
    *ret_text = entry.text;
    return added_list_take(&sources->list, &entry, error);
}

/* The value for a key that names a token, and the file that has it; NULL where none has. */
static json_t *find_value(const struct document *map, const struct document *config,
                          const char *key, const struct document **ret_file)
{
    json_t *value = json_object_get(map->root, key);

    *ret_file = value ? map : config;
    return value ? value : json_object_get(config->root, key);
}

static enum status take_name(struct sources *sources, enum special_name name, struct error *error)
{
    const struct tokenizer_config *config = sources->config;
    const char *const key = special_keys[name];
    struct added_entry entry = {.id = VOCAB_NO_ID, .special = true};
    const struct document *file;
    json_t *value = find_value(&sources->map, &config->document, key, &file);

    if (value && !json_is_null(value))
        return take_special(sources, value, file, key, &sources->names[name], error);
    entry.text =
        sources->has_defaults && config->default_names ? config->default_names[name] : NULL;
    if (!entry.text)
        return STATUS_OK;
    if (value) /* null */
        return name == SPECIAL_MASK || !config->by_constructor
                   ? STATUS_OK
                   : error_set(error, STATUS_INVALID, "%s: \"%s\" is null", file->name, key);
    entry.len_bytes = strlen(entry.text);
    entry.takes_left = name == SPECIAL_MASK && config->mask_takes_left;
    snprintf(entry.where, sizeof entry.where, TOKENIZER_CONFIG_FILE ": \"%.40s\"", key);
    sources->names[name] = entry.text;
    return added_list_take(&sources->list, &entry, error);
}

/* Special tokens without a purpose: a list, or an object whose keys are for Python alone. */
struct group {
    const struct document *file;
    const char *key;
    bool may_add; /* false: a group before it counts, and whether this one does too is not the same
                     in all releases of transformers */
};

static enum status take_member(struct sources *sources, const struct group *group, json_t *value,
                               struct error *error)
{
    size_t n_before = sources->list.n_entries;
    const char *text;
    enum status status = take_special(sources, value, group->file, group->key, &text, error);

    if (!status && !group->may_add && sources->list.n_entries > n_before)
        status =
            error_set(error, STATUS_UNSUPPORTED,
                      "%s: \"%s\" names \"%.60s\", which the other list of special tokens does "
                      "not: which counts is not the same in all releases of transformers",
                      group->file->name, group->key, text);
    return status;
}

static enum status take_group(struct sources *sources, const struct group *group,
                              struct error *error)
{
    json_t *members = json_object_get(group->file->root, group->key);
    enum status status = STATUS_OK;
    const char *name;
    json_t *value;
    size_t i;

    if (!json_is_array(members) && !json_is_object(members))
        return document_refuse(group->file, group->key, error);
    json_array_foreach(members, i, value)
    {
        if (!status)
            status = take_member(sources, group, value, error);
    }
    json_object_foreach(members, name, value)
    {
        if (!status)
            status = take_member(sources, group, value, error);
    }
    return status;
}

/* Those that a converted vocabulary has: [{"content": "<s>", "special": true}, ...]. */
static enum status take_pieces(struct sources *sources, struct error *error)
{
    const json_t *list = json_object_get(sources->json->root, "extra_special_tokens");
    enum status status = STATUS_OK;
    json_t *value;
    size_t i;

    json_array_foreach(list, i, value)
    {
        status = take_declared(sources, value, sources->json->name, VOCAB_NO_ID, error);
        if (status)
            break;
    }
    return status;
}

/* An empty list counts too. */
static bool has_nameless(const struct document *file)
{
    return json_object_get(file->root, "extra_special_tokens") ||
           json_object_get(file->root, "additional_special_tokens");
}

static enum status take_nameless(struct sources *sources, struct error *error)
{
    struct group groups[] = {
        {&sources->config->document, "extra_special_tokens", true},
        {&sources->config->document, "additional_special_tokens", true},
        {&sources->map, "extra_special_tokens", true},
        {&sources->map, "additional_special_tokens", true},
    };
    size_t n_before = sources->list.n_entries;
    enum status status = STATUS_OK;

    if (sources->pieces_count && !has_nameless(&sources->config->document))
        status = take_pieces(sources, error);
    for (size_t i = 0; i < sizeof groups / sizeof *groups && !status; i++) {
        groups[i].may_add = !(sources->pieces_count && groups[i].file == &sources->map) &&
                            sources->list.n_entries == n_before;
        status = take_group(sources, &groups[i], error);
    }
    return status;
}

static enum status take_names(struct sources *sources, struct error *error)
{
    enum status status = STATUS_OK;

    for (enum special_name name = 0; name < N_SPECIAL_NAMES && !status; name++)
        status = take_name(sources, name, error);
    return status ? status : take_nameless(sources, error);
}

/* --- all together ----------------------------------------------------------------------------- */

/* special_tokens_map.json may hold no other keys: one that ends in "_token" would be a special
 * token to one release and nothing to another. */
static enum status check_map(const struct document *map, struct error *error)
{
    const char *known[N_SPECIAL_NAMES + 2];

    for (size_t i = 0; i < N_SPECIAL_NAMES; i++)
        known[i] = special_keys[i];
    known[N_SPECIAL_NAMES] = "additional_special_tokens";
    known[N_SPECIAL_NAMES + 1] = "extra_special_tokens";
    return document_check_keys(map, known, sizeof known / sizeof *known, error);
}

/* Gives either the added_tokens_decoder, or the map where there is one. */
static enum status open_map(const struct folder_files *files, struct document *ret_decoder,
                            struct document *ret_map, struct error *error)
{
    enum status status =
        document_get_object(&files->config->document, "added_tokens_decoder", ret_decoder, error);

    if (status || ret_decoder->root)
        return status;
    status = document_open_if_there(ret_map, files->folder, MAP_FILE, false, error);
    return status ? status : check_map(ret_map, error);
}

static enum status open_sources(struct sources *sources, const struct folder_files *files,
                                struct error *error)
{
    enum status status = STATUS_OK;

    if (files->is_bare)
        return STATUS_OK;
    status = open_map(files, &sources->decoder, &sources->map, error);
    if (status || sources->decoder.root)
        return status;
    return document_open_if_there(&sources->added, files->folder, ADDED_FILE, false, error);
}

/* The text of a special token as a file writes it; NULL for null and for what is no token. */
static const char *text_of(const json_t *value)
{
    return json_string_value(json_is_object(value) ? json_object_get(value, "content") : value);
}

enum status special_names_read(struct special_names *ret_names, const struct folder_files *files,
                               struct error *error)
{
    const struct tokenizer_config *config = files->config;
    struct document decoder;
    enum status status = open_map(files, &decoder, &ret_names->map, error);

    for (size_t i = 0; i < N_SPECIAL_NAMES && !status; i++) {
        const struct document *ignored;
        const json_t *value =
            find_value(&ret_names->map, &config->document, special_keys[i], &ignored);

        ret_names->texts[i] =
            !value && config->default_names ? config->default_names[i] : text_of(value);
    }
    return status;
}

void special_names_release(struct special_names *names)
{
    if (names)
        document_release(&names->map);
}

/* A constructor that has an added_tokens_decoder forgets tokenizer.json's added_tokens, or not, as
 * the release may be. */
static enum status check_json(struct sources *sources, struct error *error)
{
    size_t n_entries = sources->list.n_entries;
    enum status status;

    if (!sources->config->by_constructor || !sources->decoder.root)
        return STATUS_OK;
    status = take_json(sources, error);
    if (status || sources->list.n_entries == n_entries)
        return status;
    return error_set(error, STATUS_UNSUPPORTED,
                     "%s: \"%.60s\" is not in " TOKENIZER_CONFIG_FILE "'s \"added_tokens_decoder\"",
                     sources->list.entries[n_entries].where, sources->list.entries[n_entries].text);
}

/* The tokens that a text cannot do without must be there already, not become new ones: the unknown
 * one as a word. */
static enum status check_needed(const struct sources *sources, const struct vocab *vocab,
                                struct error *error)
{
    static const enum special_name needed[] = {SPECIAL_UNKNOWN, SPECIAL_CLASS, SPECIAL_SEPARATOR};

    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        const char *text = sources->names[needed[i]];
        const struct added_entry *entry = added_list_find(&sources->list, text, strlen(text));
        bool is_declared = entry->id != VOCAB_NO_ID && needed[i] != SPECIAL_UNKNOWN;

        if (!is_declared && vocab_find(vocab, text, strlen(text)) == VOCAB_NO_ID)
            return error_set(error, STATUS_INVALID,
                             "%s is \"%.100s\", which the vocabulary does not have", entry->where,
                             text);
    }
    return STATUS_OK;
}

static int32_t find_name(const struct sources *sources, const struct vocab *vocab,
                         enum special_name name)
{
    return vocab_find(vocab, sources->names[name], strlen(sources->names[name]));
}

enum status special_read(struct tokenizer *tokenizer, const struct folder_files *files,
                         struct special_ids *ret_ids, struct error *error)
{
    const struct tokenizer_config *config = files->config;
    const struct vocab *vocab = &tokenizer->vocab;
    struct sources sources = {.config = config,
                              .json = &files->json,
                              .has_defaults = config->by_constructor || files->is_converted,
                              .pieces_count =
                                  files->is_converted &&
                                  json_object_get(files->json.root, "extra_special_tokens")};
    enum status status = open_sources(&sources, files, error);

    if (!status)
        status = take_all_declared(&sources, error);
    if (!status)
        status = take_names(&sources, error);
    if (!status)
        status = check_json(&sources, error);
    if (!status && ret_ids)
        status = check_needed(&sources, vocab, error);
    if (!status)
        status = added_list_add(&sources.list, tokenizer, !config->split_special, error);
    if (!status && ret_ids)
        *ret_ids = (struct special_ids){
            .unknown = find_name(&sources, vocab, SPECIAL_UNKNOWN),
            .class_token = find_name(&sources, vocab, SPECIAL_CLASS),
            .separator = find_name(&sources, vocab, SPECIAL_SEPARATOR),
        };
    document_release(&sources.map);
    document_release(&sources.added);
    added_list_release(&sources.list);
    return status;
}
