/* SPDX-License-Identifier: Apache-2.0 */

/* What nestd can be told to do. Each command runs on the main thread until it has ended, and
 * returns the exit status: 0 if everything went well; 1 if not; 2 for wrong options, also for those
 * that do not fit the model. */
#ifndef NESTD_SERVER_PROCESS_COMMANDS_H
#define NESTD_SERVER_PROCESS_COMMANDS_H

struct hub_source;
struct options;

enum { EXIT_BAD_OPTIONS = 2 };

/* "nestd embed: PROBLEM" on stderr, and where to find help; returns EXIT_BAD_OPTIONS. */
int command_complain(const struct options *options, const char *problem);

/* Serves over HTTP until a signal says to stop: 0 if every accepted request was answered. The sources
 * are one for each model; where one is not coming, --model-id is the model's folder. With
 * --check-config it only says whether it would start. */
int command_serve(const struct options *options, struct hub_source *const *sources);

/* --health-check: asks a running server for a page, and prints one line. 0 if it answered with 200. */
int command_check_health(const struct options *options);

/* Files of texts to files of vectors. 128 and the signal's number where a signal stopped it. */
int command_embed(const struct options *options);

/* Tells which size and format of vectors is enough, on a data set of the caller's. */
int command_evaluate(const struct options *options);

#endif
