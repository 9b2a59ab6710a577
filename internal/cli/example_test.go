package cli_test

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/pipeline"
)

func ExampleTable() {
	t := &cli.Table{Right: []bool{1: true}}
	t.Add("LANE", "WAITING", "STATE")
	t.Add("ADD_ON_CREATE", "37", "waits for a token")
	t.Add("ADD_ON_DELETE", "0", "ok")
	_, _ = t.WriteTo(os.Stdout)
	// Output:
	// LANE           WAITING  STATE
	// ADD_ON_CREATE       37  waits for a token
	// ADD_ON_DELETE        0  ok
}

func ExampleWhen() {
	now := time.Date(2026, 8, 19, 9, 30, 0, 0, time.Local)
	fmt.Println(cli.When(now.Add(40*time.Second), now))
	fmt.Println(cli.When(now.AddDate(0, 0, 3), now))
	// Output:
	// 09:30:40 (in 40 s)
	// Sat 09:30 (in 3 d)
}

func ExampleFaults() {
	_, _, err := pipeline.Builder{}.Validate([]byte(`{"specversion":"1.0","id":"e1","source":"shop",
		"type":"kenar.addon.detach.v1","subject":"post/gZ206tip","priority":"soon","data":[]}`))
	var reason *pipeline.Reason
	if !errors.As(err, &reason) {
		return
	}
	for _, f := range cli.Faults(reason.Field, reason.Message) {
		fmt.Println(f)
	}
	// Output:
	// priority: "soon" is unknown, use urgent or normal
	// data: must be an object
}
