package cli

import (
	"context"
	"errors"
	"strings"

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
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), ".FlagUsages", ".FlagUsagesWrapped 100"))
	begun := false
	root.PersistentPreRun = func(*cobra.Command, []string) { begun = true }
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return OK
	}
	switch {
	case !begun:
		err = Usage(cmd, err)
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		err = errors.New("stopped before the work was finished")
	}
	return Report(root.ErrOrStderr(), root.Name(), err)
}
