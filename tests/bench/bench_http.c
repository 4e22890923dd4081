/* SPDX-License-Identifier: Apache-2.0 */

/* Keeps a server on this machine busy over HTTP at little cost to the cores that it shares with it:
 * each connection, a thread of its own, posts a body, reads the reply to its end, posts the next.
 * Bodies come from a file, one a line, in turn over all connections. Replies are counted, not
 * looked into. The first second is not counted; at the end what is in flight is given up. One line
 * of JSON says what was seen. */
#include <arpa/inet.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_LATENCIES = 1 << 18, BUFFER_BYTES = 1 << 18, MAX_CONNECTIONS = 1024 };

static const char usage[] = "usage: bench_http PORT BODIES_FILE [options]\n"
                            "  --path PATH       (/v1/embeddings)\n"
                            "  --connections N   (1)\n"
                            "  --seconds S       counted, after one that is not (5)\n"
                            "  --pause-ms MS     between a reply and the next request (0)\n";

struct request {
    char *bytes; /* [len], head and body */
    size_t len;
};

struct load {
    unsigned short port;
    const char *path;
    size_t n_connections;
    double seconds;
    double pause_s;
    struct request *requests; /* [n_requests] */
    size_t n_requests;
    atomic_size_t next;
    double start_s; /* of what is counted */
    double end_s;
};

struct connection {
    struct load *load;
    pthread_t thread;
    int fd;
    double *latencies_s; /* [n_replies], of the replies that were counted */
    size_t n_replies;
    size_t n_failures; /* other statuses than 200, and a connection that broke */
};

static void die(const char *what)
{
    fprintf(stderr, "bench_http: %s\n", what);
    exit(1);
}

static double seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void pause_for(double seconds)
{
    const struct timespec pause = {(time_t)seconds,
                                   (long)(1e9 * (seconds - (double)(time_t)seconds))};

    nanosleep(&pause, NULL);
}

static void read_requests(struct load *load, const char *file_name)
{
    FILE *file = fopen(file_name, "r");
    char *line = NULL;
    size_t capacity = 0;
    ssize_t len;

    if (!file)
        die("the file of bodies cannot be opened");
    while ((len = getline(&line, &capacity, file)) > 0) {
        struct request *request;
        int n;

        len -= line[len - 1] == '\n';
        load->requests = realloc(load->requests, (load->n_requests + 1) * sizeof *load->requests);
        if (!load->requests)
            die("out of memory");
        request = &load->requests[load->n_requests++];
        n = asprintf(&request->bytes,
                     "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                     "Content-Length: %zd\r\n\r\n%.*s",
                     load->path, len, (int)len, line);
        if (n < 0)
            die("out of memory");
        request->len = (size_t)n;
    }
    if (!load->n_requests)
        die("the file of bodies is empty");
    free(line);
    fclose(file);
}

static int connect_to(unsigned short port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    const int yes = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0)
        return -1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (connect(fd, (struct sockaddr *)&address, sizeof address)) {
        close(fd);
        return -1;
    }
    return fd;
}

static bool send_all(int fd, const char *bytes, size_t len)
{
    while (len) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

        if (n <= 0)
            return false;
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

/* The length of the whole reply, by its Content-Length; 0 where the head has none. */
static size_t reply_length(const char *head, size_t head_len)
{
    const char *line = head, *end = head + head_len;

    while ((line = memchr(line, '\n', (size_t)(end - line)))) {
        line++;
        if (!strncasecmp(line, "content-length:", 15))
            return head_len + strtoul(line + 15, NULL, 10);
    }
    return 0;
}

/* Reads one reply to its end; its status, or 0 when the connection broke. */
static int read_reply(int fd, char *buffer)
{
    size_t n_held = 0, n_read, whole;
    char *head_end;

    do {
        ssize_t n = recv(fd, buffer + n_held, BUFFER_BYTES - 1 - n_held, 0);

        if (n <= 0)
            return 0;
        n_held += (size_t)n;
        buffer[n_held] = 0;
        head_end = strstr(buffer, "\r\n\r\n");
    } while (!head_end);
    whole = reply_length(buffer, (size_t)(head_end + 4 - buffer));
    for (n_read = n_held; n_read < whole;) {
        ssize_t n = recv(fd, buffer + 64, BUFFER_BYTES - 64, 0);

        if (n <= 0)
            return 0;
        n_read += (size_t)n;
    }
    return whole && n_held > 12 ? atoi(buffer + 9) : 0;
}

static void *run_connection(void *user)
{
    struct connection *connection = user;
    struct load *load = connection->load;
    char *buffer = malloc(BUFFER_BYTES);
    int status = buffer ? 200 : 0;

    while (status && seconds_now() < load->end_s) {
        const struct request *request =
            &load->requests[atomic_fetch_add(&load->next, 1) % load->n_requests];
        double sent_s = seconds_now(), done_s;
        bool sent = send_all(connection->fd, request->bytes, request->len);

        status = sent ? read_reply(connection->fd, buffer) : 0;
        done_s = seconds_now();
        connection->n_failures += status != 200 && done_s < load->end_s;
        if (status == 200 && done_s >= load->start_s && done_s < load->end_s &&
            connection->n_replies < MAX_LATENCIES)
            connection->latencies_s[connection->n_replies++] = done_s - sent_s;
        if (load->pause_s > 0)
            pause_for(load->pause_s);
    }
    free(buffer);
    return NULL;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double quantile(const double *sorted, size_t n, double share)
{
    return n ? sorted[(size_t)(share * (double)(n - 1) + 0.5)] : 0;
}

static void report(const struct load *load, struct connection *connections)
{
    size_t n_replies = 0, n_failures = 0, n = 0;
    double *all;

    for (size_t i = 0; i < load->n_connections; i++) {
        n_replies += connections[i].n_replies;
        n_failures += connections[i].n_failures;
    }
    all = malloc((n_replies + 1) * sizeof *all);
    if (!all)
        die("out of memory");
    for (size_t i = 0; i < load->n_connections; i++)
        for (size_t j = 0; j < connections[i].n_replies; j++)
            all[n++] = connections[i].latencies_s[j];
    qsort(all, n, sizeof *all, compare);
    printf("{\"replies\": %zu, \"failures\": %zu, \"seconds\": %.3f, \"p50_ms\": %.4f, "
           "\"p99_ms\": %.4f}\n",
           n_replies, n_failures, load->seconds, 1e3 * quantile(all, n, 0.5),
           1e3 * quantile(all, n, 0.99));
    free(all);
}

static void run(struct load *load)
{
    struct connection *connections = calloc(load->n_connections, sizeof *connections);

    if (!connections)
        die("out of memory");
    load->start_s = seconds_now() + 1;
    load->end_s = load->start_s + load->seconds;
    for (size_t i = 0; i < load->n_connections; i++) {
        connections[i].load = load;
        connections[i].fd = connect_to(load->port);
        connections[i].latencies_s = calloc(MAX_LATENCIES, sizeof(double));
        if (connections[i].fd < 0 || !connections[i].latencies_s ||
            pthread_create(&connections[i].thread, NULL, run_connection, &connections[i]))
            die("no connection, memory or thread to be had");
    }
    pause_for(load->end_s - seconds_now());
    for (size_t i = 0; i < load->n_connections; i++)
        shutdown(connections[i].fd, SHUT_RDWR); /* who still waits for a reply stops waiting */
    for (size_t i = 0; i < load->n_connections; i++) {
        pthread_join(connections[i].thread, NULL);
        close(connections[i].fd);
    }
    report(load, connections);
    for (size_t i = 0; i < load->n_connections; i++)
        free(connections[i].latencies_s);
    free(connections);
}

static double parse_number(const char *text, double min, double max)
{
    char *end;
    double value = strtod(text, &end);

    if (*end || end == text || !(value >= min && value <= max))
        die("an option's number is out of range");
    return value;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"path", required_argument, NULL, 'p'},
        {"connections", required_argument, NULL, 'c'},
        {"seconds", required_argument, NULL, 's'},
        {"pause-ms", required_argument, NULL, 'w'},
        {0},
    };
    struct load load = {.path = "/v1/embeddings", .n_connections = 1, .seconds = 5};
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (c == 'p')
            load.path = optarg;
        else if (c == 'c')
            load.n_connections = (size_t)parse_number(optarg, 1, MAX_CONNECTIONS);
        else if (c == 's')
            load.seconds = parse_number(optarg, 0.1, 600);
        else if (c == 'w')
            load.pause_s = 1e-3 * parse_number(optarg, 0, 10000);
        else
            optind = argc + 1;
    }
    if (argc - optind != 2) {
        fputs(usage, stderr);
        return 2;
    }
    load.port = (unsigned short)parse_number(argv[optind], 1, 65535);
    read_requests(&load, argv[optind + 1]);
    run(&load);
    for (size_t i = 0; i < load.n_requests; i++)
        free(load.requests[i].bytes);
    free(load.requests);
    return 0;
}
