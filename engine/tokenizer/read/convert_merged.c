/* SPDX-License-Identifier: Apache-2.0 */

/* A SentencePiece model as the classes with a BPE take it. The model does not say what merges: any
 * two pieces do that make a third, those that make the one of the lower id first. */
#include "engine/tokenizer/read/convert.h"

#include "engine/base/memory.h"
#include "engine/tokenizer/read/sentencepiece.h"
#include "engine/tokenizer/trie.h"
#include "engine/tokenizer/words/merges.h"

#include <string.h>

#define SPACE "\xe2\x96\x81"

/* Each byte of a piece is tried as the end of a first part. The longest piece of Gemma's has 93. */
enum { MAX_PIECE_BYTES = 512 };

/* --- the model -------------------------------------------------------------------------------- */

static enum status add_piece(const struct sentence_piece *piece, size_t id, struct trie *ids,
                             json_t *vocab)
{
    enum status status = trie_add(ids, piece->text, piece->len_bytes, (int32_t)id);

    if (!status &&
        json_object_setn_new(vocab, piece->text, piece->len_bytes, json_integer((json_int_t)id)))
        status = STATUS_NO_MEMORY;
    return status;
}

static enum status check_pieces(const struct draft *draft, const struct sentencepiece *model,
                                struct error *error)
{
    for (size_t i = 0; i < model->n_pieces; i++) {
        size_t len_bytes = model->pieces[i].len_bytes;

        if (len_bytes > MAX_PIECE_BYTES)
            return error_set(error, STATUS_UNSUPPORTED,
                             "%s: a piece has %zu bytes, more than %d; " CONVERT_ADVICE,
                             draft->file, len_bytes, MAX_PIECE_BYTES);
    }
    return STATUS_OK;
}

/* Adds the merges that make a piece, those with the shortest first part first. */
static enum status add_merges(const struct sentence_piece *piece, const struct trie *ids,
                              json_t *merges)
{
    for (size_t at = 1; at < piece->len_bytes; at++) {
        const char *right = piece->text + at;
        size_t right_bytes = piece->len_bytes - at;

        if (((unsigned char)*right & 0xc0) == 0x80 ||
            trie_find(ids, piece->text, at) == TRIE_NO_VALUE ||
            trie_find(ids, right, right_bytes) == TRIE_NO_VALUE)
            continue;
        if (json_array_size(merges) == MAX_MERGES)
            return STATUS_INVALID;
        if (json_array_append_new(merges,
                                  json_pack("[s%,s%]", piece->text, at, right, right_bytes)))
            return STATUS_NO_MEMORY;
    }
    return STATUS_OK;
}

static enum status fill(const struct sentencepiece *model, struct trie *ids, json_t *vocab,
                        json_t *merges, json_t *extra)
{
    enum status status = vocab && merges && extra ? STATUS_OK : STATUS_NO_MEMORY;

    for (size_t i = 0; i < model->n_pieces && !status; i++)
        status = add_piece(&model->pieces[i], i, ids, vocab);
    for (size_t i = 0; i < model->n_pieces && !status; i++)
        status = add_merges(&model->pieces[i], ids, merges);
    for (size_t i = 0; i < model->n_pieces && !status; i++)
        status = convert_append_piece(extra, &model->pieces[i]);
    return status;
}

static enum status read_model(const struct draft *draft, json_t *vocab, json_t *merges,
                              json_t *extra, struct error *error)
{
    struct sentencepiece model;
    struct trie ids = {.n_nodes = 0};
    enum status status = sentencepiece_open(&model, draft->files->folder, draft->file, error);

    if (status)
        return status;
    if (model.model_type != SENTENCEPIECE_BPE)
        status = error_set(error, STATUS_UNSUPPORTED,
                           "%s: \"model_type\" is %llu, and \"%s\" has a BPE (2)", draft->file,
                           (unsigned long long)model.model_type, draft->files->config->class_name);
    else
        status = check_pieces(draft, &model, error);
    if (!status)
        status = fill(&model, &ids, vocab, merges, extra);
    if (status == STATUS_INVALID)
        status = error_set(error, status, "%s: there are more than %d merges, or too many pieces",
                           draft->file, MAX_MERGES);
    trie_release(&ids);
    sentencepiece_release(&model);
    return status;
}

/* --- the other parts -------------------------------------------------------------------------- */

static json_t *make_decoder(bool strips)
{
    json_t *list =
        json_pack("[{s:s,s:{s:s},s:s},{s:s},{s:s}]", "type", "Replace", "pattern", "String", SPACE,
                  "content", " ", "type", "ByteFallback", "type", "Fuse");

    if (strips && json_array_append_new(list, json_pack("{s:s,s:s,s:i,s:i}", "type", "Strip",
                                                        "content", " ", "start", 1, "stop", 0))) {
        json_decref(list);
        return NULL;
    }
    return json_pack("{s:s,s:o}", "type", "Sequence", "decoders", list);
}

/* The parts of a class: NULL for what it does not have. */
struct parts {
    json_t *normalizer;
    json_t *splitter;
    json_t *decoder;
    const char *unknown;
};

/* Gemma's model sees each space as a mark. */
static enum status make_gemma(const struct draft *draft, struct parts *parts, struct error *error)
{
    enum status status = convert_get_name(draft, SPECIAL_UNKNOWN, &parts->unknown, error);

    if (status)
        return status;
    parts->normalizer = json_pack("{s:s,s:{s:s},s:s}", "type", "Replace", "pattern", "String", " ",
                                  "content", SPACE);
    parts->splitter = json_pack("{s:s,s:{s:s},s:s,s:b}", "type", "Split", "pattern", "String", " ",
                                "behavior", "MergedWithPrevious", "invert", 0);
    parts->decoder = make_decoder(false);
    return STATUS_OK;
}

/* Llama's also puts one before a text: "legacy", before what follows an added token too. */
static enum status make_llama(const struct draft *draft, struct parts *parts, struct error *error)
{
    bool has_prefix = true;
    bool legacy = false;
    enum status status =
        document_get_bool(&draft->files->config->document, "add_prefix_space", &has_prefix, error);

    if (!status)
        status = convert_get_switch(draft, "legacy", &legacy, error);
    if (status)
        return status;
    parts->normalizer = json_null();
    parts->splitter =
        json_pack("{s:s,s:s,s:s,s:b}", "type", "Metaspace", "replacement", SPACE, "prepend_scheme",
                  !has_prefix ? "never"
                  : legacy    ? "always"
                              : "first",
                  "split", 0);
    parts->decoder = make_decoder(has_prefix);
    return STATUS_OK;
}

static enum status put_together(struct draft *draft, json_t *vocab, json_t *merges, json_t *extra,
                                struct error *error)
{
    bool is_gemma = strcmp(draft->files->config->class_name, "GemmaTokenizer") == 0;
    struct parts parts = {.unknown = NULL};
    json_t *finish = NULL;
    enum status status = convert_make_around(draft, vocab, &finish, error);

    if (!status)
        status = (is_gemma ? make_gemma : make_llama)(draft, &parts, error);
    if (status) {
        json_decref(finish);
        return status;
    }
    draft->json = json_pack("{s:{s:s,s:O,s:O,s:b,s:b,s:s?},s:o,s:o,s:o,s:o,s:O}", "model", "type",
                            "BPE", "vocab", vocab, "merges", merges, "fuse_unk", 1, "byte_fallback",
                            1, "unk_token", parts.unknown, "normalizer", parts.normalizer,
                            "pre_tokenizer", parts.splitter, "decoder", parts.decoder,
                            "post_processor", finish, "extra_special_tokens", extra);
    return STATUS_OK;
}

enum status convert_merged(struct draft *draft, struct error *error)
{
    json_t *merges = json_array();
    json_t *vocab = json_object();
    json_t *extra = json_array();
    enum status status = read_model(draft, vocab, merges, extra, error);

    if (!status)
        status = put_together(draft, vocab, merges, extra, error);
    json_decref(merges);
    json_decref(vocab);
    json_decref(extra);
    return status;
}
