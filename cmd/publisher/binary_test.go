package main

import (
	"os/exec"
	"strings"
	"testing"
)

// TestNoServerIsLinked keeps the publisher small: a NATS server or a Redis in
// its binary would triple it, and nothing here runs one.
func TestNoServerIsLinked(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatalf("list what the publisher is made of: %v", err)
	}
	deps := strings.Fields(string(out))
	if len(deps) < 100 {
		t.Fatalf("only %d packages are listed", len(deps))
	}
	for _, pkg := range deps {
		for _, server := range []string{
			"github.com/nats-io/nats-server/", "github.com/alicebob/miniredis/",
			"github.com/kenar-addons/kenar-addons/internal/embedded", "go.opentelemetry.io/otel/sdk", "google.golang.org/grpc",
			"github.com/kenar-addons/kenar-addons/kenar/kenartest",
		} {
			if strings.HasPrefix(pkg, server) {
				t.Errorf("the publisher has %s in it; go list -deps tells by what", pkg)
			}
		}
	}
}
