package kenartest

import (
	_ "embed"
	"strings"
	"sync"
)

// iconNames lists the icons of Kenar's OpenAPI document (schema
// DivarIconsIconName, 822 names in August 2026), separated by white space.
//
//go:embed icon_names.txt
var iconNames string

var (
	icon = &enum{"icon", sync.OnceValue(func() map[string]bool {
		return set(strings.Fields(iconNames)...)()
	})}
	// legacyIcon has two more names, from the icon list that was published
	// while v1 was current.
	legacyIcon = &enum{"icon", sync.OnceValue(func() map[string]bool {
		return set(append(strings.Fields(iconNames), "UNKNOWN", "INDICATOR")...)()
	})}
)
