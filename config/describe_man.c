/* SPDX-License-Identifier: Apache-2.0 */

/* nestd(1), in the macros of man(7). */
#include "config/describe_man.h"

#include "config/describe_text.h"

/* A line of a page that begins with a period or a quote would be a command. */
static void print_text(FILE *file, const char *text)
{
    static const char *const roff[] = {"\\", "\\e", "-", "\\-", "'", "\\(aq", ".", "\\&.", NULL};

    describe_print(file, text, roff);
}

static void print_option(FILE *file, const struct option *option)
{
    const struct option_name name = option_spell(option, OPTION_SOURCE_FLAG);
    const struct option_limit min = option_format_limit(option, option->min);
    const struct option_limit max = option_format_limit(option, option->max);

    fputs(".TP\n\\fB", file);
    print_text(file, name.text);
    fputs("\\fR \\fI", file);
    print_text(file, option->argument);
    fputs("\\fR\n", file);
    print_text(file, option->sentence);
    fputs(".\n", file);
    if (option->default_text) {
        fputs("The default is ", file);
        print_text(file, option->default_text);
        fputs(".\n", file);
    }
    if (option->min != option->max) {
        fputs("From ", file);
        print_text(file, min.text);
        fputs(" to ", file);
        print_text(file, max.text);
        fputs(".\n", file);
    }
    if (option->commands != OPTION_FOR_ALL)
        fprintf(file, "For %s.\n", option_name_owners(option).text);
}

static void print_options(FILE *file)
{
    const char *heading = NULL;

    for (size_t i = 0; i < N_OPTIONS; i++) {
        const char *const next = option_get_heading(&option_table[i]);

        if (next != heading)
            fprintf(file, ".SS %s\n", next);
        heading = next;
        print_option(file, &option_table[i]);
    }
}

static const char beginning[] =
    ".TH NESTD 1 \"\" \"nestd " NESTD_VERSION "\" \"User Commands\"\n"
    ".ad l\n"
    ".SH NAME\n"
    "nestd \\- embeddings and similarity of texts over HTTP, on CPUs\n"
    ".SH SYNOPSIS\n"
    "\\fBnestd\\fR [\\fBserve\\fR] \\fB\\-\\-model\\-id\\fR \\fIMODEL\\fR [\\fIOPTION\\fR]...\n"
    ".br\n"
    "\\fBnestd embed\\fR \\fB\\-\\-model\\-id\\fR \\fIMODEL\\fR \\fB\\-i\\fR \\fITEXTS\\fR "
    "\\fB\\-o\\fR \\fIVECTORS\\fR [\\fIOPTION\\fR]...\n"
    ".br\n"
    "\\fBnestd evaluate\\fR \\fB\\-\\-model\\-id\\fR \\fIMODEL\\fR [\\fIOPTION\\fR]...\n"
    ".SH DESCRIPTION\n"
    "\\fBnestd serve\\fR answers texts with embeddings, similarities or scores, over HTTP.\n"
    "\\fBnestd embed\\fR makes files of vectors from files of texts.\n"
    "\\fBnestd evaluate\\fR tells which dimension is enough, on data of your own.\n"
    ".SH OPTIONS\n"
    "A value may follow its flag or an equals sign.\n";

static const char end[] =
    ".SS Besides\n"
    ".TP\n\\fB\\-\\-config\\fR \\fIFILE\\fR\nA JSON object of options.\n"
    ".TP\n\\fB\\-\\-describe\\fR \\fIman|bash|zsh|fish\\fR\n"
    "Print this page, or what that shell completes a command line by, and exit.\n"
    ".TP\n\\fB\\-\\-help\\fR, \\fB\\-h\\fR\nPrint the options of a command and exit.\n"
    ".TP\n\\fB\\-\\-version\\fR\nPrint the version and exit.\n"
    ".SH ENVIRONMENT\n"
    "Each option is also a variable: NESTD_ and its name in capitals, with underscores.\n"
    "Flags win over the environment, the environment over the file of \\fB\\-\\-config\\fR, "
    "the file over the defaults.\n"
    ".SH SIGNALS\n"
    ".TP\n\\fBSIGTERM\\fR, \\fBSIGINT\\fR\nAnswer what was accepted, then exit.\n"
    ".TP\n\\fBSIGHUP\\fR\nRead API keys and certificates anew.\n"
    ".SH EXIT STATUS\n"
    "0 on success, 1 on failure, 2 where the options are wrong.\n";

void describe_man(FILE *file)
{
    fputs(beginning, file);
    print_options(file);
    fputs(end, file);
}
