/* SPDX-License-Identifier: Apache-2.0 */

/* Templates for pairs; what they become is what Jinja 3.1 makes of them as transformers 5.24 sets it up
 * (trim_blocks, lstrip_blocks). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/files/document.h"
#include "engine/model/head/chat_template.h"
#include "tests/engine/model/folder.h"

#include <stdio.h>
#include <string.h>

#define CONTENT(role)                                                                              \
    "messages | selectattr(\"role\", \"eq\", \"" role "\") | map(attribute=\"content\") | first"
#define QUERY    CONTENT("query")
#define DOCUMENT CONTENT("document")
#define SYSTEM   CONTENT("system")

/* The first is Qwen3-Reranker's, with a shorter judgement. */
static const struct {
    const char *source;
    const char *before;
    const char *between;
    const char *after;
} read[] = {
    {"{%- set instruction = " SYSTEM
     " | default(\"Given a web search query, retrieve relevant passages that answer the query\") "
     "-%}\n{%- set query_text = " QUERY " -%}\n{%- set document_text = " DOCUMENT
     " -%}\n<|im_start|>system\nJudge it.<|im_end|>\n<|im_start|>user\n<Instruct>: {{ instruction "
     "}}\n<Query>: {{ query_text }}\n<Document>: {{ document_text "
     "}}<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n\n",
     "<|im_start|>system\nJudge it.<|im_end|>\n<|im_start|>user\n<Instruct>: Given a web search "
     "query, retrieve relevant passages that answer the query\n<Query>: ",
     "\n<Document>: ", "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"},
    {"a {{ " QUERY " }} b {{ " DOCUMENT " }} c\n", "a ", " b ", " c"},
    {"a {{- " QUERY
     " -}}  b\n {{ (messages|selectattr('role','equalto','document')|first).content }}\n\n",
     "a", "b\n ", "\n"},
    {"\n  {% set x = " QUERY " %}\n  {% set y=" DOCUMENT " %}\nq {{x}}\n\n  d {{ y -}}  \n e",
     "\nq ", "\n\n  d ", "e"},
    {"  {%+ set x = " QUERY " %}\n\n|{{x}}|{{- " DOCUMENT " }}|{{ " SYSTEM " | default('p q') }}",
     "  \n|", "|", "|p q"},
    {"{{ " QUERY " }}a {% set z = " DOCUMENT " %} \n {{ z }}{{ " SYSTEM " }}", "", "a  \n ", ""},
    {"a\r\n{% set x = " QUERY " %}\r\nb\r{{ x }}\r\n\r\n{{ " DOCUMENT " }}\r\r\n", "a\nb\n", "\n\n",
     "\n"},
};

static void test_chat_template__is_read_as_jinja_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof read / sizeof *read; i++) {
        struct chat_template chat = {NULL};
        struct error error = {{0}};

        if (chat_template_parse(&chat, read[i].source, "file", &error))
            fail_msg("%s: %s", read[i].source, error.text);
        assert_string_equal(chat.before, read[i].before);
        assert_string_equal(chat.between, read[i].between);
        assert_string_equal(chat.after, read[i].after);
        chat_template_release(&chat);
    }
}

static const char *const refused[] = {
    "{{ " DOCUMENT " }}{{ " QUERY " }}",
    "{{ " QUERY " }}",
    "{{ " QUERY " }}{{ " DOCUMENT " }}{{ " QUERY " }}",
    "{{ " QUERY " | trim }}{{ " DOCUMENT " }}",
    "{{ " QUERY " }}{{ " DOCUMENT " }}{{ bos_token }}",
    "{{ " QUERY " }}{{ " DOCUMENT " }}{# said #}",
    "{% set q = " QUERY " %}{# q }} #}{{ " DOCUMENT " }}",
    "{{ " QUERY " }}{{ " DOCUMENT " }}{{ \"a",
    "{{ " QUERY " }}{{ " DOCUMENT " }}{%",
    "{% for message in messages %}{{ " QUERY " }}{{ " DOCUMENT " }}{% endfor %}",
    "{% set  = " QUERY " %}{{ " QUERY " }}{{ " DOCUMENT " }}",
    "{{ " QUERY " | default(\"a\\n\") }}{{ " DOCUMENT " }}",
    "{{ " QUERY " }}{{ " DOCUMENT " -",
};

static void test_chat_template__refuses_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct chat_template chat = {NULL};
        struct error error = {{0}};

        if (chat_template_parse(&chat, refused[i], "file", &error) != STATUS_UNSUPPORTED)
            fail_msg("%s: is served", refused[i]);
        assert_non_null(strstr(error.text, "file: "));
        assert_non_null(strstr(error.text, "is not served"));
        chat_template_release(&chat);
    }
}

/* Texts that are repeated by variables must not fill the memory. */
static void test_chat_template__has_a_limit(void **state)
{
    static char source[1 << 20];
    struct chat_template chat = {NULL};
    struct error error = {{0}};
    size_t len = (size_t)sprintf(source, "{%% set a = " SYSTEM " | default(\"%1000d\") %%}", 7);

    (void)state;
    while (len < sizeof source - 6)
        len += (size_t)sprintf(source + len, "{{a}}");
    assert_int_equal(chat_template_parse(&chat, source, "file", &error), STATUS_UNSUPPORTED);
    assert_non_null(strstr(error.text, "more than"));
    chat_template_release(&chat);
}

static enum status read_folder(const struct folder *folder, const char *config,
                               struct chat_template *chat, struct error *error)
{
    struct document document = {.root = config ? json_loads(config, 0, NULL) : NULL};
    enum status status = chat_template_read(chat, folder->path, &document, error);

    document_release(&document);
    return status;
}

#define IN_JSON                                                                                    \
    "{{ messages | selectattr('role', 'eq', 'query') | map(attribute='content') | first }} is "    \
    "{{ (messages | selectattr('role', 'eq', 'document') | first).content }}"

static void test_chat_template__file_is_stronger_than_the_key(void **state)
{
    static const char *const configs[] = {
        "{\"chat_template\": \"" IN_JSON "\"}",
        "{\"chat_template\": [{\"name\": \"tools\", \"template\": \"\"}, "
        "{\"name\": \"default\", \"template\": \"" IN_JSON "\"}]}",
    };
    struct error error = {{0}};
    struct folder folder;

    (void)state;
    folder_init(&folder);
    for (size_t i = 0; i < 2; i++) {
        struct chat_template chat = {NULL};

        assert_int_equal(read_folder(&folder, configs[i], &chat, &error), 0);
        assert_string_equal(chat.between, " is ");
        chat_template_release(&chat);
    }
    folder_write_text(&folder, "chat_template.jinja", "{{ " QUERY " }} or {{ " DOCUMENT " }}\n");
    for (size_t i = 0; i < 2; i++) {
        struct chat_template chat = {NULL};

        assert_int_equal(read_folder(&folder, configs[i], &chat, &error), 0);
        assert_string_equal(chat.between, " or ");
        assert_string_equal(chat.after, "");
        chat_template_release(&chat);
    }
    folder_release(&folder);
}

static void test_chat_template__of_chats_is_none(void **state)
{
    struct chat_template chat = {NULL};
    struct error error = {{0}};
    struct folder folder;

    (void)state;
    folder_init(&folder);
    assert_int_equal(read_folder(&folder, NULL, &chat, &error), 0);
    assert_null(chat.before);
    assert_int_equal(
        read_folder(&folder, "{\"chat_template\": \"{% for m in messages %}\"}", &chat, &error), 0);
    assert_null(chat.before);
    folder_write_text(&folder, "chat_template.jinja",
                      "{%- set last_query_index = 3 %}{{ documents }}");
    assert_int_equal(read_folder(&folder, NULL, &chat, &error), 0);
    assert_null(chat.before);
    folder_write_text(&folder, "chat_template.jinja", "'query' 'document' \xff");
    assert_int_equal(read_folder(&folder, NULL, &chat, &error), STATUS_INVALID);
    assert_non_null(strstr(error.text, "chat_template.jinja: is not UTF-8"));
    chat_template_release(&chat);
    folder_release(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chat_template__is_read_as_jinja_does),
        cmocka_unit_test(test_chat_template__refuses_by_name),
        cmocka_unit_test(test_chat_template__has_a_limit),
        cmocka_unit_test(test_chat_template__file_is_stronger_than_the_key),
        cmocka_unit_test(test_chat_template__of_chats_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
