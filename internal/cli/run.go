package cli

import (
	"context"

	"github.com/spf13/cobra"
)

// Exit codes.
const (
	OK      = 0
	Failed  = 1 // the work failed
	Misused = 2 // wrong usage or configuration; nothing was begun
)

// Run executes a tree of commands, reports its error on the tree's standard
// error and returns the exit code.
//
// An error that comes up before a command begins, such as an unknown flag or a
// wrong number of arguments, is one of usage. The root must not have a
// PersistentPreRun, by which Run tells the two apart.
func Run(ctx context.Context, root *cobra.Command) int {
	root.SilenceErrors, root.SilenceUsage = true, true
	root.CompletionOptions.HiddenDefaultCmd = true
	begun := false
	root.PersistentPreRun = func(*cobra.Command, []string) { begun = true }
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return OK
	}
	if !begun {
		err = Usage(cmd, err)
	}
	return Report(root.ErrOrStderr(), root.Name(), err)
}
