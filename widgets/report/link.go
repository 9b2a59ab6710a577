package report

import (
	"errors"
	"unicode/utf8"

	"github.com/kenar-addons/kenar-addons/widgets"
)

const maxLink = 2048 // characters; ours, browsers and proxies take no more for sure

// checkLink holds a link against the rules of the widget that it goes into.
// The link itself stays out of the fault: it may carry a secret.
func checkLink(f *findings, at, field, link string) {
	if n := utf8.RuneCountInString(link); n > maxLink {
		f.fault(at, field, "%d characters, at most %d allowed; a link cannot be shortened", n, maxLink)
		return
	}
	var faults widgets.Faults
	if errors.As(widgets.ValidateAction(widgets.OpenDirectLink(link)), &faults) {
		f.fault(at, field, "%s", faults[0].Message)
	}
}
