/* SPDX-License-Identifier: Apache-2.0 */

/* The families that there are, each in a file of its own. For family.c. */
#ifndef NESTD_ENGINE_MODEL_FAMILIES_FAMILIES_H
#define NESTD_ENGINE_MODEL_FAMILIES_FAMILIES_H

#include "engine/model/family.h"

extern const struct family family_albert;
extern const struct family family_bert;
extern const struct family family_deberta_v2;
extern const struct family family_distilbert;
extern const struct family family_electra;
extern const struct family family_eurobert;
extern const struct family family_gemma3;
extern const struct family family_gte;
extern const struct family family_jina_v2;
extern const struct family family_jina_v3;
extern const struct family family_llama;
extern const struct family family_mistral;
extern const struct family family_modernbert;
extern const struct family family_mpnet;
extern const struct family family_nomic_bert;
extern const struct family family_nomic_experts;
extern const struct family family_qwen2;
extern const struct family family_qwen3;
extern const struct family family_roberta;
extern const struct family family_t5;
extern const struct family family_umt5;
extern const struct family family_t5_gated;
extern const struct family family_xlm_roberta_flash;

/* BERT's tensors and head, RoBERTa's heads, and that of decoders, which several families have. */
extern const struct family_tensor bert_model_tensors[];
extern const struct family_tensor bert_layer_tensors[];
extern const struct family_head bert_head;
extern const struct family_head roberta_head;
extern const struct family_vocabulary_head roberta_vocabulary_head;
extern const struct family_tensor decoder_head_tensors[];

#endif
