/* SPDX-License-Identifier: Apache-2.0 */

/* One line in the log for each request that has ended: its route, its status, its sizes and where
 * its time went. Of what the client sent, it shows only the x-request-id and the IDs of the trace;
 * the route is that of our table, never the client's path. */
#ifndef NESTD_SERVER_OBSERVE_ACCESS_LOG_H
#define NESTD_SERVER_OBSERVE_ACCESS_LOG_H

struct request;

/* Level info; debug for probes, which come every few seconds; error if the fault is ours. On the
 * HTTP thread. */
void access_log_write(const struct request *request);

#endif
