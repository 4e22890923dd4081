/* SPDX-License-Identifier: Apache-2.0 */

#include "tests/server/embedder/fake_server.h"

#include "server/text/base64.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void require(bool condition)
{
    if (!condition)
        abort();
}

char *fake_format(int status, const char *header, const char *body)
{
    char *answer;

    require(asprintf(&answer,
                     "HTTP/1.1 %d Said\r\nContent-Length: %zu\r\nConnection: close\r\n%s\r\n%s",
                     status, strlen(body), header, body) > 0);
    return answer;
}

char *fake_answer(json_t *request)
{
    const json_t *input = json_object_get(request, "input");
    const char *format = json_string_value(json_object_get(request, "encoding_format"));
    json_t *data = json_array();
    char *body;
    char *answer;

    for (size_t i = 0; i < json_array_size(input); i++) {
        const json_t *text = json_array_get(input, i);
        const float vector[FAKE_DIMS] = {(float)json_string_length(text), 1, 0.5f,
                                         json_string_value(text)[0]};
        char packed[64] = "";

        *base64_write(packed, vector, sizeof(vector)) = '\0';
        json_array_insert_new(
            data, 0, /* backwards: the index counts */
            format && strcmp(format, "base64") == 0
                ? json_pack("{s:I,s:s}", "index", (json_int_t)i, "embedding", packed)
                : json_pack("{s:I,s:[f,f,f,f]}", "index", (json_int_t)i, "embedding", vector[0],
                            vector[1], vector[2], vector[3]));
    }
    data = json_pack("{s:o}", "data", data);
    body = json_dumps(data, 0);
    answer = fake_format(200, "", body);
    free(body);
    json_decref(data);
    return answer;
}

/* Until the whole body is there; false where the client hung up. */
static bool read_request(struct fake_server *server, int connection, char **ret_body)
{
    size_t len = 0;

    for (;;) {
        ssize_t n = recv(connection, server->request + len, FAKE_REQUEST_BYTES - 1 - len, 0);
        const char *length;
        char *end;

        if (n <= 0)
            return false;
        len += (size_t)n;
        server->request[len] = '\0';
        end = strstr(server->request, "\r\n\r\n");
        if (!end)
            continue;
        length = strstr(server->request, "Content-Length: ");
        if (!length ||
            len >= (size_t)(end + 4 - server->request) + strtoul(length + 16, NULL, 10)) {
            *end = '\0';
            *ret_body = end + 4;
            return true;
        }
    }
}

static char *answer_request(struct fake_server *server, const char *body)
{
    json_t *request;
    char *answer;

    if (strncmp(server->request, "GET /v1/models ", 15) == 0)
        return strdup(server->models ? server->models
                                     : "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
    require(strncmp(server->request, "POST /v1/embeddings ", 20) == 0);
    request = json_loads(body, 0, NULL);
    require(request);
    answer = server->answer ? server->answer(server, server->n_requests, request, server->request)
                            : fake_answer(request);
    server->n_requests++;
    json_decref(request);
    return answer;
}

static void serve(struct fake_server *server, int connection)
{
    char *body;
    char *answer;

    if (!read_request(server, connection, &body))
        return;
    answer = answer_request(server, body);
    if (answer)
        (void)!send(connection, answer, strlen(answer), MSG_NOSIGNAL);
    free(answer);
}

static void *run(void *argument)
{
    struct fake_server *server = argument;

    for (;;) {
        int connection = accept(server->listener, NULL, NULL);

        if (connection < 0)
            return NULL; /* it was shut down */
        serve(server, connection);
        close(connection);
    }
}

void fake_server_start(struct fake_server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(address);

    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    require(server->listener >= 0);
    require(!bind(server->listener, (struct sockaddr *)&address, size));
    require(!listen(server->listener, 64));
    require(!getsockname(server->listener, (struct sockaddr *)&address, &size));
    snprintf(server->url, sizeof(server->url), "http://127.0.0.1:%d", ntohs(address.sin_port));
    require(!pthread_create(&server->thread, NULL, run, server));
}

void fake_server_stop(struct fake_server *server)
{
    shutdown(server->listener, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->listener);
}
