package widgets

import (
	"encoding/json"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kenar-addons/kenar-addons/widgets/spelling"
	"github.com/kenar-addons/kenar-addons/widgets/strictjson"
)

// fieldChecker is the visitor that holds fields against the documented rules.
type fieldChecker struct {
	report   *report
	settings Decoder // those of icons and image sources apply
}

func (c *fieldChecker) text(name string, p *string, limit textLimit) {
	if limit.required && strings.TrimSpace(*p) == "" {
		c.report.fault(name, "is empty, a text is required")
	}
	if !utf8.ValidString(*p) {
		c.report.fault(name, "is not valid UTF-8")
	}
	if i := strings.IndexFunc(*p, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }); i >= 0 {
		c.report.fault(name, "has the control character %U, only line feeds and tabs are allowed", []rune((*p)[i:])[0])
	}
	if n := utf8.RuneCountInString(*p); limit.most > 0 && n > limit.most {
		c.report.fault(name, "%d characters, at most %d allowed", n, limit.most)
	}
}

func (c *fieldChecker) flag(string, *bool) {}

func (c *fieldChecker) integer(name string, p *int, in bounds) {
	if *p < in.least || *p > in.most {
		c.report.fault(name, "is %d, must be from %d to %d", *p, in.least, in.most)
	}
}

func (c *fieldChecker) optionalInteger(name string, p **int, in bounds) {
	if *p != nil {
		c.integer(name, *p, in)
	}
}

func (c *fieldChecker) enum(name string, p *string, of enum) {
	if *p == "" {
		if of.required {
			c.report.fault(name, "is missing, must be %s: one of %s", of.what, strings.Join(of.names, ", "))
		}
		return
	}
	for _, n := range of.names {
		if *p == n {
			return
		}
	}
	c.report.fault(name, "%s is not %s%s", quote(*p), of.what, spelling.Hint(*p, of.names))
}

func (c *fieldChecker) icon(name string, p *string) {
	if *p != "" && !c.settings.knowsIcon(*p) {
		c.report.fault(name, "%s is not a known icon name%s", quote(*p), spelling.Hint(*p, iconNames[:]))
	}
}

// Logo in place of an image id shows the avatar of the app.
const Logo = "logo"

// image takes what the upload answered as image_name, or Logo. What else an
// id may look like is not documented, so only what cannot be one is refused.
// What is refused stays out of the message: it may be megabytes of base64, or
// a URL with a signature.
func (c *fieldChecker) image(name, _ string, p *string, required bool) {
	switch id := *p; {
	case id == "" && required:
		c.report.fault(name, "is missing, must be the id of an uploaded image or %q", Logo)
	case strings.EqualFold(id, Logo) && id != Logo:
		c.report.fault(name, "is %s, must be written %q", quote(id), Logo)
	case IsImageSource(id):
		if !c.settings.ImageSources {
			c.report.fault(name, "is the source of an image and none are fetched here: upload the image, and give the bare id that the upload answers, or %q", Logo)
		}
	case utf8.ValidString(id) && !strings.ContainsAny(id, `/\:?#%`) && !strings.ContainsFunc(id, notPrinted):
		// An id.
	case !c.settings.ImageSources:
		c.report.fault(name, "is a URL, a path or has spaces in it, must be the bare id of an uploaded image or %q", Logo)
	case isDataURI(id):
		c.report.fault(name, "is not a usable data URI, must be data:image/jpeg;base64, or another image type, with the base64 of the image behind it")
	default:
		c.report.fault(name, "is neither the bare id of an uploaded image nor %q nor the source of an image: an absolute https URL or a data:image/…;base64,… URI", Logo)
	}
}

// notPrinted reports whether c is white space or a control character.
func notPrinted(c rune) bool { return unicode.IsSpace(c) || unicode.IsControl(c) }

// link applies the one rule Kenar states for links: a valid URL without white
// space. The link itself stays out of the message, it may carry a secret.
func (c *fieldChecker) link(name, _ string, p *string) {
	if *p == "" {
		c.report.fault(name, "is missing, must be an absolute http or https URL")
		return
	}
	if !utf8.ValidString(*p) || strings.ContainsFunc(*p, notPrinted) {
		c.report.fault(name, "has white space, a control character or invalid UTF-8 in it; percent-encode what belongs to the URL")
		return
	}
	u, err := url.Parse(*p)
	switch {
	case err != nil:
		c.report.fault(name, "is not a valid URL")
	case u.Scheme == "":
		c.report.fault(name, "has no scheme, must start with https:// or http://")
	case u.Scheme != "http" && u.Scheme != "https":
		c.report.fault(name, "has the scheme %s, must be http or https", quote(u.Scheme))
	case u.Hostname() == "":
		c.report.fault(name, "has no host, must be an absolute URL such as https://example.com/report")
	}
}

// maxPostToken is more than the 16 characters post tokens are announced to
// grow to; the management token, which must never be used, is longer still.
const maxPostToken = 20

func (c *fieldChecker) postToken(name string, p *string) {
	if *p == "" {
		c.report.fault(name, "is missing, must be the token of a post")
		return
	}
	for _, b := range []byte(*p) {
		switch {
		case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9', b == '_', b == '-':
		default:
			c.report.fault(name, "must consist of letters, digits, _ and - only")
			return
		}
	}
	if len(*p) > maxPostToken {
		c.report.fault(name, "%d characters, at most %d allowed", len(*p), maxPostToken)
	}
}

func (c *fieldChecker) data(name string, p *json.RawMessage) {
	if len(*p) == 0 {
		return
	}
	c.report.enter(name)
	defer c.report.leave()
	if v, ok := parse(*p, c.report); ok && v.kind != strictjson.Object {
		c.report.fault("", "is %s, must be an object", v.kind)
	}
}

func (c *fieldChecker) action(name string, p *Action, required bool) {
	if *p == nil {
		if required && c.report.readable(c.report.path(name)) {
			c.report.fault(name, "is missing, what a click does is required")
		}
		return
	}
	c.report.enter(name)
	checkAction(c, *p)
	c.report.leave()
}

func (c *fieldChecker) message(name string, set bool, fields func(visitor)) {
	if set {
		c.report.enter(name)
		fields(c)
		c.report.leave()
	}
}

func (c *fieldChecker) list(name string, n int, allowed bounds, _ func(int), item func(int, visitor)) {
	items := "items"
	if n == 1 {
		items = "item"
	}
	switch {
	case n >= allowed.least && (allowed.most == 0 || n <= allowed.most):
	case allowed.most == 0:
		c.report.fault(name, "%d %s, at least %d required", n, items, allowed.least)
	default:
		c.report.fault(name, "%d %s, %d to %d required", n, items, allowed.least, allowed.most)
	}
	c.report.enter(name)
	for i := range n {
		c.report.enterItem(i)
		item(i, c)
		c.report.leave()
	}
	c.report.leave()
}

func (c *fieldChecker) constant(string, string, bool) {}

func (c *fieldChecker) eitherOf(a string, hasA bool, b string, hasB bool) {
	if hasA != hasB || !c.report.readable(c.report.path(a)) || !c.report.readable(c.report.path(b)) {
		return
	}
	has := "neither"
	if hasA {
		has = "both"
	}
	c.report.fault("", "has %s of %s and %s, must have exactly one", has, a, b)
}

func (c *fieldChecker) stripped(string, string) {}

func (c *fieldChecker) ignored(string) {}
