package main

import (
	"testing"

	"github.com/kenar-addons/kenar-addons/internal/cli/clitest"
)

func TestMain(m *testing.M) { clitest.Main(m, "publisher", main) }

func TestScripts(t *testing.T) { clitest.Run(t, "./cmd/worker") }
