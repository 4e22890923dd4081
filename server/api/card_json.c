/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api/card_json.h"

#include "engine/engine.h"
#include "server/text/buffer.h"

/* "name":"text" or "name":null, with what goes before it. */
static void write_member(struct buffer *buffer, const char *before, const char *name,
                         const char *text)
{
    buffer_appendf(buffer, "%s\"%s\":", before, name);
    buffer_append_json_or_null(buffer, text);
}

static void write_texts(struct buffer *buffer, const char *const texts[], size_t n_texts)
{
    buffer_append_string(buffer, "[");
    for (size_t i = 0; i < n_texts; i++) {
        buffer_append_string(buffer, i > 0 ? "," : "");
        buffer_append_json_or_null(buffer, texts[i]);
    }
    buffer_append_string(buffer, "]");
}

static void write_example(struct buffer *buffer, const struct card_example *example)
{
    write_member(buffer, "{", "source_sentence", example->text);
    buffer_append_string(buffer, ",\"sentences\":");
    write_texts(buffer, example->sentences, example->n_sentences);
    buffer_append_string(buffer, "}");
}

static void write_result(struct buffer *buffer, const struct card_result *result)
{
    write_member(buffer, "{\"task\":{", "type", result->task_type);
    write_member(buffer, ",", "name", result->task_name);
    write_member(buffer, "},\"dataset\":{", "type", result->dataset_type);
    write_member(buffer, ",", "name", result->dataset_name);
    buffer_append_string(buffer, "},\"metrics\":[");
    for (size_t i = 0; i < result->n_metrics; i++) {
        const struct card_metric *metric = &result->metrics[i];

        write_member(buffer, i > 0 ? ",{" : "{", "type", metric->type);
        write_member(buffer, ",", "name", metric->name);
        write_member(buffer, ",", "value", metric->value);
        buffer_append_string(buffer, "}");
    }
    buffer_append_string(buffer, "]}");
}

void card_json_write(struct buffer *buffer, const struct card *card)
{
    write_member(buffer, ",", "license", card->license);
    buffer_append_string(buffer, ",\"base_model\":");
    write_texts(buffer, card->base_model, card->n_base_models);
    buffer_append_string(buffer, ",\"examples\":[");
    for (size_t i = 0; i < card->n_examples; i++) {
        buffer_append_string(buffer, i > 0 ? "," : "");
        write_example(buffer, &card->examples[i]);
    }
    buffer_append_string(buffer, "],\"model_index\":[");
    for (size_t i = 0; i < card->n_results; i++) {
        buffer_append_string(buffer, i > 0 ? "," : "");
        write_result(buffer, &card->results[i]);
    }
    buffer_append_string(buffer, "]");
}
