/* SPDX-License-Identifier: Apache-2.0 */

/* A SentencePiece model as the classes with a Unigram take it: each puts its special tokens around
 * the pieces in a way of its own. */
#include "engine/tokenizer/read/convert.h"

#include "engine/base/memory.h"
#include "engine/tokenizer/read/sentencepiece.h"

#include <stdio.h>
#include <string.h>

enum { MAX_FRONT = 5, MAX_EXTRA_IDS = 1000 };

/* A token before the pieces: with a purpose, or of that text. */
struct front {
    enum special_name name;
    const char *text;
    double score;
};

/* How a class makes its tokenizer. */
static const struct kind {
    const char *class_name;
    struct front front[MAX_FRONT];
    size_t n_front;
    size_t n_skipped;   /* pieces at the beginning that `front` stands for */
    bool mask_is_last;  /* "mask_token" follows the pieces */
    bool has_extra_ids; /* "<extra_id_99>" to "<extra_id_0>" follow them */
    enum convert_normalizes normalizes;
    const char *schemes[2];  /* by "add_prefix_space"; the first NULL: it does not count */
    size_t unknown_id;       /* 0: that of "unk_token" */
    enum special_name first; /* the tokens '0' and '1' of the templates */
    enum special_name last;
    const char *single;
    const char *pair;
    const char *types;
} kinds[] = {
    {.class_name = "AlbertTokenizer",
     .normalizes = NORMALIZES_ALBERT,
     .schemes = {"never", "always"},
     .unknown_id = 1,
     .first = SPECIAL_CLASS,
     .last = SPECIAL_SEPARATOR,
     .single = "0A1",
     .pair = "0A1B1",
     .types = "00011"},
    {.class_name = "CamembertTokenizer",
     .front = {{.text = "<s>NOTUSED"},
               {.name = SPECIAL_PADDING},
               {.text = "</s>NOTUSED"},
               {.name = SPECIAL_UNKNOWN},
               {.text = "<unk>NOTUSED", .score = -100}},
     .n_front = 5,
     .n_skipped = 1,
     .mask_is_last = true,
     .schemes = {"never", "always"},
     .unknown_id = 3,
     .first = SPECIAL_BOS,
     .last = SPECIAL_EOS,
     .single = "0A1",
     .pair = "0A11B1",
     .types = "000000"},
    {.class_name = "DebertaV2Tokenizer",
     .normalizes = NORMALIZES_DEBERTA,
     .schemes = {"first", "always"},
     .first = SPECIAL_CLASS,
     .last = SPECIAL_SEPARATOR,
     .single = "0A1",
     .pair = "0A1B1",
     .types = "00011"},
    {.class_name = "T5Tokenizer",
     .has_extra_ids = true,
     .schemes = {NULL, "always"},
     .unknown_id = 2,
     .first = SPECIAL_EOS,
     .last = SPECIAL_EOS,
     .single = "A1",
     .pair = "A1B1",
     .types = "0000"},
    {.class_name = "XLMRobertaTokenizer",
     .front = {{.name = SPECIAL_BOS},
               {.name = SPECIAL_PADDING},
               {.name = SPECIAL_EOS},
               {.name = SPECIAL_UNKNOWN}},
     .n_front = 4,
     .n_skipped = 3,
     .mask_is_last = true,
     .schemes = {"never", "always"},
     .unknown_id = 3,
     .first = SPECIAL_BOS,
     .last = SPECIAL_EOS,
     .single = "0A1",
     .pair = "0A11B1",
     .types = "000000"},
};

static const struct kind *find_kind(const char *class_name)
{
    size_t i = 0;

    while (strcmp(kinds[i].class_name, class_name) != 0)
        i++;
    return &kinds[i];
}

/* --- the vocabulary --------------------------------------------------------------------------- */

static enum status append(json_t *vocab, const char *text, size_t len_bytes, double score)
{
    json_t *piece = json_pack("[s%f]", text, len_bytes, score);

    return json_array_append_new(vocab, piece) ? STATUS_NO_MEMORY : STATUS_OK;
}

static enum status append_name(const struct draft *draft, json_t *vocab, enum special_name name,
                               struct error *error)
{
    const char *text;
    enum status status = convert_get_name(draft, name, &text, error);

    return status ? status : append(vocab, text, strlen(text), 0);
}

static enum status append_front(const struct draft *draft, const struct kind *kind, json_t *vocab,
                                struct error *error)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; i < kind->n_front && !status; i++) {
        const struct front *front = &kind->front[i];

        if (front->text)
            status = append(vocab, front->text, strlen(front->text), front->score);
        else
            status = append_name(draft, vocab, front->name, error);
    }
    return status;
}

static enum status append_pieces(const struct kind *kind, const struct sentencepiece *model,
                                 json_t *vocab, json_t *extra)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; i < model->n_pieces && !status; i++) {
        const struct sentence_piece *piece = &model->pieces[i];

        if (i >= kind->n_skipped)
            status = append(vocab, piece->text, piece->len_bytes, piece->score);
        if (!status)
            status = convert_append_piece(extra, piece);
    }
    return status;
}

static enum status append_extra_ids(const struct draft *draft, json_t *vocab, json_t *extra,
                                    struct error *error)
{
    size_t n = 100;
    enum status status = document_get_size(&draft->files->config->document, "extra_ids", 0,
                                           MAX_EXTRA_IDS, &n, error);

    while (n > 0 && !status) {
        char text[32];
        int len = snprintf(text, sizeof text, "<extra_id_%zu>", --n);

        status = append(vocab, text, (size_t)len, 0);
        if (!status)
            status = convert_append_extra(extra, text, (size_t)len, true);
    }
    return status;
}

static enum status fill(const struct draft *draft, const struct kind *kind,
                        const struct sentencepiece *model, json_t *vocab, json_t *extra,
                        struct error *error)
{
    enum status status;

    if (model->model_type != SENTENCEPIECE_UNIGRAM)
        return error_set(error, STATUS_UNSUPPORTED,
                         "%s: \"model_type\" is %llu, and \"%s\" has a Unigram (1)", draft->file,
                         (unsigned long long)model->model_type, kind->class_name);
    if (!vocab || !extra)
        return STATUS_NO_MEMORY;
    status = append_front(draft, kind, vocab, error);
    if (!status)
        status = append_pieces(kind, model, vocab, extra);
    if (!status && kind->mask_is_last)
        status = append_name(draft, vocab, SPECIAL_MASK, error);
    if (!status && kind->has_extra_ids)
        status = append_extra_ids(draft, vocab, extra, error);
    return status;
}

/* --- the other parts -------------------------------------------------------------------------- */

static enum status find_token(const struct draft *draft, const json_t *vocab,
                              enum special_name name, struct convert_token *ret_token,
                              struct error *error)
{
    enum status status = convert_get_name(draft, name, &ret_token->text, error);

    if (status)
        return status;
    for (size_t i = json_array_size(vocab); i > 0; i--) {
        const json_t *text = json_array_get(json_array_get(vocab, i - 1), 0);

        if (strcmp(json_string_value(text), ret_token->text) == 0) {
            ret_token->id = i - 1;
            return STATUS_OK;
        }
    }
    return convert_refuse_name(draft, name, error);
}

/* The class takes a score of 0 for the mark of the token, and else another id. */
static enum status find_unknown(const struct draft *draft, const struct kind *kind,
                                const json_t *vocab, size_t *ret_id, struct error *error)
{
    struct convert_token token;
    enum status status = STATUS_OK;

    *ret_id = kind->unknown_id;
    if (kind->unknown_id > 0)
        return STATUS_OK;
    status = find_token(draft, vocab, SPECIAL_UNKNOWN, &token, error);
    if (status)
        return status;
    *ret_id = token.id;
    if (json_number_value(json_array_get(json_array_get(vocab, token.id), 1)) != 0)
        return error_set(error, STATUS_UNSUPPORTED,
                         "%s: the \"unk_token\" has another score than 0; " CONVERT_ADVICE,
                         draft->file);
    return STATUS_OK;
}

static enum status make_splitters(const struct draft *draft, const struct kind *kind,
                                  const char *scheme, json_t **ret_list, struct error *error)
{
    bool is_deberta = kind->normalizes == NORMALIZES_DEBERTA; /* white space does not split */
    bool punctuation = false;
    enum status status = STATUS_OK;

    if (is_deberta)
        status = convert_get_switch(draft, "split_by_punct", &punctuation, error);
    if (status)
        return status;
    if (punctuation)
        *ret_list = json_pack("[{s:s,s:s},o]", "type", "Punctuation", "behavior", "Isolated",
                              convert_metaspace(scheme));
    else if (is_deberta)
        *ret_list = json_pack("[o]", convert_metaspace(scheme));
    else
        *ret_list = json_pack("[{s:s},o]", "type", "WhitespaceSplit", convert_metaspace(scheme));
    return STATUS_OK;
}

static enum status put_together(struct draft *draft, const struct kind *kind, json_t *vocab,
                                json_t *extra, json_t *normalizers, struct error *error)
{
    struct convert_token tokens[2];
    json_t *splitters = NULL;
    bool has_prefix = true;
    const char *scheme;
    size_t unknown_id;
    enum status status = find_token(draft, vocab, kind->first, &tokens[0], error);

    if (!status)
        status = find_token(draft, vocab, kind->last, &tokens[1], error);
    if (!status)
        status = find_unknown(draft, kind, vocab, &unknown_id, error);
    if (!status && kind->schemes[false])
        status = convert_get_switch(draft, "add_prefix_space", &has_prefix, error);
    scheme = kind->schemes[has_prefix];
    if (!status)
        status = make_splitters(draft, kind, scheme, &splitters, error);
    if (status)
        return status;
    draft->json =
        json_pack("{s:{s:s,s:I,s:O},s:{s:s,s:O},s:{s:s,s:o},s:o,s:o,s:O}", "model", "type",
                  "Unigram", "unk_id", (json_int_t)unknown_id, "vocab", vocab, "normalizer", "type",
                  "Sequence", "normalizers", normalizers, "pre_tokenizer", "type", "Sequence",
                  "pretokenizers", splitters, "decoder", convert_metaspace(scheme),
                  "post_processor", convert_template(kind->single, kind->pair, kind->types, tokens),
                  "extra_special_tokens", extra);
    return STATUS_OK;
}

enum status convert_pieces(struct draft *draft, struct error *error)
{
    const struct kind *kind = find_kind(draft->files->config->class_name);
    json_t *normalizers = json_array();
    struct sentencepiece model;
    json_t *vocab = json_array();
    json_t *extra = json_array();
    enum status status = sentencepiece_open(&model, draft->files->folder, draft->file, error);

    if (!status) {
        status = fill(draft, kind, &model, vocab, extra, error);
        if (!status)
            status = convert_add_normalizers(draft, kind->normalizes, &model, normalizers, error);
        sentencepiece_release(&model);
    }
    if (!status)
        status = put_together(draft, kind, vocab, extra, normalizers, error);
    json_decref(normalizers);
    json_decref(vocab);
    json_decref(extra);
    return status;
}
