/* SPDX-License-Identifier: Apache-2.0 */

/* The line of the log about a request that has ended: what it was, what became of it, and where its
 * time went. Of what the client sent it shows its x-request-id and the ids of its trace alone; the
 * route is the one of our table, never the path. */
#ifndef NESTD_SERVER_OBSERVE_ACCESS_LOG_H
#define NESTD_SERVER_OBSERVE_ACCESS_LOG_H

struct request;

/* At info; at debug for probes, which come every few seconds; at error where the fault is ours. On
 * the HTTP thread. */
void access_log_write(const struct request *request);

#endif
