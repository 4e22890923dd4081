/* SPDX-License-Identifier: Apache-2.0 */

/* SentencePiece's model file: the pieces with their scores, and the map of its normalizer. Read-only
 * once open. For this folder's files alone.
 *
 * The file is a protobuf message, ModelProto of sentencepiece_model.proto. What is read here of it:
 *
 *     1 pieces           1 piece (text), 2 score (float), 3 type
 *     2 trainer_spec     3 model_type
 *     3 normalizer_spec  2 precompiled_charsmap (bytes) */
#ifndef NESTD_ENGINE_TOKENIZER_READ_SENTENCEPIECE_H
#define NESTD_ENGINE_TOKENIZER_READ_SENTENCEPIECE_H

#include "engine/base/status.h"

#include <stddef.h>
#include <stdint.h>

/* As the file numbers them. */
enum { PIECE_NORMAL = 1, PIECE_CONTROL = 3, PIECE_USER_DEFINED = 4 };
enum { SENTENCEPIECE_UNIGRAM = 1, SENTENCEPIECE_BPE = 2 };

struct sentence_piece {
    const char *text; /* [len_bytes], valid UTF-8 */
    size_t len_bytes;
    double score; /* finite */
    uint64_t type;
};

/* Zero it to begin. */
struct sentencepiece {
    struct sentence_piece *pieces; /* [n_pieces], by id */
    size_t n_pieces;
    size_t capacity;
    uint64_t model_type;
    const unsigned char *map; /* [map_bytes]; NULL: there is none */
    size_t map_bytes;
    char *bytes; /* the file, which owns all texts */
};

/* Opens folder/name. STATUS_IO where it is not there; STATUS_INVALID for what is not such a model,
 * with the place of the fault. */
MUST_CHECK enum status sentencepiece_open(struct sentencepiece *ret_model, const char *folder,
                                          const char *name, struct error *error);
void sentencepiece_release(struct sentencepiece *model);

#endif
