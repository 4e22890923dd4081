/* SPDX-License-Identifier: Apache-2.0 */

/* A chat template is a program in Jinja's language. Read here is what rerankers' have: text, the
 * contents of the messages with the roles query and document, each once, that of a message with the
 * role system, in whose absence another text may be named, and variables that are set to these:
 *
 *     {%- set q = messages | selectattr("role", "eq", "query") | map(attribute="content") | first -%}
 *     <Query>: {{ q }}
 *     <Document>: {{ (messages | selectattr("role", "eq", "document") | first).content }}
 *
 * White space goes as transformers has Jinja do it: every line end is "\n"; one at the template's
 * end is dropped, and one after a block; so are blanks between a line's beginning and a block; and
 * all white space on the side of a tag that has a "-" there. */
#include "engine/model/head/chat_template.h"

#include "engine/base/memory.h"
#include "engine/files/document.h"
#include "engine/files/file.h"

#include <jansson.h>
#include <stdbool.h>
#include <string.h>

#define TEMPLATE_FILE "chat_template.jinja"

enum { MAX_TEMPLATE_BYTES = 1 << 20, MAX_VARIABLES = 8 };

struct span {
    const char *bytes;
    size_t len_bytes;
};

enum value_kind { VALUE_TEXT, VALUE_QUERY, VALUE_DOCUMENT };

struct value {
    enum value_kind kind;
    struct span text; /* of VALUE_TEXT: borrowed from the source */
};

struct variable {
    struct span name;
    struct value value;
};

struct reader {
    const char *at; /* in the source */
    const char *name;
    struct variable variables[MAX_VARIABLES];
    size_t n_variables;
    char **parts[3]; /* before, between, after */
    size_t part_bytes;
    size_t part;
};

/* ---- white space and words ---- */

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void skip_space(struct reader *reader)
{
    while (is_space(*reader->at))
        reader->at++;
}

static bool is_name_char(char c)
{
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static size_t name_bytes(const char *text)
{
    size_t n = 0;

    while (is_name_char(text[n]))
        n++;
    return n;
}

/* Takes a sign or a whole word, if it is the next. */
static bool take(struct reader *reader, const char *word)
{
    size_t len = strlen(word);

    skip_space(reader);
    if (strncmp(reader->at, word, len) != 0)
        return false;
    if (is_name_char(word[0]) && name_bytes(reader->at) != len)
        return false;
    reader->at += len;
    return true;
}

/* Takes a text in quotes, in which nothing is escaped. */
static bool take_text(struct reader *reader, struct span *ret_text)
{
    char quote;
    size_t len;

    skip_space(reader);
    quote = *reader->at;
    if (quote != '"' && quote != '\'')
        return false;
    len = strcspn(reader->at + 1, quote == '"' ? "\"\\" : "'\\");
    if (reader->at[1 + len] != quote)
        return false;
    *ret_text = (struct span){reader->at + 1, len};
    reader->at += len + 2;
    return true;
}

static bool span_is(struct span span, const char *text)
{
    return span.len_bytes == strlen(text) && memcmp(span.bytes, text, span.len_bytes) == 0;
}

static bool take_this_text(struct reader *reader, const char *text)
{
    struct span found;

    return take_text(reader, &found) && span_is(found, text);
}

/* ---- values ---- */

/* messages | selectattr("role", "eq", ROLE) */
static bool take_messages(struct reader *reader, struct span *ret_role)
{
    struct span test;

    return take(reader, "messages") && take(reader, "|") && take(reader, "selectattr") &&
           take(reader, "(") && take_this_text(reader, "role") && take(reader, ",") &&
           take_text(reader, &test) &&
           (span_is(test, "eq") || span_is(test, "equalto") || span_is(test, "==")) &&
           take(reader, ",") && take_text(reader, ret_role) && take(reader, ")");
}

/* The content of the first message with a role. */
static bool take_content(struct reader *reader, struct span *ret_role)
{
    if (take(reader, "("))
        return take_messages(reader, ret_role) && take(reader, "|") && take(reader, "first") &&
               take(reader, ")") && take(reader, ".") && take(reader, "content");
    return take_messages(reader, ret_role) && take(reader, "|") && take(reader, "map") &&
           take(reader, "(") && take(reader, "attribute") && take(reader, "=") &&
           take_this_text(reader, "content") && take(reader, ")") && take(reader, "|") &&
           take(reader, "first");
}

/* What is there in place of a message that is not. */
static bool take_default(struct reader *reader, struct span *ret_text)
{
    *ret_text = (struct span){"", 0};
    if (!take(reader, "|"))
        return true;
    return take(reader, "default") && take(reader, "(") && take_text(reader, ret_text) &&
           take(reader, ")");
}

static bool take_variable(struct reader *reader, struct value *ret_value)
{
    size_t len;

    skip_space(reader);
    len = name_bytes(reader->at);
    for (size_t i = reader->n_variables; i-- > 0;) {
        const struct variable *variable = &reader->variables[i];

        if (variable->name.len_bytes == len && memcmp(variable->name.bytes, reader->at, len) == 0) {
            reader->at += len;
            *ret_value = variable->value;
            return true;
        }
    }
    return false;
}

/* There are messages of two roles, since requests name no prompt. */
static bool take_value(struct reader *reader, struct value *ret_value)
{
    struct span role;
    struct span text;

    if (take_variable(reader, ret_value))
        return true;
    if (!take_content(reader, &role) || !take_default(reader, &text))
        return false;
    if (span_is(role, "query"))
        *ret_value = (struct value){.kind = VALUE_QUERY};
    else if (span_is(role, "document"))
        *ret_value = (struct value){.kind = VALUE_DOCUMENT};
    else
        *ret_value = (struct value){.kind = VALUE_TEXT, .text = text};
    return true;
}

/* ---- what is written ---- */

static enum status refuse(const struct reader *reader, const char *where, struct error *error)
{
    return error_set(error, STATUS_UNSUPPORTED,
                     "%s: \"%.40s\" is not served; a template for pairs may have text, the "
                     "contents of the messages with the roles query and document, in this order, "
                     "and of that with the role system, and variables set to these",
                     reader->name, where);
}

static enum status write(struct reader *reader, struct span text, struct error *error)
{
    char **part = reader->parts[reader->part];
    char *bytes;

    if (reader->part_bytes + text.len_bytes > MAX_TEMPLATE_BYTES)
        return error_set(error, STATUS_UNSUPPORTED, "%s: makes more than %d bytes", reader->name,
                         MAX_TEMPLATE_BYTES);
    bytes = realloc(*part, reader->part_bytes + text.len_bytes + 1);
    if (!bytes)
        return STATUS_NO_MEMORY;
    memcpy(bytes + reader->part_bytes, text.bytes, text.len_bytes);
    reader->part_bytes += text.len_bytes;
    bytes[reader->part_bytes] = '\0';
    *part = bytes;
    return STATUS_OK;
}

static enum status write_value(struct reader *reader, const char *where, const struct value *value,
                               struct error *error)
{
    if (value->kind == VALUE_TEXT)
        return write(reader, value->text, error);
    if (reader->part != (value->kind == VALUE_QUERY ? 0 : 1))
        return refuse(reader, where, error);
    reader->part++;
    reader->part_bytes = 0;
    return write(reader, (struct span){"", 0}, error);
}

/* ---- tags ---- */

/* Behind the name, as a block's content is. */
static bool take_set(struct reader *reader)
{
    struct variable variable;

    if (!take(reader, "set"))
        return false;
    skip_space(reader);
    variable.name = (struct span){reader->at, name_bytes(reader->at)};
    reader->at += variable.name.len_bytes;
    if (variable.name.len_bytes == 0 || !take(reader, "=") ||
        !take_value(reader, &variable.value) || reader->n_variables == MAX_VARIABLES)
        return false;
    reader->variables[reader->n_variables++] = variable;
    return true;
}

/* Takes the tag that begins here, and the white space that goes with it. */
static enum status read_tag(struct reader *reader, bool *ret_begins_line, struct error *error)
{
    const char *start = reader->at;
    bool is_block = start[1] == '%';
    const char *end = is_block ? "%}" : "}}";
    struct value value = {.kind = VALUE_TEXT, .text = {"", 0}};
    bool trims;

    if (start[1] == '#') /* a comment, whatever is in it */
        return refuse(reader, start, error);
    reader->at += 2 + (start[2] == '-' || (is_block && start[2] == '+'));
    if (!(is_block ? take_set(reader) : take_value(reader, &value)))
        return refuse(reader, start, error);
    trims = take(reader, "-");
    if (trims ? strncmp(reader->at, end, 2) != 0 : !take(reader, end))
        return refuse(reader, start, error);
    reader->at += trims ? 2 : 0;
    *ret_begins_line = false;
    if (trims)
        skip_space(reader);
    else if (is_block && *reader->at == '\n') {
        reader->at++;
        *ret_begins_line = true;
    }
    return is_block ? STATUS_OK : write_value(reader, start, &value, error);
}

/* Where the next tag begins; the end where there is none. */
static const char *find_tag(const char *text)
{
    while (*text && !(text[0] == '{' && text[1] && strchr("{%#", text[1])))
        text++;
    return text;
}

/* How much of a text is left by the tag behind it. */
static size_t trim_end(struct span text, const char *tag, bool begins_line)
{
    size_t n = text.len_bytes;

    if (!*tag)
        return n;
    if (tag[2] == '-') {
        while (n > 0 && is_space(text.bytes[n - 1]))
            n--;
        return n;
    }
    if (tag[1] == '{' || tag[2] == '+')
        return n;
    while (n > 0 && is_space(text.bytes[n - 1]) && text.bytes[n - 1] != '\n')
        n--;
    return (n == 0 ? begins_line : text.bytes[n - 1] == '\n') ? n : text.len_bytes;
}

static enum status read_all(struct reader *reader, struct error *error)
{
    bool begins_line = true;
    enum status status = write(reader, (struct span){"", 0}, error);

    while (*reader->at && !status) {
        const char *tag = find_tag(reader->at);
        struct span text = {reader->at, (size_t)(tag - reader->at)};

        text.len_bytes = trim_end(text, tag, begins_line);
        status = write(reader, text, error);
        reader->at = tag;
        if (*tag && !status)
            status = read_tag(reader, &begins_line, error);
    }
    if (!status && reader->part < 2)
        return refuse(reader, "", error);
    return status;
}

/* "\r\n" and "\r" become "\n"; one at the end goes. */
static void tidy_lines(char *text)
{
    char *to = text;

    for (const char *from = text; *from; from++)
        if (*from != '\r')
            *to++ = *from;
        else if (from[1] != '\n')
            *to++ = '\n';
    if (to > text && to[-1] == '\n')
        to--;
    *to = '\0';
}

enum status chat_template_parse(struct chat_template *ret_template, const char *source,
                                const char *name, struct error *error)
{
    AUTO_FREE char *copy = strdup(source);
    struct reader reader = {
        .at = copy,
        .name = name,
        .parts = {&ret_template->before, &ret_template->between, &ret_template->after}};

    if (!copy)
        return STATUS_NO_MEMORY;
    tidy_lines(copy);
    return read_all(&reader, error);
}

/* ---- files ---- */

/* Whether it looks at a message's role for this word. */
static bool names_role(const char *source, const char *role)
{
    size_t len = strlen(role);

    for (const char *at = strstr(source, role); at; at = strstr(at + 1, role))
        if (at > source && (at[-1] == '"' || at[-1] == '\'') && at[len] == at[-1])
            return true;
    return false;
}

static enum status parse_if_of_pairs(struct chat_template *ret_template, const char *source,
                                     const char *name, struct error *error)
{
    if (!names_role(source, "query") || !names_role(source, "document"))
        return STATUS_OK;
    return chat_template_parse(ret_template, source, name, error);
}

static enum status read_file(struct chat_template *ret_template, const char *path,
                             struct error *error)
{
    AUTO_FREE char *bytes = NULL;
    json_t *text;
    size_t len_bytes;
    enum status status = file_read(path, MAX_TEMPLATE_BYTES, &bytes, &len_bytes, error);

    if (status)
        return status;
    bytes[len_bytes] = '\0';
    text = json_stringn(bytes, len_bytes); /* NULL where it is not UTF-8 */
    if (!text || strlen(bytes) != len_bytes)
        status = error_set(error, STATUS_INVALID, TEMPLATE_FILE ": is not UTF-8 text");
    json_decref(text);
    return status ? status : parse_if_of_pairs(ret_template, bytes, TEMPLATE_FILE, error);
}

/* Of several with names that which is called "default". */
static const char *find_text(const json_t *value)
{
    const json_t *item;
    size_t i;

    json_array_foreach(value, i, item)
    {
        const char *name = json_string_value(json_object_get(item, "name"));

        if (name && strcmp(name, "default") == 0)
            return json_string_value(json_object_get(item, "template"));
    }
    return json_string_value(value);
}

enum status chat_template_read(struct chat_template *ret_template, const char *folder,
                               const struct document *tokenizer_config, struct error *error)
{
    AUTO_FREE char *path = path_join(folder, TEMPLATE_FILE);
    const char *source;

    if (!path)
        return STATUS_NO_MEMORY;
    if (file_exists(path))
        return read_file(ret_template, path, error);
    source = find_text(json_object_get(tokenizer_config->root, "chat_template"));
    if (!source)
        return STATUS_OK;
    return parse_if_of_pairs(ret_template, source, "tokenizer_config.json: \"chat_template\"",
                             error);
}

enum status chat_template_copy(struct chat_template *ret_template, const char *const parts[3])
{
    ret_template->before = strdup(parts[0]);
    ret_template->between = strdup(parts[1]);
    ret_template->after = strdup(parts[2]);
    if (!ret_template->before || !ret_template->between || !ret_template->after)
        return STATUS_NO_MEMORY;
    return STATUS_OK;
}

void chat_template_release(struct chat_template *chat)
{
    free(chat->before);
    free(chat->between);
    free(chat->after);
    *chat = (struct chat_template){NULL};
}
