//go:build !linux

package embedded

import "errors"

const readOnly = 0

func mountTmpfs(string, uintptr, string) error { return errors.ErrUnsupported }

func unmount(string) error { return nil }
