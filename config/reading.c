/* SPDX-License-Identifier: Apache-2.0 */

#include "config/foreign.h"
#include "config/option_value.h"
#include "config/reading.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool reading_complain(struct reading *reading, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(reading->report->problem, sizeof(reading->report->problem), format, arguments);
    va_end(arguments);
    return false;
}

void reading_warn(struct reading *reading, const char *format, ...)
{
    struct options_report *const report = reading->report;
    char *const warning = report->warnings[report->n_warnings];
    va_list arguments;

    if (report->n_warnings == sizeof(report->warnings) / sizeof(report->warnings[0]))
        return;
    va_start(arguments, format);
    vsnprintf(warning, sizeof(report->warnings[0]), format, arguments);
    va_end(arguments);
    for (size_t i = 0; i < report->n_warnings; i++)
        if (strcmp(report->warnings[i], warning) == 0)
            return;
    report->n_warnings++;
}

struct shown shown_of(const char *text, size_t len_bytes)
{
    static const char ellipsis[] = "...";
    const size_t max = sizeof(struct shown) - sizeof(ellipsis);
    struct shown shown = {{0}};
    size_t n = len_bytes < max ? len_bytes : max;

    while (n < len_bytes && n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
        n--; /* not within a character */
    for (size_t i = 0; i < n; i++)
        shown.text[i] = (unsigned char)text[i] < 0x20 || text[i] == 0x7f ? '?' : text[i];
    if (n < len_bytes)
        memcpy(shown.text + n, ellipsis, sizeof(ellipsis));
    return shown;
}

struct shown shown_of_string(const char *text)
{
    return shown_of(text, strlen(text));
}

struct place reading_name_place(const struct reading *reading, const struct option *option,
                                enum option_source source)
{
    const struct option_name name = option_spell(option, source);
    struct place place;

    if (source == OPTION_SOURCE_FILE)
        snprintf(place.text, sizeof(place.text), "%s: %s", shown_of_string(reading->file_path).text,
                 name.text);
    else if (source == OPTION_SOURCE_FILE_MODEL)
        snprintf(place.text, sizeof(place.text), "%s: models[%zu].%s",
                 shown_of_string(reading->file_path).text, reading->model, name.text);
    else
        snprintf(place.text, sizeof(place.text), "%s", name.text);
    return place;
}

/* "--port=99999: expected a whole number from 0 to 65535" */
bool reading_refuse_value(struct reading *reading, const struct option *option,
                          enum option_source source, const char *value)
{
    const struct place place = reading_name_place(reading, option, source);

    if (option->type == OPTION_SECRET)
        return reading_complain(reading, "%s: expected %s", place.text, option_expect(option).text);
    return reading_complain(reading, "%s=%s: expected %s", place.text, shown_of_string(value).text,
                            option_expect(option).text);
}

/* Refuses an unknown name; `what` says of what kind it is: "flag". */
bool reading_refuse_name(struct reading *reading, const char *what, enum option_source source,
                         const char *name, size_t len_bytes)
{
    const struct option *const nearest =
        option_find_nearest(reading->options.command, source, name, len_bytes);
    const struct shown shown = shown_of(name, len_bytes);

    if (nearest)
        return reading_complain(reading, "%s %s is unknown; did you mean %s?", what, shown.text,
                                option_spell(nearest, source).text);
    return reading_complain(reading, "%s %s is unknown; --help lists every option", what,
                            shown.text);
}

void reading_take_source(struct reading *reading, const struct option *option,
                         enum option_source source)
{
    enum option_source *const at = &reading->sources[option - option_table];
    bool *const is_common = &reading->is_common[option - option_table];

    if ((*at != source || *is_common) && option_is_list(option))
        option_clear_list(option, &reading->options);
    *at = source;
    *is_common = false;
}

bool reading_set(struct reading *reading, const struct option *option, enum option_source source,
                 const char *value)
{
    const char *note;
    const char *const ours = foreign_translate(option, value, &note);
    const bool again = reading->sources[option - option_table] == source &&
                       !reading->is_common[option - option_table];

    if (again && source != OPTION_SOURCE_DEFAULT && !option_is_list(option))
        return reading_complain(reading, "%s is given twice",
                                reading_name_place(reading, option, source).text);
    reading_take_source(reading, option, source);
    switch (option_set(option, ours, &reading->options)) {
    case OPTION_SET:
        if (note)
            reading_warn(reading, "%s=%s is taken as %s: %s",
                         reading_name_place(reading, option, source).text, value, ours, note);
        return true;
    case OPTION_REFUSED:
        return reading_refuse_value(reading, option, source, value);
    case OPTION_NO_MEMORY:
        break;
    }
    return reading_complain(reading, "out of memory");
}

void reading_note_unused(struct reading *reading, const struct foreign_unused *unused,
                         enum option_source source)
{
    const size_t len_bytes = strlen(reading->unused);

    snprintf(reading->unused + len_bytes, sizeof(reading->unused) - len_bytes, "%s%s",
             len_bytes > 0 ? ", " : "", option_spell_field(unused->name, source).text);
}
