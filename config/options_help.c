/* SPDX-License-Identifier: Apache-2.0 */

/* --help: a row for each option, under the heading of its group. One column has its name and
 * argument, the next its sentence, with default and limits in brackets. A name too long for its
 * column gets a line of its own. All lines end where the terminal does, but what cannot be broken.
 */
#include "config/foreign.h"
#include "config/option.h"
#include "config/options.h"

#include <string.h>

enum {
    MIN_COLUMNS = 72,
    MAX_COLUMNS = 100,
    TEXT_COLUMN = 33,
};

/* Text that continues under a column. */
struct wrapped {
    FILE *file;
    int max_columns;
    int indent;
    int column;
};

static void print_unbroken(struct wrapped *to, const char *text, int len)
{
    if (to->column > to->indent && to->column + 1 + len > to->max_columns) {
        fprintf(to->file, "\n%*s", to->indent, "");
        to->column = to->indent;
    }
    to->column += fprintf(to->file, "%s%.*s", to->column > to->indent ? " " : "", len, text);
}

static void print_words(struct wrapped *to, const char *text)
{
    while (*text) {
        const size_t len = strcspn(text, " ");

        print_unbroken(to, text, (int)len);
        text += len;
        text += strspn(text, " ");
    }
}

static struct wrapped start_row(FILE *file, int max_columns, const char *name, const char *argument)
{
    const int column = fprintf(file, "  %s %s", name, argument);

    if (column > TEXT_COLUMN - 2)
        fprintf(file, "\n%*s", TEXT_COLUMN, "");
    else
        fprintf(file, "%*s", TEXT_COLUMN - column, "");
    return (struct wrapped){file, max_columns, TEXT_COLUMN, TEXT_COLUMN};
}

/* "[default 8080; 0 to 65535]" */
static void print_limits(struct wrapped *to, const struct option *option)
{
    const struct option_limit min = option_format_limit(option, option->min);
    const struct option_limit max = option_format_limit(option, option->max);
    const bool has_limits = option->min != option->max;
    const char *const default_text = option->default_text;
    char limits[160];
    int len;

    if (default_text && has_limits)
        len = snprintf(limits, sizeof(limits), "[default %s; %s to %s]", default_text, min.text,
                       max.text);
    else if (default_text)
        len = snprintf(limits, sizeof(limits), "[default %s]", default_text);
    else if (has_limits)
        len = snprintf(limits, sizeof(limits), "[%s to %s]", min.text, max.text);
    else
        return;
    print_unbroken(to, limits, len);
}

static void print_row(FILE *file, int max_columns, const char *name, const char *argument,
                      const char *sentence)
{
    struct wrapped text = start_row(file, max_columns, name, argument);

    print_words(&text, sentence);
    fputc('\n', file);
}

/* "[also -p]" */
static void print_other_flags(struct wrapped *to, const struct option *option)
{
    struct option_name name;

    for (size_t i = 0; (name = foreign_list_flag(option, i)).text[0]; i++) {
        char also[sizeof(name) + 8];
        const int len = snprintf(also, sizeof(also), "[also %s]", name.text);

        print_unbroken(to, also, len);
    }
}

static void print_paragraph(FILE *file, int max_columns, const char *text)
{
    struct wrapped to = {.file = file, .max_columns = max_columns};

    print_words(&to, text);
    fputc('\n', file);
}

/* What Text Embeddings Inference has and nestd has no use for. */
static void print_unused(FILE *file, int max_columns)
{
    fputs("\nOf Text Embeddings Inference nestd also takes, without effect:\n", file);
    for (size_t i = 0; i < N_FOREIGN_UNUSED; i++) {
        const struct foreign_unused *unused = &foreign_unused_table[i];

        print_row(file, max_columns, option_spell_field(unused->name, OPTION_SOURCE_FLAG).text,
                  unused->argument, unused->sentence);
    }
    print_paragraph(
        file, max_columns,
        "and where nothing else sets an option, the variables of its flags, such as "
        "MODEL_ID and PORT. HOSTNAME counts only where it is an address: elsewhere it is "
        "the machine's name.");
}

static void print_usage(FILE *file, enum options_command command)
{
    static const char *const usages[N_OPTIONS_COMMANDS] = {
        [OPTIONS_SERVE] = "Usage: nestd [serve] --model-id MODEL [OPTION]...\n"
                          "Serves the embeddings of a sentence-transformers model over HTTP.\n\n"
                          "Other commands, each with a --help of its own:\n"
                          "  nestd embed      files of texts to files of vectors\n"
                          "  nestd evaluate   which dimension is enough, on data of your own\n\n",
        [OPTIONS_EMBED] = "Usage: nestd embed --model-id MODEL -i TEXTS -o VECTORS [OPTION]...\n"
                          "Embeds the texts of a file, with the model or by a server (--url).\n\n",
        [OPTIONS_EVALUATE] = "Usage: nestd evaluate --model-id MODEL [OPTION]...\n"
                             "Tells which dimension is enough, on data of your own.\n\n",
    };

    fputs(usages[command], file);
}

static void print_option(FILE *file, int max_columns, const struct option *option)
{
    const struct option_name name = option_spell(option, OPTION_SOURCE_FLAG);
    struct wrapped text = start_row(file, max_columns, name.text, option->argument);

    print_words(&text, option->sentence);
    print_limits(&text, option);
    print_other_flags(&text, option);
    fputc('\n', file);
}

static void print_options(FILE *file, int max_columns, enum options_command command)
{
    const char *heading = NULL;

    for (size_t i = 0; i < N_OPTIONS; i++) {
        const struct option *const option = &option_table[i];

        if (!option_is_of(option, command))
            continue;
        if (option_get_heading(option) != heading)
            fprintf(file, "%s%s:\n", heading ? "\n" : "", option_get_heading(option));
        heading = option_get_heading(option);
        print_option(file, max_columns, option);
    }
}

void options_print_help(FILE *file, enum options_command command, int n_columns)
{
    const int max_columns = n_columns < MIN_COLUMNS   ? MIN_COLUMNS
                            : n_columns > MAX_COLUMNS ? MAX_COLUMNS
                                                      : n_columns;

    print_usage(file, command);
    print_options(file, max_columns, command);
    fputs("\nBesides:\n", file);
    print_row(file, max_columns, "--config", "FILE",
              "A JSON object of options, such as {\"max_batch_tokens\": 512}");
    print_row(file, max_columns, "--describe", "man|bash|zsh|fish",
              "Print the manual page, or what that shell completes a command line by, and exit");
    print_row(file, max_columns, "--help, -h", "", "Print this and exit");
    print_row(file, max_columns, "--version", "", "Print the version and exit");
    fputc('\n', file);
    print_paragraph(
        file, max_columns,
        "A value may follow its flag or an equals sign: --port 8080, --port=8080. Each "
        "option is also an environment variable (NESTD_MAX_BATCH_TOKENS, NESTD_CONFIG). "
        "Flags win over the environment, the environment over the file of --config, the "
        "file over the defaults.");
    if (command == OPTIONS_SERVE)
        print_unused(file, max_columns);
}
