package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func TestRun(t *testing.T) {
	stopped, stop := context.WithCancel(t.Context())
	stop()
	for _, c := range []struct {
		name string
		ctx  context.Context
		args []string
		err  error
		code int
		want string
	}{
		{name: "well", args: []string{"sub"}},
		{name: "a failure", args: []string{"sub"}, err: errors.New("open the door: it is locked"), code: Failed,
			want: "tool: error: open the door: it is locked\n"},
		{name: "advice", args: []string{"sub"}, err: WithHint(errors.New("locked"), "use the %s", "key"), code: Failed,
			want: "tool: error: locked\ntool: hint: use the key\n"},
		{name: "advice from further down", args: []string{"sub"}, err: fmt.Errorf("open: %w", WithHint(errors.New("locked"), "use the key")), code: Failed,
			want: "tool: error: open: locked\ntool: hint: use the key\n"},
		{name: "several at once", args: []string{"sub"}, err: Misconfigured(errors.Join(errors.New("a is wrong"), errors.Join(errors.New("b is wrong:\nvery")))), code: Misused,
			want: "tool: error: a is wrong\ntool: error: b is wrong:\n  very\ntool: hint: a flag beats an environment variable, which beats the file of --config; see --help for all settings\n"},
		{name: "said before", args: []string{"sub"}, err: Said(), code: Failed},
		{name: "stopped", ctx: stopped, args: []string{"sub"}, err: fmt.Errorf("read: %w", context.Canceled), code: Failed,
			want: "tool: error: stopped before the work was finished\n"},
		{name: "an unknown command", args: []string{"bus"}, code: Misused,
			want: "tool: error: unknown command \"bus\" for \"tool\"\n\nDid you mean this?\n\tsub\n\ntool: hint: see tool --help\n"},
		{name: "an unknown flag", args: []string{"sub", "--fast"}, code: Misused,
			want: "tool: error: unknown flag: --fast\ntool: hint: see tool sub --help\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out strings.Builder
			root := &cobra.Command{Use: "tool"}
			root.AddCommand(&cobra.Command{Use: "sub", RunE: func(*cobra.Command, []string) error { return c.err }})
			root.SetArgs(c.args)
			root.SetErr(&out)
			ctx := c.ctx
			if ctx == nil {
				ctx = t.Context()
			}
			if code := Run(ctx, root); code != c.code {
				t.Errorf("code %d, want %d", code, c.code)
			}
			if got, want := unindent(out.String()), unindent(c.want); got != want {
				t.Errorf("said\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// unindent leaves the white space within a message to its author.
func unindent(s string) string { return strings.Join(strings.Fields(s), " ") }
