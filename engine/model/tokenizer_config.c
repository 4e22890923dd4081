/* SPDX-License-Identifier: Apache-2.0 */

/* Which keys matter was tried out, one by one, with transformers 5.24 and 4.57: tests/models/
 * check_variations.py goes on doing so. */
#include "engine/model/tokenizer_config.h"

#include <string.h>

const char *const special_keys[N_SPECIAL_NAMES] = {
    [SPECIAL_BOS] = "bos_token",     [SPECIAL_EOS] = "eos_token",
    [SPECIAL_UNKNOWN] = "unk_token", [SPECIAL_SEPARATOR] = "sep_token",
    [SPECIAL_PADDING] = "pad_token", [SPECIAL_CLASS] = "cls_token",
    [SPECIAL_MASK] = "mask_token",
};

static const char *const bert_names[N_SPECIAL_NAMES] = {
    [SPECIAL_UNKNOWN] = "[UNK]", [SPECIAL_SEPARATOR] = "[SEP]", [SPECIAL_PADDING] = "[PAD]",
    [SPECIAL_CLASS] = "[CLS]",   [SPECIAL_MASK] = "[MASK]",
};

static const char *const mpnet_names[N_SPECIAL_NAMES] = {
    [SPECIAL_BOS] = "<s>",        [SPECIAL_EOS] = "</s>",      [SPECIAL_UNKNOWN] = "[UNK]",
    [SPECIAL_SEPARATOR] = "</s>", [SPECIAL_PADDING] = "<pad>", [SPECIAL_CLASS] = "<s>",
    [SPECIAL_MASK] = "<mask>",
};

static const char *const albert_names[N_SPECIAL_NAMES] = {
    [SPECIAL_BOS] = "[CLS]",       [SPECIAL_EOS] = "[SEP]",     [SPECIAL_UNKNOWN] = "<unk>",
    [SPECIAL_SEPARATOR] = "[SEP]", [SPECIAL_PADDING] = "<pad>", [SPECIAL_CLASS] = "[CLS]",
    [SPECIAL_MASK] = "[MASK]",
};

static const char *const deberta_v2_names[N_SPECIAL_NAMES] = {
    [SPECIAL_BOS] = "[CLS]",       [SPECIAL_EOS] = "[SEP]",     [SPECIAL_UNKNOWN] = "[UNK]",
    [SPECIAL_SEPARATOR] = "[SEP]", [SPECIAL_PADDING] = "[PAD]", [SPECIAL_CLASS] = "[CLS]",
    [SPECIAL_MASK] = "[MASK]",
};

static const char *const roberta_names[N_SPECIAL_NAMES] = {
    [SPECIAL_BOS] = "<s>",        [SPECIAL_EOS] = "</s>",      [SPECIAL_UNKNOWN] = "<unk>",
    [SPECIAL_SEPARATOR] = "</s>", [SPECIAL_PADDING] = "<pad>", [SPECIAL_CLASS] = "<s>",
    [SPECIAL_MASK] = "<mask>",
};

static const char *const t5_names[N_SPECIAL_NAMES] = {
    [SPECIAL_EOS] = "</s>", [SPECIAL_UNKNOWN] = "<unk>", [SPECIAL_PADDING] = "<pad>"};

#define END_OF_TEXT "<|endoftext|>"

static const char *const gpt2_names[N_SPECIAL_NAMES] = {
    [SPECIAL_BOS] = END_OF_TEXT, [SPECIAL_EOS] = END_OF_TEXT, [SPECIAL_UNKNOWN] = END_OF_TEXT};

static const char *const gemma_names[N_SPECIAL_NAMES] = {
    [SPECIAL_BOS] = "<bos>",     [SPECIAL_EOS] = "<eos>",   [SPECIAL_UNKNOWN] = "<unk>",
    [SPECIAL_PADDING] = "<pad>", [SPECIAL_MASK] = "<mask>",
};

static const char *const llama_names[N_SPECIAL_NAMES] = {
    [SPECIAL_BOS] = "<s>", [SPECIAL_EOS] = "</s>", [SPECIAL_UNKNOWN] = "<unk>"};

static const char *const qwen2_names[N_SPECIAL_NAMES] = {
    [SPECIAL_EOS] = END_OF_TEXT, [SPECIAL_UNKNOWN] = END_OF_TEXT, [SPECIAL_PADDING] = END_OF_TEXT};

/* The classes that are served, each also with "Fast" behind its name. */
static const struct class
{
    const char *name;
    const char *const *default_names;
    const char *model;   /* the "type" of its "model"; NULL: any */
    bool by_constructor; /* even where there is a tokenizer.json */
} classes[] = {
    {"BertTokenizer", bert_names, NULL, true},
    {"DistilBertTokenizer", bert_names, NULL, true},
    {"ElectraTokenizer", bert_names, NULL, true},
    {"LayoutLMTokenizer", bert_names, NULL, true},
    {"LxmertTokenizer", bert_names, NULL, true},
    {"MobileBertTokenizer", bert_names, NULL, true},
    {"SqueezeBertTokenizer", bert_names, NULL, true},
    {"MPNetTokenizer", mpnet_names, NULL, true},
    {"PreTrainedTokenizer", NULL, NULL, false},
    {"TokenizersBackend", NULL, NULL, false},
    {"AlbertTokenizer", albert_names, "Unigram", false},
    {"CamembertTokenizer", roberta_names, "Unigram", false},
    {"DebertaV2Tokenizer", deberta_v2_names, "Unigram", false},
    {"T5Tokenizer", t5_names, "Unigram", false},
    {"XLMRobertaTokenizer", roberta_names, "Unigram", false},
    {"BartTokenizer", roberta_names, "BPE", false},
    {"DebertaTokenizer", NULL, "BPE", false},
    {"GPT2Tokenizer", gpt2_names, "BPE", false},
    {"GPTNeoXTokenizer", NULL, "BPE", false},
    {"GemmaTokenizer", gemma_names, "BPE", false},
    {"LlamaTokenizer", llama_names, "BPE", false},
    {"Qwen2Tokenizer", qwen2_names, "BPE", false},
    {"RobertaTokenizer", roberta_names, "BPE", false},
};

/* Which class a model has where no file names one. All others have BERT's. */
static const struct {
    const char *model_type;
    const char *class;
} classes_of_models[] = {
    {"albert", "AlbertTokenizer"},        {"camembert", "CamembertTokenizer"},
    {"deberta-v2", "DebertaV2Tokenizer"}, {"gemma3_text", "GemmaTokenizer"},
    {"gte", "XLMRobertaTokenizer"},       {"jina_embeddings_v3", "XLMRobertaTokenizer"},
    {"mistral", "TokenizersBackend"},     {"modernbert", "TokenizersBackend"},
    {"mpnet", "MPNetTokenizer"},          {"mt5", "T5Tokenizer"},
    {"qwen2", "Qwen2Tokenizer"},          {"qwen3", "Qwen2Tokenizer"},
    {"roberta", "RobertaTokenizer"},      {"t5", "T5Tokenizer"},
    {"umt5", "TokenizersBackend"},        {"xlm-roberta", "XLMRobertaTokenizer"},
};

/* Those that give token types where the file does not say. */
static const char *const with_types[] = {
    "BertTokenizer",       "ElectraTokenizer",     "LayoutLMTokenizer",  "LxmertTokenizer",
    "MobileBertTokenizer", "SqueezeBertTokenizer", "DebertaV2Tokenizer", "DebertaTokenizer",
};

/* Read below, or where the tokens are (tokenizer/special.c). */
static const char *const acted_upon[] = {
    "tokenizer_class",
    "do_lower_case",
    "strip_accents",
    "tokenize_chinese_chars",
    "split_special_tokens",
    "truncation_side",
    "model_max_length",
    "max_len",
    "additional_special_tokens",
    "extra_special_tokens",
    "added_tokens_decoder",
    "extra_ids",
    "model_input_names",
    "split_by_punct",
};

/* These do not change what a text becomes: they are about padding, decoding, pairs of texts, the
 * way the file was saved, or of tokenizers that are not BERT's. */
static const char *const harmless[] = {
    "add_bos_token",
    "add_eos_token",
    "add_prefix_space",
    "backend",
    "cache_dir",
    "chat_template",
    "clean_text",
    "clean_up_tokenization_spaces",
    "device_map",
    "do_basic_tokenize",
    "errors",
    "files_loaded",
    "from_pt",
    "from_slow",
    "full_tokenizer_file",
    "init_inputs",
    "is_local",
    "keep_accents",
    "legacy",
    "local_files_only",
    "mask_token_id",
    "max_length",
    "merges_file",
    "name_or_path",
    "never_split",
    "pad_to_multiple_of",
    "pad_token_type_id",
    "padding_side",
    "processor_class",
    "return_tensors",
    "return_token_type_ids",
    "revision",
    "sp_model_kwargs",
    "special_tokens_map_file",
    "stride",
    "tokenizer_file",
    "torch_dtype",
    "transformers_version",
    "trim_offsets",
    "truncation_strategy",
    "trust_remote_code",
    "use_fast",
    "verbose",
    "vocab_file",
    "vocab_type",
    "wordpieces_prefix",
};

#define LENGTH(array) (sizeof(array) / sizeof *(array))

static bool is_one_of(const char *key, const char *const *keys, size_t n_keys)
{
    for (size_t i = 0; i < n_keys; i++) {
        if (strcmp(key, keys[i]) == 0)
            return true;
    }
    return false;
}

/* Code of its own ("auto_map") goes the way of unknown keys. */
static enum status check_keys(const struct document *config, struct error *error)
{
    json_t *value;
    const char *key;

    json_object_foreach(config->root, key, value)
    {
        enum status status;

        if (is_one_of(key, acted_upon, LENGTH(acted_upon)) ||
            is_one_of(key, harmless, LENGTH(harmless)) ||
            is_one_of(key, special_keys, N_SPECIAL_NAMES))
            continue;
        status = document_refuse(config, key, error);
        if (status)
            return status;
    }
    return STATUS_OK;
}

/* Whether the class's name is this one, or this one and "Fast". */
static bool class_is(const char *name, const char *class)
{
    size_t len = strlen(class);

    return strncmp(name, class, len) == 0 && (name[len] == '\0' || strcmp(name + len, "Fast") == 0);
}

/* The class that goes with config.json's "model_type". */
static const char *class_of_model(const struct document *model)
{
    const char *type = json_string_value(json_object_get(model->root, "model_type"));

    for (size_t i = 0; type && i < LENGTH(classes_of_models); i++)
        if (strcmp(type, classes_of_models[i].model_type) == 0)
            return classes_of_models[i].class;
    return classes[0].name;
}

static enum status set_class(struct tokenizer_config *config, const struct document *named_by,
                             struct error *error)
{
    const char *name = class_of_model(named_by);
    enum status status = document_get_string(named_by, "tokenizer_class", &name, error);

    if (status)
        return status;
    for (size_t i = 0; i < LENGTH(classes); i++) {
        if (class_is(name, classes[i].name)) {
            config->class_name = classes[i].name;
            config->default_names = classes[i].default_names;
            config->by_constructor = classes[i].by_constructor;
            config->model = classes[i].model;
            config->mask_takes_left = strcmp(classes[i].name, "CamembertTokenizer") == 0;
            config->doubles_separator = strcmp(classes[i].name, "MPNetTokenizer") == 0;
            config->gives_types = is_one_of(classes[i].name, with_types, LENGTH(with_types));
            return STATUS_OK;
        }
    }
    return error_set(error, STATUS_UNSUPPORTED,
                     "%s: \"tokenizer_class\" is \"%.60s\", which is not served; "
                     "PreTrainedTokenizerFast with a tokenizer.json is",
                     named_by->name, name);
}

/* config.json's word for the class is heard where tokenizer_config.json is silent. */
static enum status read_class(struct tokenizer_config *config, const char *folder,
                              struct error *error)
{
    const json_t *class = json_object_get(config->document.root, "tokenizer_class");
    struct document model;
    enum status status;

    status = document_open_if_there(&model, folder, "config.json", false, error);
    if (status)
        return status;
    status = set_class(config, class && !json_is_null(class) ? &config->document : &model, error);
    config->model_has_no_class = strcmp(class_of_model(&model), "TokenizersBackend") == 0;
    document_release(&model);
    return status;
}

enum status tokenizer_config_get_switch(const struct document *config, const char *key, bool *value,
                                        struct error *error)
{
    if (json_is_null(json_object_get(config->root, key)))
        return error_set(error, STATUS_INVALID, "%s: \"%s\" must be true or false, not null",
                         config->name, key);
    return document_get_bool(config, key, value, error);
}

static enum status read_switches(struct tokenizer_config *config, struct error *error)
{
    const struct document *document = &config->document;
    enum status status;

    config->lowercase = true;
    config->split_han = true;
    status = tokenizer_config_get_switch(document, "do_lower_case", &config->lowercase, error);
    if (!status)
        status = tokenizer_config_get_switch(document, "tokenize_chinese_chars", &config->split_han,
                                             error);
    if (!status)
        status = tokenizer_config_get_switch(document, "split_special_tokens",
                                             &config->split_special, error);
    config->strip_accents = config->lowercase;
    if (!status)
        status = document_get_bool(document, "strip_accents", &config->strip_accents, error);
    return status;
}

static enum status read_side(struct tokenizer_config *config, struct error *error)
{
    const json_t *side = json_object_get(config->document.root, "truncation_side");
    const char *word = json_string_value(side);
    char shown[DOCUMENT_SHOWN_BYTES];

    if (!side)
        return STATUS_OK;
    if (word && strcmp(word, "left") == 0)
        config->truncation_side = TRUNCATION_LEFT;
    else if (word && strcmp(word, "right") == 0)
        config->truncation_side = TRUNCATION_RIGHT;
    else
        return error_set(error, STATUS_INVALID,
                         "%s: \"truncation_side\" must be \"left\" or \"right\", not %s",
                         config->document.name, document_show(side, shown));
    return STATUS_OK;
}

static enum status read_input_names(struct tokenizer_config *config, struct error *error)
{
    const json_t *names = json_object_get(config->document.root, "model_input_names");

    if (!names || json_is_null(names))
        return STATUS_OK;
    if (!json_is_array(names))
        return error_set(error, STATUS_INVALID, "%s: \"model_input_names\" must be a list",
                         config->document.name);
    config->gives_types = false;
    for (size_t i = 0; i < json_array_size(names); i++) {
        const char *name = json_string_value(json_array_get(names, i));

        config->gives_types |= name && strcmp(name, "token_type_ids") == 0;
    }
    return STATUS_OK;
}

/* max_len, the old name, counts where the new one is absent, though not where it is null. */
static enum status read_max_length(struct tokenizer_config *config, struct error *error)
{
    const json_t *named = json_object_get(config->document.root, "model_max_length");

    return document_get_limit(&config->document, named ? "model_max_length" : "max_len",
                              &config->max_length, error);
}

enum status tokenizer_config_read(struct tokenizer_config *ret_config, const char *folder,
                                  struct error *error)
{
    struct tokenizer_config config = {.by_constructor = true};
    enum status status;

    status = document_open_if_there(&config.document, folder, TOKENIZER_CONFIG_FILE, false, error);
    if (!status)
        status = read_class(&config, folder, error);
    if (!status)
        status = check_keys(&config.document, error);
    if (!status)
        status = read_switches(&config, error);
    if (!status)
        status = read_side(&config, error);
    if (!status)
        status = read_max_length(&config, error);
    if (!status)
        status = read_input_names(&config, error);
    if (status) {
        tokenizer_config_release(&config);
        return status;
    }
    *ret_config = config;
    return STATUS_OK;
}

void tokenizer_config_release(struct tokenizer_config *config)
{
    if (config)
        document_release(&config->document);
}
