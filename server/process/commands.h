/* SPDX-License-Identifier: Apache-2.0 */

/* What nestd can be told to do. Each command runs on the main thread until it has ended, and returns
 * the exit status: 0 where all went well; 1 where it did not; 2 for options that are wrong, also
 * those that do not fit the model. */
#ifndef NESTD_SERVER_PROCESS_COMMANDS_H
#define NESTD_SERVER_PROCESS_COMMANDS_H

struct hub_source;
struct options;

enum { EXIT_BAD_OPTIONS = 2 };

/* "nestd embed: PROBLEM" on stderr, and where to find help; returns EXIT_BAD_OPTIONS. */
int command_complain(const struct options *options, const char *problem);

/* Serves over HTTP until a signal says to stop: 0 after a stop that answered all it had accepted. The
 * source tells of a model that is still coming; without one, --model-id is its folder. */
int command_serve(const struct options *options, struct hub_source *source);

/* Files of texts to files of vectors. 128 and the signal's number where a signal stopped it. */
int command_embed(const struct options *options);

/* Tells which size and format of vectors is enough, on a data set of the caller's. */
int command_evaluate(const struct options *options);

#endif
