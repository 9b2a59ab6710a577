package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLastStage(t *testing.T) {
	got, err := lastStage(`# syntax=docker/dockerfile:1
ARG GO_IMAGE=golang
FROM ${GO_IMAGE} AS build
USER nobody
ENV BUILD=1
RUN make \
 && install

FROM scratch
COPY --from=build /out/ /
ENV PATH=/bin \
    # a comment within
    DATA_DIR=/data
ENV ADDR=:1
USER 65532:65532
WORKDIR /data
EXPOSE 9090
ENTRYPOINT ["worker"]
CMD ["run", "-v"]
LABEL title="two words"
`)
	if err != nil {
		t.Fatal(err)
	}
	want := config{
		User: "65532:65532", Env: []string{"PATH=/bin", "DATA_DIR=/data", "ADDR=:1"}, WorkingDir: "/data",
		Entrypoint: []string{"worker"}, Cmd: []string{"run", "-v"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("differs (-want +got):\n%s", diff)
	}
}

func TestLastStageRefuses(t *testing.T) {
	for name, dockerfile := range map[string]string{
		"nothing":               "",
		"no user":               "FROM scratch\nENTRYPOINT [\"a\"]",
		"no program":            "FROM scratch\nUSER 1",
		"user of another stage": "FROM a\nUSER 1\nFROM scratch\nENTRYPOINT [\"a\"]",
		"a shell's command":     "FROM scratch\nUSER 1\nENTRYPOINT worker run",
		"an unknown one":        "FROM scratch\nUSER 1\nENTRYPOINT [\"a\"]\nSHELL [\"b\"]",
	} {
		t.Run(name, func(t *testing.T) {
			if c, err := lastStage(dockerfile); err == nil {
				t.Errorf("got %+v, want an error", c)
			}
		})
	}
}
