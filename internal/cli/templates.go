package cli

import (
	"fmt"
	"os"

	"github.com/kenar-addons/kenar-addons/widgets/template"
)

// Templates loads the templates of a directory. Without one there are none.
func Templates(dir string) (*template.Set, error) {
	if dir == "" {
		return nil, nil
	}
	set, err := template.Load(os.DirFS(dir))
	if err != nil {
		return nil, fmt.Errorf("load templates of %s: %w", dir, err)
	}
	return set, nil
}
