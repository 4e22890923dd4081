# SPDX-License-Identifier: Apache-2.0
#
# nestd on a slim Debian: the program, the libraries that it needs, and nothing else. With the weights in a volume:
#     docker build -t nestd .
#     docker run --read-only -p 8080:8080 -v ./models:/models:ro nestd
# or baked in, from a folder of the build context:
#     docker build -t nestd --build-arg WEIGHTS=models/all-MiniLM-L6-v2 .
ARG BASE=debian:13-slim

FROM ${BASE} AS build
COPY server/packages /source/server/packages
# The certificates of the world's authorities, for models from the hub: without the package in the image, which brings openssl's program.
RUN /source/server/packages build \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ca-certificates
COPY meson.build meson_options.txt /source/
COPY config /source/config
COPY engine /source/engine
COPY server /source/server
# What --version names: docker build --build-arg COMMIT="$(git rev-parse --short=10 HEAD)" .
ARG COMMIT=unknown
RUN meson setup /build /source --buildtype=release -Dtests=false "-Dcommit=${COMMIT}" \
    && ninja -C /build server/nestd \
    && strip /build/server/nestd
# The packages of the libraries that the program asks for: their names differ between Debian 12 and 13.
RUN objdump -p /build/server/nestd | sed -n 's|^ *NEEDED *|*/|p' | xargs dpkg --search \
    | sed -n '/^diversion /d; s/:.*//p' | sort -u >/build/packages

FROM ${BASE}
RUN --mount=type=bind,from=build,source=/build/packages,target=/packages \
    apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(cat /packages) \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/*-old /var/lib/dpkg/*-old \
        /var/log/apt /var/log/dpkg.log /usr/share/doc/* /usr/share/man/* /usr/share/locale/* \
    && useradd --uid 10001 --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin nestd
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /build/server/nestd /usr/local/bin/nestd
COPY LICENSE /usr/share/doc/nestd/LICENSE

# MODEL is the folder under /models that is served; WEIGHTS, where given, becomes it. No VOLUME: it would copy baked weights for
# every container.
ARG MODEL=all-MiniLM-L6-v2
ARG WEIGHTS=
RUN --mount=type=bind,target=/context \
    mkdir -p /models \
    && install -d -o 10001 -g 10001 /data \
    && if [ -n "${WEIGHTS}" ]; then cp -rL "/context/${WEIGHTS}" "/models/${MODEL}" && chmod -R a+rX /models; fi

# Models from the hub (--model-id ORG/NAME) are kept in /data, which is for a volume.
ENV HF_HUB_CACHE=/data

# Model and port by the names that any NESTD_ variable, and what runs Text Embeddings Inference elsewhere, overrides.
# The delay is for load balancers: readiness fails that long before the port closes.
ENV NESTD_HOSTNAME=0.0.0.0 PORT=8080 MODEL_ID=/models/${MODEL} NESTD_DRAIN_DELAY=5
USER 10001:10001
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=5s --retries=3 CMD ["/usr/local/bin/nestd", "--health-check", "/livez"]
ENTRYPOINT ["/usr/local/bin/nestd"]
