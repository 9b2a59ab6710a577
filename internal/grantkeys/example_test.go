package grantkeys_test

import (
	"fmt"
	"os"

	"github.com/kenar-addons/kenar-addons/internal/grantkeys"
)

// A worker makes the pair; whoever puts grants on the same machine needs the
// recipient alone.
func Example() {
	dir, err := os.MkdirTemp("", "grantkeys-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := grantkeys.Ensure(dir); err != nil {
		fmt.Println(err)
		return
	}
	recipient, err := grantkeys.Recipient(dir)
	fmt.Println(recipient[:4], err)
	// Output: age1 <nil>
}
