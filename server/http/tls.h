/* SPDX-License-Identifier: Apache-2.0 */

/* TLS: the certificate and key, which may be replaced while connections are open, and what a
 * connection needs beyond libmicrohttpd, which runs the sessions. The only user of GnuTLS. For
 * credentials and http. */
#ifndef NESTD_SERVER_HTTP_TLS_H
#define NESTD_SERVER_HTTP_TLS_H

#include "engine/engine.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tls;
struct tls_session; /* one connection */

/* Reads PEM: the certificate with its chain, and its private key, which must not be encrypted. The
 * paths must outlive this. An error names the file and the reason. */
MUST_CHECK enum status tls_new(struct tls **ret_tls, const char *certificate_path,
                               const char *key_path, struct error *error);
void tls_free(struct tls *tls); /* no session may be left; NULL is allowed */

/* Reloads both files, for connections that begin from then on. On failure the old ones stay in
 * force. Any thread; blocks on the files. */
MUST_CHECK enum status tls_reload(struct tls *tls, struct error *error);

struct tls_certificate_info {
    char subject[128];
    int64_t expires_s; /* Unix time */
};
struct tls_certificate_info tls_get_info(struct tls *tls);

/* What libmicrohttpd needs to start: PEM as text, and GnuTLS's priorities. */
const char *tls_certificate_text(const struct tls *tls);
const char *tls_key_text(const struct tls *tls);
extern const char tls_priorities[]; /* TLS 1.2 and 1.3 */

/* Both are called inside libmicrohttpd, on its thread. */
struct tls_callbacks {
    /* The first bytes look like plain HTTP. Nothing was sent yet, so an answer may be written to
     * the socket itself. The connection is closed afterwards. */
    void (*is_plain)(void *user);
    /* Nothing more can be read, because of the client or our shutdown(). After this returns, the
     * session is closed, and nothing can be sent any more. */
    void (*ended)(void *user);
};

/* Before the handshake. `session` is libmicrohttpd's gnutls_session_t. NULL when memory is short:
 * the connection must be shut down. */
struct tls_session *tls_session_begin(struct tls *tls, void *session, int socket,
                                      const struct tls_callbacks *callbacks, void *user);
void tls_session_end(struct tls_session *session); /* NULL is allowed */

/* Sends without waiting; only on libmicrohttpd's thread. False if not all was sent. */
bool tls_session_send(struct tls_session *session, const char *bytes, size_t len_bytes);

#endif
