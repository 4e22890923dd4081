/* SPDX-License-Identifier: Apache-2.0 */

/* Completion: the commands first, then the flags of the command that is there, or serve's; after a
 * flag its words, or files. */
#include "config/describe_shells.h"

#include "config/describe_text.h"

static struct option_name flag_of(const struct option *option)
{
    return option_spell(option, OPTION_SOURCE_FLAG);
}

/* ---- bash ---- */

/* A switch may be followed by the next flag, and files are the default. */
static void print_bash_values(FILE *file, const struct option *option)
{
    if (option->type != OPTION_CHOICE)
        return;
    fprintf(file, "        %s)\n            COMPREPLY=($(compgen -W '", flag_of(option).text);
    describe_print_words(file, option);
    fputs("' -- \"$current\"))\n            return\n            ;;\n", file);
}

static void print_bash_flags(FILE *file, const char *pattern, enum options_command command)
{
    fprintf(file, "        %s) words='", pattern);
    for (size_t i = 0; i < N_OPTIONS; i++) {
        if (option_is_of(&option_table[i], command))
            fprintf(file, "%s ", flag_of(&option_table[i]).text);
    }
    fputs("--config --describe --help --version' ;;\n", file);
}

void describe_bash(FILE *file)
{
    fputs("# bash completion for nestd\n"
          "_nestd() {\n"
          "    local current=$2 previous=$3 words\n"
          "    case $previous in\n"
          "        --describe)\n"
          "            COMPREPLY=($(compgen -W 'man bash zsh fish' -- \"$current\"))\n"
          "            return\n"
          "            ;;\n",
          file);
    for (size_t i = 0; i < N_OPTIONS; i++)
        print_bash_values(file, &option_table[i]);
    fputs("    esac\n"
          "    case ${COMP_WORDS[1]} in\n",
          file);
    print_bash_flags(file, "embed", OPTIONS_EMBED);
    print_bash_flags(file, "evaluate", OPTIONS_EVALUATE);
    print_bash_flags(file, "*", OPTIONS_SERVE);
    fputs("    esac\n"
          "    if ((COMP_CWORD == 1)); then\n"
          "        words+=' serve embed evaluate'\n"
          "    elif [[ $current != -* ]]; then\n"
          "        return\n"
          "    fi\n"
          "    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
          "}\n"
          "complete -o default -F _nestd nestd\n",
          file);
}

/* ---- zsh ---- */

static void print_zsh_option(FILE *file, const struct option *option)
{
    static const char *const in_brackets[] = {
        "'", "'\\''", "[", "\\[", "]", "\\]", "\\", "\\\\", NULL,
    };
    static const char *const in_field[] = {"'", "'\\''", ":", "\\:", NULL};
    /* One that takes several values, or is of one of several models, may be given again. */
    const char *again = option_is_list(option) || option_is_of_model(option) ? "*" : "";

    fprintf(file, "            '%s%s=[", again, flag_of(option).text);
    describe_print(file, option->sentence, in_brackets);
    fputs(option->type == OPTION_SWITCH ? "]::" : "]:", file);
    describe_print(file, option->argument, in_field);
    fputc(':', file);
    if (describe_has_words(option)) {
        fputc('(', file);
        describe_print_words(file, option);
        fputc(')', file);
    } else if (describe_is_path(option)) {
        fputs("_files", file);
    }
    fputs("'\n", file);
}

static void print_zsh_flags(FILE *file, const char *pattern, enum options_command command)
{
    fprintf(file, "    %s)\n        flags=(\n", pattern);
    for (size_t i = 0; i < N_OPTIONS; i++) {
        if (option_is_of(&option_table[i], command))
            print_zsh_option(file, &option_table[i]);
    }
    fputs("        )\n        ;;\n", file);
}

void describe_zsh(FILE *file)
{
    fputs("#compdef nestd\n"
          "local -a flags\n"
          "if ((CURRENT == 2)) && [[ $words[2] != -* ]]; then\n"
          "    compadd serve embed evaluate\n"
          "    return\n"
          "fi\n"
          "case $words[2] in\n",
          file);
    print_zsh_flags(file, "embed", OPTIONS_EMBED);
    print_zsh_flags(file, "evaluate", OPTIONS_EVALUATE);
    print_zsh_flags(file, "*", OPTIONS_SERVE);
    fputs("esac\n"
          "_arguments $flags \\\n"
          "    '--config=[A JSON object of options]:FILE:_files' \\\n"
          "    '(- *)--describe=[Print a page or a completion and exit]:FORM:(man bash zsh fish)' "
          "\\\n"
          "    '(- *)'{-h,--help}'[Print the options and exit]' \\\n"
          "    '(- *)--version[Print the version and exit]' \\\n"
          "    '1:: :(serve embed evaluate)'\n",
          file);
}

/* ---- fish ---- */

/* serve need not be said, so its flags are those where no other command is. */
static void print_fish_condition(FILE *file, const struct option *option)
{
    static const char *const conditions[] = {
        [OPTION_FOR_ALL] = "",
        [OPTION_FOR_SERVE] = " -n 'not __fish_seen_subcommand_from embed evaluate'",
        [OPTION_FOR_EMBED] = " -n '__fish_seen_subcommand_from embed'",
        [OPTION_FOR_EVALUATE] = " -n '__fish_seen_subcommand_from evaluate'",
        [OPTION_FOR_TOOLS] = " -n '__fish_seen_subcommand_from embed evaluate'",
    };

    fputs(conditions[option->commands], file);
}

static void print_fish_option(FILE *file, const struct option *option)
{
    static const char *const quoted[] = {"'", "\\'", "\\", "\\\\", NULL};

    fputs("complete -c nestd", file);
    print_fish_condition(file, option);
    fprintf(file, " -l %s", flag_of(option).text + 2);
    if (option->type != OPTION_SWITCH)
        fputs(describe_is_path(option) ? " -r" : " -x", file);
    if (option->type == OPTION_CHOICE) {
        fputs(" -a '", file);
        describe_print_words(file, option);
        fputc('\'', file);
    }
    fputs(" -d '", file);
    describe_print(file, option->sentence, quoted);
    fputs("'\n", file);
}

void describe_fish(FILE *file)
{
    fputs("complete -c nestd -n __fish_use_subcommand -f -a 'serve embed evaluate'\n"
          "complete -c nestd -l config -r -d 'A JSON object of options'\n"
          "complete -c nestd -l describe -x -a 'man bash zsh fish' -d 'Print that and exit'\n"
          "complete -c nestd -s h -l help -d 'Print the options and exit'\n"
          "complete -c nestd -l version -d 'Print the version and exit'\n",
          file);
    for (size_t i = 0; i < N_OPTIONS; i++)
        print_fish_option(file, &option_table[i]);
}
