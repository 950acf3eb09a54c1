# The engine's image: one static binary, without a shell, a package manager or anything else.
#
#     docker build -f docker/engine.Dockerfile -t casemate-engine .
#
# Where no registry of images is reached, docker/base/make-rust makes an image for RUST.
ARG RUST=docker.io/library/rust:1.95.0-slim-bookworm

FROM ${RUST} AS build
WORKDIR /source
COPY . .
# Paths of this machine don't get into the binary, so that the same source and toolchain give the same bytes anywhere.
# Symbols are left out: nothing in an enclave could read them, and they are most of the binary.
ENV CARGO_HOME=/cargo CARGO_INCREMENTAL=0 CARGO_PROFILE_RELEASE_STRIP=symbols SOURCE_DATE_EPOCH=0 \
    RUSTFLAGS="-C target-feature=+crt-static --remap-path-prefix=/cargo=cargo --remap-path-prefix=/source=source"
ARG JOBS=
RUN cargo build --locked --release --package casemate-engine --bin casemate-engine \
        --target x86_64-unknown-linux-gnu ${JOBS:+--jobs ${JOBS}} \
    && install -D -m 755 target/x86_64-unknown-linux-gnu/release/casemate-engine /root-fs/usr/bin/casemate-engine

FROM scratch
COPY --from=build /root-fs /
USER 65532:65532
ENTRYPOINT ["/usr/bin/casemate-engine"]
