# syntax=docker/dockerfile:1
#
# One image with both programs. Nothing in it but them, certificates and time zones: no
# shell, no package manager, no user but one without rights.
#
#   docker buildx build --sbom=true --provenance=mode=max -t kenar-addons .
#
# To get the same bytes from the same commit, pin GO_IMAGE by digest and see
# docs/kubernetes.md.
ARG GO_IMAGE=golang:1.26-bookworm

FROM --platform=$BUILDPLATFORM ${GO_IMAGE} AS build
WORKDIR /src

# Modules first: they change less often than the sources.
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download && go mod verify

# With .git, from which the go command takes the version: that of the tag, or one made
# of commit and date. What is left out of the context but tracked would make it +dirty;
# .dockerignore leaves out nothing that is tracked.
COPY . .
ARG TARGETOS TARGETARCH
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH GOFLAGS=-buildvcs=true \
    go build -trimpath -ldflags='-s -w -buildid=' -o /out/usr/local/bin/ ./cmd/worker ./cmd/publisher

# The root of the image, as a tree. /data is for embedded mode without Kubernetes.
RUN mkdir -p /out/etc/ssl/certs /out/usr/share /out/tmp /out/data \
 && cp /etc/ssl/certs/ca-certificates.crt /out/etc/ssl/certs/ \
 && cp -r "$(go env GOROOT)/lib/time" /out/usr/local/ \
 && printf 'nonroot:x:65532:65532::/data:/sbin/nologin\n' >/out/etc/passwd \
 && printf 'nonroot:x:65532:\n' >/out/etc/group \
 && chown 65532:65532 /out/data && chmod 1777 /out/tmp

FROM scratch
COPY --from=build /out/ /
ENV PATH=/usr/local/bin \
    ZONEINFO=/usr/local/time/zoneinfo.zip \
    DATA_DIR=/data \
    ADMIN_ADDR=:9090
USER 65532:65532
WORKDIR /data
EXPOSE 9090
# The worker finishes its calls on SIGTERM, which is the default.
ENTRYPOINT ["worker"]
CMD ["run"]
LABEL org.opencontainers.image.title="kenar-addons" \
      org.opencontainers.image.description="Delivers vehicle inspection and valuation results onto Divar ads" \
      org.opencontainers.image.source="https://github.com/kenar-addons/kenar-addons" \
      org.opencontainers.image.licenses="Apache-2.0"
