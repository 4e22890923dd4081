/* SPDX-License-Identifier: Apache-2.0 */

/* A protobuf message is a row of fields: a varint with the field's number and how its value is
 * written, then the value. Fields that nobody asks for are skipped; of a field that may be there
 * once the last counts, and messages in it are read on. */
#include "engine/tokenizer/read/sentencepiece.h"

#include "engine/base/memory.h"
#include "engine/files/file.h"
#include "engine/tokenizer/unicode.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The largest in use, Gemma's, has 4.7 MB and 262,144 pieces. */
enum { MAX_MODEL_BYTES = 64 << 20, MAX_PIECES = 1 << 22, MIN_PIECES = 1024 };

/* How a value is written. */
enum { WIRE_VARINT = 0, WIRE_8_BYTES = 1, WIRE_LENGTH = 2, WIRE_4_BYTES = 5 };

struct span {
    const unsigned char *at;
    const unsigned char *end;
};

struct field {
    uint64_t number;
    unsigned wire;
    uint64_t value;    /* of a varint */
    struct span bytes; /* of all others */
};

/* Takes a field that has been read. STATUS_INVALID where it is damaged. */
typedef enum status field_function(void *into, const struct field *field);

static bool read_varint(struct span *span, uint64_t *ret_value)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 64 && span->at < span->end; shift += 7) {
        unsigned char byte = *span->at++;

        value |= (uint64_t)(byte & 127) << shift;
        if (byte < 128) {
            *ret_value = value;
            return true;
        }
    }
    return false;
}

static bool read_bytes(struct span *span, uint64_t n_bytes, struct span *ret_bytes)
{
    if (n_bytes > (uint64_t)(span->end - span->at))
        return false;
    *ret_bytes = (struct span){span->at, span->at + n_bytes};
    span->at += n_bytes;
    return true;
}

static bool read_field(struct span *span, struct field *field)
{
    uint64_t n_bytes;
    uint64_t key;

    if (!read_varint(span, &key) || key >> 3 == 0)
        return false;
    field->number = key >> 3;
    field->wire = key & 7;
    switch (field->wire) {
    case WIRE_VARINT:
        return read_varint(span, &field->value);
    case WIRE_8_BYTES:
        return read_bytes(span, 8, &field->bytes);
    case WIRE_LENGTH:
        return read_varint(span, &n_bytes) && read_bytes(span, n_bytes, &field->bytes);
    case WIRE_4_BYTES:
        return read_bytes(span, 4, &field->bytes);
    default:
        return false;
    }
}

/* Reads on until the end or a fault; *span begins at the field that has it. */
static enum status read_message(struct span *span, field_function *take, void *into)
{
    enum status status = STATUS_OK;

    while (!status && span->at < span->end) {
        struct span rest = *span;
        struct field field = {0};

        if (!read_field(&rest, &field))
            return STATUS_INVALID;
        status = take(into, &field);
        if (!status)
            *span = rest;
    }
    return status;
}

/* --- what the fields are ---------------------------------------------------------------------- */

static enum status take_score(struct sentence_piece *piece, const struct field *field)
{
    const unsigned char *bytes = field->bytes.at;
    uint32_t bits;
    float score;

    if (field->wire != WIRE_4_BYTES)
        return STATUS_INVALID;
    bits = bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
    memcpy(&score, &bits, sizeof score);
    if (!isfinite(score))
        return STATUS_INVALID;
    piece->score = (double)score;
    return STATUS_OK;
}

static enum status take_text(struct sentence_piece *piece, const struct field *field)
{
    const char *text = (const char *)field->bytes.at;

    if (field->wire != WIRE_LENGTH)
        return STATUS_INVALID;
    piece->text = text;
    piece->len_bytes = (size_t)(field->bytes.end - field->bytes.at);
    return utf8_is_valid(text, piece->len_bytes) ? STATUS_OK : STATUS_INVALID;
}

static enum status take_of_piece(void *into, const struct field *field)
{
    struct sentence_piece *piece = into;

    if (field->number == 1)
        return take_text(piece, field);
    if (field->number == 2)
        return take_score(piece, field);
    if (field->number == 3) {
        piece->type = field->value;
        return field->wire == WIRE_VARINT ? STATUS_OK : STATUS_INVALID;
    }
    return STATUS_OK;
}

static enum status take_of_trainer(void *into, const struct field *field)
{
    struct sentencepiece *model = into;

    if (field->number != 3)
        return STATUS_OK;
    model->model_type = field->value;
    return field->wire == WIRE_VARINT ? STATUS_OK : STATUS_INVALID;
}

static enum status take_of_normalizer(void *into, const struct field *field)
{
    struct sentencepiece *model = into;

    if (field->number != 2)
        return STATUS_OK;
    model->map_bytes = (size_t)(field->bytes.end - field->bytes.at);
    model->map = model->map_bytes > 0 ? field->bytes.at : NULL;
    return field->wire == WIRE_LENGTH ? STATUS_OK : STATUS_INVALID;
}

static enum status add_piece(struct sentencepiece *model, struct span bytes)
{
    struct sentence_piece piece = {.text = "", .type = PIECE_NORMAL};
    enum status status = read_message(&bytes, take_of_piece, &piece);

    if (status || model->n_pieces == MAX_PIECES)
        return STATUS_INVALID;
    if (model->n_pieces == model->capacity) {
        size_t capacity = model->capacity ? 2 * model->capacity : MIN_PIECES;
        struct sentence_piece *pieces = reallocarray(model->pieces, capacity, sizeof *pieces);

        if (!pieces)
            return STATUS_NO_MEMORY;
        model->pieces = pieces;
        model->capacity = capacity;
    }
    model->pieces[model->n_pieces++] = piece;
    return STATUS_OK;
}

static enum status take_of_model(void *into, const struct field *field)
{
    struct sentencepiece *model = into;
    struct span bytes = field->bytes;

    if (field->number > 3)
        return STATUS_OK;
    if (field->wire != WIRE_LENGTH)
        return STATUS_INVALID;
    if (field->number == 1)
        return add_piece(model, bytes);
    return read_message(&bytes, field->number == 2 ? take_of_trainer : take_of_normalizer, model);
}

/* --- the file --------------------------------------------------------------------------------- */

static enum status read_model(struct sentencepiece *model, size_t len_bytes, const char *name,
                              struct error *error)
{
    const unsigned char *begin = (const unsigned char *)model->bytes;
    struct span span = {begin, begin + len_bytes};
    enum status status = read_message(&span, take_of_model, model);

    if (status == STATUS_INVALID)
        return error_set(error, status,
                         "%.60s: is not a SentencePiece model: the field at byte %zu of %zu is "
                         "damaged",
                         name, (size_t)(span.at - begin), len_bytes);
    if (!status && model->n_pieces == 0)
        return error_set(error, STATUS_INVALID,
                         "%.60s: is not a SentencePiece model: there are no pieces", name);
    return status;
}

enum status sentencepiece_open(struct sentencepiece *ret_model, const char *folder,
                               const char *name, struct error *error)
{
    struct sentencepiece model = {.model_type = SENTENCEPIECE_UNIGRAM};
    AUTO_FREE char *path = path_join(folder, name);
    enum status status;
    size_t len_bytes;

    if (!path)
        return STATUS_NO_MEMORY;
    status = file_read(path, MAX_MODEL_BYTES, &model.bytes, &len_bytes, error);
    if (!status)
        status = read_model(&model, len_bytes, name, error);
    if (status) {
        sentencepiece_release(&model);
        return status;
    }
    *ret_model = model;
    return STATUS_OK;
}

void sentencepiece_release(struct sentencepiece *model)
{
    if (!model)
        return;
    free(model->pieces);
    free(model->bytes);
    *model = (struct sentencepiece){0};
}
