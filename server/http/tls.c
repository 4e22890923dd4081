/* SPDX-License-Identifier: Apache-2.0 */

/* REPLACING. libmicrohttpd reads a certificate once, when it starts. But it reports a connection
 * before the handshake, and until then GnuTLS lets us set a session's credentials. So each session
 * gets the current certificate and holds it until it ends. A replaced certificate is freed with its
 * last session.
 *
 * READING. Reads of the socket go through pull(), which sees two things that libmicrohttpd does not
 * report: a client that speaks plain HTTP, and the end of the stream while we can still send.
 * GnuTLS gives up a session whose stream ends without an alert, so a reply and our own closing
 * alert must be sent before. GnuTLS allows sending within a read; it even allows one thread that
 * sends and one that receives. */

#include "server/http/tls.h"

#include "server/text/read_file.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { MAX_FILE_BYTES = 1 << 20 };

/* Without RSA key exchange, so that a key stolen later does not decrypt recorded traffic. */
const char tls_priorities[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA";

struct certificate {
    gnutls_certificate_credentials_t credentials;
    struct tls_certificate_info info;
    size_t n_users; /* the tls, while it is current, and sessions; guarded by the tls's mutex */
};

struct tls {
    const char *certificate_path;
    const char *key_path;
    struct buffer certificate_text; /* of the start; NUL-terminated */
    struct buffer key_text;

    pthread_mutex_t mutex; /* guards current, and the n_users of all certificates */
    struct certificate *current;
};

struct tls_session {
    struct tls *tls;
    struct certificate *certificate;
    gnutls_session_t session;
    int socket;
    bool began; /* something was read */
    bool ended;
    const struct tls_callbacks *callbacks;
    void *user;
};

static void certificate_free(struct certificate *certificate)
{
    if (!certificate)
        return;
    if (certificate->credentials)
        gnutls_certificate_free_credentials(certificate->credentials);
    free(certificate);
}

static struct certificate *hold_current(struct tls *tls)
{
    struct certificate *certificate;

    pthread_mutex_lock(&tls->mutex);
    certificate = tls->current;
    certificate->n_users++;
    pthread_mutex_unlock(&tls->mutex);
    return certificate;
}

static void let_go(struct tls *tls, struct certificate *certificate)
{
    bool is_last;

    pthread_mutex_lock(&tls->mutex);
    is_last = --certificate->n_users == 0;
    pthread_mutex_unlock(&tls->mutex);
    if (is_last)
        certificate_free(certificate);
}

static gnutls_datum_t as_datum(const struct buffer *buffer)
{
    return (gnutls_datum_t){(unsigned char *)buffer->bytes, (unsigned)buffer->len_bytes};
}

/* What is in the two files, and whether they belong together. */
struct pair {
    gnutls_x509_crt_t *chain; /* [n_certificates] */
    unsigned n_certificates;
    gnutls_x509_privkey_t key;
};

static void pair_release(struct pair *pair)
{
    for (unsigned i = 0; i < pair->n_certificates; i++)
        gnutls_x509_crt_deinit(pair->chain[i]);
    gnutls_free(pair->chain);
    if (pair->key)
        gnutls_x509_privkey_deinit(pair->key);
}

static enum status pair_parse(struct pair *pair, const struct tls *tls, const struct buffer *chain,
                              const struct buffer *key, struct error *error)
{
    const gnutls_datum_t chain_datum = as_datum(chain), key_datum = as_datum(key);
    int result = gnutls_x509_crt_list_import2(&pair->chain, &pair->n_certificates, &chain_datum,
                                              GNUTLS_X509_FMT_PEM, GNUTLS_X509_CRT_LIST_SORT);

    if (result < 0)
        return error_set(error, STATUS_INVALID, "%s: not a certificate in PEM: %s",
                         tls->certificate_path, gnutls_strerror(result));
    if (gnutls_x509_privkey_init(&pair->key) < 0)
        return error_set(error, STATUS_NO_MEMORY, "not enough memory");
    result = gnutls_x509_privkey_import2(pair->key, &key_datum, GNUTLS_X509_FMT_PEM, NULL, 0);
    if (result < 0)
        return error_set(error, STATUS_INVALID, "%s: not an unencrypted private key in PEM: %s",
                         tls->key_path, gnutls_strerror(result));
    return STATUS_OK;
}

static enum status fill(struct certificate *certificate, const struct tls *tls,
                        const struct pair *pair, struct error *error)
{
    size_t size = sizeof certificate->info.subject;
    int result;

    if (gnutls_certificate_allocate_credentials(&certificate->credentials) < 0)
        return error_set(error, STATUS_NO_MEMORY, "not enough memory");
    result = gnutls_certificate_set_x509_key(certificate->credentials, pair->chain,
                                             (int)pair->n_certificates, pair->key);
    if (result == GNUTLS_E_CERTIFICATE_KEY_MISMATCH)
        return error_set(error, STATUS_INVALID, "%s: not the key of the certificate in %s",
                         tls->key_path, tls->certificate_path);
    if (result < 0)
        return error_set(error, STATUS_INVALID, "%s and %s: %s", tls->certificate_path,
                         tls->key_path, gnutls_strerror(result));
    /* left out if it is too long or missing */
    if (gnutls_x509_crt_get_dn(pair->chain[0], certificate->info.subject, &size) < 0)
        certificate->info.subject[0] = '\0';
    certificate->info.expires_s = gnutls_x509_crt_get_expiration_time(pair->chain[0]);
    return STATUS_OK;
}

static enum status certificate_new(struct certificate **ret_certificate, const struct tls *tls,
                                   const struct buffer *chain, const struct buffer *key,
                                   struct error *error)
{
    struct certificate *certificate = calloc(1, sizeof *certificate);
    struct pair pair = {0};
    enum status status;

    if (!certificate)
        return error_set(error, STATUS_NO_MEMORY, "not enough memory");
    certificate->n_users = 1;
    status = pair_parse(&pair, tls, chain, key, error);
    if (status == STATUS_OK)
        status = fill(certificate, tls, &pair, error);
    pair_release(&pair);
    if (status)
        certificate_free(certificate);
    else
        *ret_certificate = certificate;
    return status;
}

static void release_secret(struct buffer *buffer)
{
    if (buffer->bytes)
        explicit_bzero(buffer->bytes, buffer->capacity_bytes);
    buffer_release(buffer);
}

/* The texts stay the caller's, even after a failure. */
static enum status load(const struct tls *tls, struct buffer *certificate_text,
                        struct buffer *key_text, struct certificate **ret_certificate,
                        struct error *error)
{
    enum status status = read_file(tls->certificate_path, MAX_FILE_BYTES, certificate_text, error);

    if (status == STATUS_OK)
        status = read_file(tls->key_path, MAX_FILE_BYTES, key_text, error);
    if (status)
        return status;
    return certificate_new(ret_certificate, tls, certificate_text, key_text, error);
}

enum status tls_new(struct tls **ret_tls, const char *certificate_path, const char *key_path,
                    struct error *error)
{
    struct tls *tls = calloc(1, sizeof *tls);
    enum status status;

    if (!tls)
        return error_set(error, STATUS_NO_MEMORY, "not enough memory");
    pthread_mutex_init(&tls->mutex, NULL);
    tls->certificate_path = certificate_path;
    tls->key_path = key_path;
    status = load(tls, &tls->certificate_text, &tls->key_text, &tls->current, error);
    buffer_append(&tls->certificate_text, "", 1);
    buffer_append(&tls->key_text, "", 1);
    if (status == STATUS_OK &&
        (buffer_failed(&tls->certificate_text) || buffer_failed(&tls->key_text)))
        status = error_set(error, STATUS_NO_MEMORY, "not enough memory");
    if (status)
        tls_free(tls);
    else
        *ret_tls = tls;
    return status;
}

void tls_free(struct tls *tls)
{
    if (!tls)
        return;
    certificate_free(tls->current);
    buffer_release(&tls->certificate_text);
    release_secret(&tls->key_text);
    pthread_mutex_destroy(&tls->mutex);
    free(tls);
}

enum status tls_reload(struct tls *tls, struct error *error)
{
    struct buffer certificate_text = {0}, key_text = {0};
    struct certificate *fresh, *old;
    enum status status = load(tls, &certificate_text, &key_text, &fresh, error);

    buffer_release(&certificate_text);
    release_secret(&key_text);
    if (status)
        return status;
    pthread_mutex_lock(&tls->mutex);
    old = tls->current;
    tls->current = fresh;
    pthread_mutex_unlock(&tls->mutex);
    let_go(tls, old);
    return STATUS_OK;
}

struct tls_certificate_info tls_get_info(struct tls *tls)
{
    struct certificate *certificate = hold_current(tls);
    struct tls_certificate_info info = certificate->info;

    let_go(tls, certificate);
    return info;
}

const char *tls_certificate_text(const struct tls *tls)
{
    return tls->certificate_text.bytes;
}

const char *tls_key_text(const struct tls *tls)
{
    return tls->key_text.bytes;
}

static ssize_t pull(gnutls_transport_ptr_t pointer, void *bytes, size_t size)
{
    struct tls_session *session = pointer;
    ssize_t n = recv(session->socket, bytes, size, 0);

    if (n > 0 && !session->began) {
        char first = *(const char *)bytes;

        session->began = true;
        /* every request line begins with a letter, and no TLS record does (RFC 8446, 5.1) */
        if (first >= 'A' && first <= 'Z')
            session->callbacks->is_plain(session->user);
    } else if (n == 0 && !session->ended) {
        session->ended = true;
        if (session->began) {
            session->callbacks->ended(session->user);
            gnutls_bye(session->session, GNUTLS_SHUT_WR);
        }
    }
    return n;
}

struct tls_session *tls_session_begin(struct tls *tls, void *session, int socket,
                                      const struct tls_callbacks *callbacks, void *user)
{
    struct tls_session *begun = calloc(1, sizeof *begun);

    if (!begun)
        return NULL;
    *begun = (struct tls_session){
        .tls = tls,
        .session = session,
        .socket = socket,
        .callbacks = callbacks,
        .user = user,
    };
    begun->certificate = hold_current(tls);
    if (gnutls_credentials_set(begun->session, GNUTLS_CRD_CERTIFICATE,
                               begun->certificate->credentials) < 0) {
        tls_session_end(begun);
        return NULL;
    }
    gnutls_transport_set_ptr2(begun->session, begun, (gnutls_transport_ptr_t)(intptr_t)socket);
    gnutls_transport_set_pull_function(begun->session, pull);
    return begun;
}

void tls_session_end(struct tls_session *session)
{
    if (!session)
        return;
    let_go(session->tls, session->certificate);
    free(session);
}

bool tls_session_send(struct tls_session *session, const char *bytes, size_t len_bytes)
{
    return gnutls_record_send(session->session, bytes, len_bytes) == (ssize_t)len_bytes;
}
