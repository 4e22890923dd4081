# SPDX-License-Identifier: Apache-2.0
"""Requests by their bytes, and what RFC 9112 and RFC 9110 allow a server to make of them. One is sent with another one right behind it
(test_framing.py): where it is not beyond doubt what the first one's bytes are, the second must not be answered."""

from dataclasses import dataclass

BODY = b'{"input": "a"}'
EMBED = b"POST /v1/embeddings HTTP/1.1"
HOST = b"Host: nestd"
LENGTH = b"Content-Length: %d" % len(BODY)
CHUNKED = b"Transfer-Encoding: chunked"
CHUNKS = b"e\r\n" + BODY + b"\r\n0\r\n\r\n"
KIB = 1024

TAKEN = {200}
REFUSED = {400}


@dataclass(frozen=True)
class Case:
    name: str
    data: bytes
    statuses: set
    # Whether what follows is answered; None: as the status says, for refusals of the framing close.
    goes_on: bool | None = None
    # Whether a refusal is JSON on both versions of libmicrohttpd: not where it cannot read a line at all, and refuses by itself.
    is_json: bool = True
    # Whether no answer but a closed connection will do.
    may_close: bool = False


def lines(*all_lines, body=b""):
    return b"\r\n".join(all_lines) + b"\r\n\r\n" + body


def post(*fields, body=BODY, line=EMBED):
    return lines(line, HOST, *fields, body=body)


def get(*fields, line=b"GET /livez HTTP/1.1"):
    return lines(line, HOST, *fields)


def taken(name, data, statuses=TAKEN, **more):
    return Case(name, data, set(statuses), **more)


def refused(name, data, statuses=REFUSED, **more):
    return Case(name, data, set(statuses), **more)


def unreadable(name, data, statuses=(400,)):
    return Case(name, data, set(statuses), is_json=False, may_close=True)


def length(value, body=BODY):
    return post(b"Content-Length:" + value, body=body)


def coding(*values, body=CHUNKS):
    return post(*(b"Transfer-Encoding:" + value for value in values), body=body)


LENGTHS = [
    taken("length", length(b" 14")),
    taken("length without a blank", length(b"14")),
    taken("length after blanks", length(b"  \t 14")),
    taken("length with leading zeros", length(b" 00014"), {200, 400}),
    # libmicrohttpd 0.9.75 takes the blank for a part of the number, and is asked no more.
    taken("length before a blank", length(b" 14 "), {200, 400}),
    taken("length before a tab", length(b" 14\t"), {200, 400}),
    taken("length 0 of a GET", get(b"Content-Length: 0")),
    taken("length of a GET", get(b"Content-Length: 3") + b"abc"),
    refused("length empty", length(b"")),
    refused("length a blank", length(b" ")),
    refused("length a word", length(b" ten")),
    refused("length negative", length(b" -14")),
    refused("length with a plus", length(b" +14")),
    refused("length hexadecimal", length(b" 0xe")),
    refused("length with a fraction", length(b" 14.0")),
    refused("length with an exponent", length(b" 1e1")),
    refused("length of two numbers", length(b" 14 14")),
    refused("length with an underscore", length(b" 1_4")),
    refused("length with a letter after", length(b" 14a")),
    refused("length in full-width digits", length(" １４".encode())),
    refused("length quoted", length(b' "14"')),
    refused("length a list of two", length(b" 14, 15")),
    taken("length a list of one twice", length(b" 14, 14"), {200, 400}),
    refused("length twice, different", post(LENGTH, b"Content-Length: 15")),
    refused("length twice, the longer first", post(b"Content-Length: 15", LENGTH)),
    refused("length twice, the second 0", post(LENGTH, b"Content-Length: 0")),
    taken("length twice, the same", post(LENGTH, LENGTH), {200, 400}),
    refused("length twice, in other letters", post(LENGTH, b"content-length: 15")),
    refused("length twice, apart", post(LENGTH, b"Accept: */*", b"Content-Length: 15")),
    refused("length three times", post(LENGTH, LENGTH, b"Content-Length: 15")),
    refused("length good, then bad", post(LENGTH, b"Content-Length: x")),
    refused("length of 2^64 - 1", length(b" 18446744073709551615"), {413}),
    refused("length of 2^64", length(b" 18446744073709551616"), {413, 400}),
    refused("length of 2^64 + 14", length(b" 18446744073709551630"), {413, 400}),
    refused("length of 2^63", length(b" 9223372036854775808"), {413}),
    refused("length of 100 digits", length(b" " + b"9" * 100), {413, 400}),
    refused("length of 2^32 + 14", length(b" 4294967310"), {413}),
]

CODINGS = [
    taken("chunked", coding(b" chunked")),
    taken("chunked in other letters", coding(b" ChUnKeD")),
    taken("chunked without a blank", coding(b"chunked")),
    taken("chunked before a blank", coding(b" chunked "), {200, 400}),
    taken("chunked, small chunks", coding(b" chunked", body=b"".join(b"1\r\n%c\r\n" % byte for byte in BODY) + b"0\r\n\r\n")),
    taken("chunked, upper-case size", coding(b" chunked", body=b"E\r\n" + BODY + b"\r\n0\r\n\r\n")),
    taken("chunked, size with zeros", coding(b" chunked", body=b"000e\r\n" + BODY + b"\r\n000\r\n\r\n")),
    # 1.0.1 takes one byte too few with an extension, and then finds the chunk malformed.
    taken("chunked with an extension", coding(b" chunked", body=b"e;a=b\r\n" + BODY + b"\r\n0;c\r\n\r\n"), {200, 400}, is_json=False),
    taken("chunked with a trailer", coding(b" chunked", body=b"e\r\n" + BODY + b"\r\n0\r\nX-Sum: 1\r\n\r\n")),
    refused("coding and length", post(CHUNKED, LENGTH, body=CHUNKS)),
    refused("length and coding", post(LENGTH, CHUNKED, body=CHUNKS)),
    refused("coding and length 0", post(CHUNKED, b"Content-Length: 0", body=CHUNKS)),
    refused("coding and a bad length", post(CHUNKED, b"Content-Length: x", body=CHUNKS)),
    refused("a bad coding and length", post(b"Transfer-Encoding: x", LENGTH)),
    refused("coding xchunked", coding(b" xchunked"), {400, 501}),
    refused("coding chunkedx", coding(b" chunkedx"), {400, 501}),
    refused("coding identity", coding(b" identity"), {400, 501}),
    refused("coding gzip", coding(b" gzip"), {400, 501}),
    refused("coding gzip, chunked", coding(b" gzip, chunked"), {400, 501}),
    refused("coding chunked, gzip", coding(b" chunked, gzip"), {400, 501}),
    refused("coding chunked, identity", coding(b" chunked, identity"), {400, 501}),
    refused("coding identity, chunked", coding(b" identity, chunked"), {400, 501}),
    refused("coding chunked, chunked", coding(b" chunked, chunked")),
    refused("coding chunked with a parameter", coding(b" chunked;q=1"), {400, 501}),
    refused("coding quoted", coding(b' "chunked"'), {400, 501}),
    refused("coding , chunked", coding(b" , chunked"), {400, 501, 200}),
    refused("coding empty", coding(b""), {400, 501}),
    refused("coding a blank", coding(b" "), {400, 501}),
    refused("coding with a vertical tab", coding(b" \x0bchunked"), {400, 501}),
    refused("coding twice", coding(b" chunked", b" chunked")),
    refused("coding chunked and identity", coding(b" chunked", b" identity"), {400, 501}),
    refused("coding identity and chunked", coding(b" identity", b" chunked"), {400, 501}),
    refused("coding chunked and gzip", coding(b" chunked", b" gzip"), {400, 501}),
    refused("coding of HTTP/1.0", post(CHUNKED, body=CHUNKS, line=b"POST /v1/embeddings HTTP/1.0")),
    refused("coding of a GET, unknown", get(b"Transfer-Encoding: gzip"), {400, 501}),
    unreadable("chunk size not a number", coding(b" chunked", body=b"zz\r\n" + BODY + b"\r\n0\r\n\r\n")),
    unreadable("chunk size negative", coding(b" chunked", body=b"-e\r\n" + BODY + b"\r\n0\r\n\r\n")),
    unreadable("chunk size with 0x", coding(b" chunked", body=b"0xe\r\n" + BODY + b"\r\n0\r\n\r\n")),
    unreadable("chunk size empty", coding(b" chunked", body=b"\r\n" + BODY + b"\r\n0\r\n\r\n")),
    unreadable("chunk size of 2^64", coding(b" chunked", body=b"10000000000000000\r\n" + BODY), {400, 413}),
    unreadable("chunk longer than its size", coding(b" chunked", body=b"d\r\n" + BODY + b"\r\n0\r\n\r\n")),
]

HOSTS = [
    taken("host with a port", lines(b"GET /livez HTTP/1.1", b"Host: nestd:8080")),
    taken("host an address", lines(b"GET /livez HTTP/1.1", b"Host: [::1]:8080")),
    taken("host empty", lines(b"GET /livez HTTP/1.1", b"Host:")),
    taken("host in other letters", lines(b"GET /livez HTTP/1.1", b"hOST: nestd")),
    refused("host missing", lines(b"GET /livez HTTP/1.1", b"Accept: */*")),
    refused("host missing, no field at all", lines(b"GET /livez HTTP/1.1")),
    refused("host missing, with a body", lines(EMBED, LENGTH, body=BODY)),
    taken("host missing in HTTP/1.0", lines(b"GET /livez HTTP/1.0", b"Connection: keep-alive")),
    refused("host twice", get(b"Host: other")),
    refused("host twice, the same", get(HOST)),
    refused("host twice in HTTP/1.0", get(b"Host: other", line=b"GET /livez HTTP/1.0")),
    refused("hosts in one", lines(b"GET /livez HTTP/1.1", b"Host: a b")),
    refused("host with a path", lines(b"GET /livez HTTP/1.1", b"Host: nestd/x")),
    refused("host with a user", lines(b"GET /livez HTTP/1.1", b"Host: me@nestd")),
]

TARGETS = [
    taken("target a URL", post(LENGTH, line=b"POST http://nestd:8080/v1/embeddings HTTP/1.1")),
    taken("target a URL of https", get(line=b"GET https://nestd/livez HTTP/1.1")),
    taken("target a URL in other letters", get(line=b"GET HTTP://NESTD/livez HTTP/1.1")),
    taken("target a URL without a path", get(line=b"GET http://nestd HTTP/1.1")),
    taken("target a URL with a query alone", get(line=b"GET http://nestd?a=b HTTP/1.1")),
    taken("target a URL with a query", get(line=b"GET http://nestd/livez?a=b HTTP/1.1")),
    taken("target a URL of another host", get(line=b"GET http://other/livez HTTP/1.1")),
    taken("target escaped", get(line=b"GET /liv%65z HTTP/1.1")),
    taken("target with a query", get(line=b"GET /livez?a=b&c HTTP/1.1")),
    taken("target with 500 parameters", get(line=b"GET /livez?" + b"a=b&" * 500 + b" HTTP/1.1"), {200, 431}),
    taken("target with 500 names", get(line=b"GET /livez?" + b"a&" * 500 + b" HTTP/1.1"), {200, 431}),
    taken("target with 5000 parameters", get(line=b"GET /livez?" + b"a=b&" * 5000 + b" HTTP/1.1"), {200, 431, 414}),
    taken("target with a long query", get(line=b"GET /livez?" + b"a" * 20000 + b" HTTP/1.1"), {200, 431, 414}),
    taken("target with parameters, of a POST", post(LENGTH, line=b"POST /v1/embeddings?" + b"a=b&" * 600 + b" HTTP/1.1"), {200, 431}),
    refused("target a URL missing its host, no Host", lines(b"GET http://nestd/livez HTTP/1.1")),
    refused("target without a slash", get(line=b"GET livez HTTP/1.1")),
    refused("target a URL without a host", get(line=b"GET http:///livez HTTP/1.1")),
    refused("target a URL with a user", get(line=b"GET http://me@nestd/livez HTTP/1.1")),
    refused("target a URL of another scheme", get(line=b"GET ftp://nestd/livez HTTP/1.1")),
    refused("target a host alone", get(line=b"CONNECT nestd:80 HTTP/1.1")),
    refused("target with a NUL", get(line=b"GET /livez\0x HTTP/1.1"), may_close=True),
    # 1.0.1 answers a blank with a redirect to the escaped target, as RFC 9112 (3.2) allows.
    refused("target with a blank", get(line=b"GET /livez x HTTP/1.1"), {301, 400}, is_json=False),
    refused("target with a tab", get(line=b"GET /livez\tx HTTP/1.1"), {301, 400}, is_json=False),
    taken("target unknown", get(line=b"GET /nowhere HTTP/1.1"), {404}, goes_on=True),
    taken("target a star", get(line=b"OPTIONS * HTTP/1.1"), {404, 204, 200}, goes_on=True),
]

LINES = [
    taken("empty line first", b"\r\n" + get()),
    taken("bare line feeds", get().replace(b"\r\n", b"\n"), {200, 400}, is_json=False),
    refused("bare line feed before a field", lines(b"GET /livez HTTP/1.1", HOST, b"X-A: b\nX-B: c"), {200, 400}, is_json=False),
    taken("method unknown", get(line=b"BREW /livez HTTP/1.1"), {405, 501}, goes_on=True),
    refused("method in small letters", get(line=b"get /livez HTTP/1.1"), {405, 400, 501}, goes_on=True),
    taken("version 1.0", get(b"Connection: keep-alive", line=b"GET /livez HTTP/1.0")),
    unreadable("version 2.0", get(line=b"GET /livez HTTP/2.0"), {505, 400}),
    unreadable("version 0.9", get(line=b"GET /livez HTTP/0.9"), {505, 400}),
    unreadable("version missing", get(line=b"GET /livez")),
    unreadable("version in small letters", get(line=b"GET /livez http/1.1")),
    unreadable("version of other digits", get(line=b"GET /livez HTTP/1.10")),
    unreadable("version with words after", get(line=b"GET /livez HTTP/1.1x")),
    unreadable("target missing", get(line=b"GET HTTP/1.1")),
    unreadable("carriage return in the line", get(line=b"GET /livez\rx HTTP/1.1"), {301, 400}),
]

FIELDS = [
    taken("field empty", get(b"X-Empty:")),
    taken("field of bytes over 127", get("X-Name: Jürgen".encode())),
    taken("field with a colon", get(b"X-Colon: a:b")),
    taken("field of a tab", get(b"X-Tab: a\tb")),
    taken("field name of odd letters", get(b"x!#$%&'*+-.^_`|~1: a")),
    refused("blank before the colon", lines(b"GET /livez HTTP/1.1", b"Host : nestd"), is_json=False),
    refused("tab before the colon", get(b"X-A\t: b"), is_json=False),
    refused("blank before the length's colon", post(b"Content-Length : 14"), is_json=False),
    refused("blank before the coding's colon", post(b"Transfer-Encoding : chunked", body=CHUNKS), is_json=False),
    refused("blank in a name", get(b"X A: b"), is_json=False),
    # 0.9.75 takes it for the header's end.
    refused("name empty", get(b": b"), is_json=False),
    refused("name empty, value too", get(b":"), is_json=False),
    refused("name empty, before another", get(b": b", b"X-A: b"), is_json=False),
    refused("name empty, in the first line", lines(b"GET /livez HTTP/1.0", b": b"), is_json=False),
    refused("name with a parenthesis", get(b"X(A): b")),
    refused("name with a quote", get(b'"Content-Length": 3')),
    refused("name with a slash", get(b"X/A: b")),
    refused("name over 127", get("Xé: b".encode())),
    refused("name with a control character", get(b"X\x01A: b")),
    unreadable("field without a colon", get(b"nonsense")),
    refused("first field indented", lines(b"GET /livez HTTP/1.1", b" X: y", HOST), is_json=False),
    refused("bare carriage return", get(b"X-A: b\rc"), is_json=False),
    refused("bare carriage return before a field", get(b"X-A: b\rContent-Length: 5"), is_json=False),
    refused("bare carriage return in the length", post(b"Content-Length: 1\r4"), is_json=False),
    refused("bare carriage return after the coding", post(b"Transfer-Encoding: chunked\r", body=CHUNKS), is_json=False),
    refused("NUL in a value", get(b"X-A: b\0c"), is_json=False),
    refused("NUL in the length", post(b"Content-Length: 14\x000"), is_json=False),
    refused("NUL in a name", get(b"X\0A: b"), is_json=False),
    taken("folded field", get(b"X-A: b\r\n c"), {200, 400}, is_json=False),
    taken("folded twice", get(b"X-A: b\r\n c\r\n\td"), {200, 400}, is_json=False),
    # 0.9.75 adds what is folded to the field's name: here it makes a length out of nothing.
    refused("folded into a length", lines(EMBED, HOST, b"Content-:14\r\n Length", body=BODY), is_json=False),
    refused("folded length", post(b"Content-Length: 1\r\n 4"), is_json=False),
    taken("folded coding", post(b"Transfer-Encoding:\r\n chunked", body=CHUNKS), {200, 400}, is_json=False),
]

SIZES = [
    taken("header of 8 KiB", get(b"X-A: " + b"a" * 8 * KIB)),
    taken("header of 16 KiB", get(b"X-A: " + b"a" * 16 * KIB)),
    taken("header of 23 KiB", get(b"X-A: " + b"a" * 23 * KIB)),
    taken("header of 23 KiB and a body", post(LENGTH, b"X-A: " + b"a" * 23 * KIB)),
    taken("header of 20 KiB in 150 fields", get(*(b"X-%d: " % i + b"a" * 130 for i in range(150)))),
    taken("cookies of 8 KiB", get(b"Cookie: " + b"name=value; " * 600 + b"a=b"), {200, 431}),
    refused("header of 25 KiB", get(b"X-A: " + b"a" * 25 * KIB), {431}),
    refused("header of 30 KiB", get(b"X-A: " + b"a" * 30 * KIB), {431}, is_json=False),
    refused("header of 100 KiB", get(b"X-A: " + b"a" * 100 * KIB), {431}, is_json=False),
    refused("header of 1 MiB in fields", get(*(b"X-%d: " % i + b"a" * 100 for i in range(10000))), {431}, is_json=False),
    refused("fields in hundreds", get(*(b"X-%d: a" % i for i in range(250))), {431}),
    refused("fields in thousands", get(*(b"X-%d: a" % i for i in range(5000))), {431}, is_json=False),
    refused("target of 100 KiB", get(line=b"GET /" + b"a" * 100 * KIB + b" HTTP/1.1"), {414, 431}, is_json=False),
]

CONTENT = [
    taken("JSON twice in one", post(LENGTH, b"Content-Type: application/json, application/json")),
    taken("JSON twice", post(LENGTH, b"Content-Type: application/json", b"Content-Type: application/json")),
    taken("JSON with a character set", post(LENGTH, b"Content-Type: application/json; charset=utf-8")),
    taken("form", post(LENGTH, b"Content-Type: application/x-www-form-urlencoded"), {415}, goes_on=True),
    taken("JSON and a form", post(LENGTH, b"Content-Type: application/json, text/plain"), {415}, goes_on=True),
    taken("JSON and a form, twice", post(LENGTH, b"Content-Type: application/json", b"Content-Type: text/plain"), {415}, goes_on=True),
    *(
        taken(f"encoded as {name}", post(LENGTH, b"Content-Encoding: " + name.encode()), {415}, goes_on=True)
        for name in ("gzip", "deflate", "br", "zstd", "x-gzip", "identity, gzip", "GZIP")
    ),
    taken("encoded as identity", post(LENGTH, b"Content-Encoding: identity")),
    taken("encoded as nothing", post(LENGTH, b"Content-Encoding:")),
]

CASES = [*LENGTHS, *CODINGS, *HOSTS, *TARGETS, *LINES, *FIELDS, *SIZES, *CONTENT]
