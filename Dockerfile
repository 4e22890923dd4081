# SPDX-License-Identifier: Apache-2.0
#
# nestd, the libraries that it needs, and nothing else: built on a slim Debian, whose shell and package manager stay behind. With the
# weights in a volume:
#     docker build -t nestd .
#     docker run --read-only -p 8080:8080 -v ./models:/models:ro nestd
# or baked in, from a folder of the build context:
#     docker build -t nestd --build-arg WEIGHTS=models/all-MiniLM-L6-v2 .
ARG BASE=debian:13-slim

# For another architecture the compiler is a cross compiler: under emulation the build would take hours.
FROM --platform=$BUILDPLATFORM ${BASE} AS build
ARG TARGETARCH
COPY server/packages /source/server/packages
COPY docker/build-packages /source/docker/build-packages
RUN /source/docker/build-packages /cross.ini "${TARGETARCH}"
COPY meson.build meson_options.txt /source/
COPY config /source/config
COPY engine /source/engine
COPY server /source/server
# What --version names: docker build --build-arg COMMIT="$(git rev-parse --short=10 HEAD)" .
ARG COMMIT=unknown
RUN if [ -f /cross.ini ]; then set -- --cross-file=/cross.ini; fi \
    && meson setup /build /source --buildtype=release -Dtests=false "-Dcommit=${COMMIT}" -Dc_link_args=-s -Dcpp_link_args=-s "$@" \
    && ninja -C /build server/nestd
COPY LICENSE /source/LICENSE
COPY docker/gather docker/sbom /source/docker/
# The time of every file, in seconds since 1970, and so the same in each build.
ARG SOURCE_DATE_EPOCH=0
RUN mkdir /image \
    && /source/docker/gather /build/server/nestd /image "${TARGETARCH}"

# MODEL is the folder under /models that is served; WEIGHTS, where given, becomes it. No VOLUME: it would copy baked weights for
# every container.
FROM build AS weights
ARG MODEL=all-MiniLM-L6-v2
ARG WEIGHTS=
ARG SOURCE_DATE_EPOCH=0
RUN --mount=type=bind,target=/context \
    mkdir /baked \
    && if [ -n "${WEIGHTS}" ]; then cp -rL "/context/${WEIGHTS}" "/baked/${MODEL}" && chmod -R a+rX /baked; fi \
    && find /baked -exec touch --date "@${SOURCE_DATE_EPOCH}" {} +

FROM scratch
COPY --from=build /image /
COPY --from=weights /baked /models
ARG MODEL=all-MiniLM-L6-v2
ARG COMMIT=unknown
ARG VERSION=unknown
LABEL org.opencontainers.image.title=nestd \
    org.opencontainers.image.description="Embeddings and similarity of texts over HTTP, on CPUs" \
    org.opencontainers.image.licenses=Apache-2.0 \
    org.opencontainers.image.version=${VERSION} \
    org.opencontainers.image.revision=${COMMIT}

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
