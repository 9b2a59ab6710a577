package config

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// A field is the place of a setting's value in a Config, with its syntax.
type field struct {
	// kind names the type of the value in the usage text of a flag.
	kind string
	// parse checks a text that is not empty and stores its value. Its error says
	// what is allowed and never quotes the text.
	parse func(c *Config, text string) error
	// show is the value as text, masked, and empty when there is none.
	show func(c *Config) string
	// reveal is a secret in clear text; nil for what is none.
	reveal func(c *Config) string
}

// text is a string that passes check.
func text(kind string, at func(*Config) *string, check func(string) error) field {
	return field{
		kind: kind,
		parse: func(c *Config, text string) error {
			if err := check(text); err != nil {
				return err
			}
			*at(c) = text
			return nil
		},
		show: func(c *Config) string { return *at(c) },
	}
}

// webURL is an http URL without the slash at its end.
func webURL(at func(*Config) *string) field {
	f := text("url", at, isWebURL)
	check := f.parse
	f.parse = func(c *Config, text string) error { return check(c, strings.TrimRight(text, "/")) }
	return f
}

// secret is a value that is not shown.
func secret(at func(*Config) *Secret, check func(string) error) field {
	return hidden("", at, check, NewSecret)
}

// secretURL is a list of URLs of which the credentials are not shown.
func secretURL(at func(*Config) *Secret, schemes ...string) field {
	return hidden("url", at, func(list string) error {
		for part := range strings.SplitSeq(list, ",") {
			if err := isURL(strings.TrimSpace(part), schemes); err != nil {
				return err
			}
		}
		return nil
	}, NewSecretURL)
}

func hidden(kind string, at func(*Config) *Secret, check func(string) error, wrap func(string) Secret) field {
	return field{
		kind: kind,
		parse: func(c *Config, text string) error {
			if err := check(text); err != nil {
				return err
			}
			*at(c) = wrap(text)
			return nil
		},
		show:   func(c *Config) string { return at(c).String() },
		reveal: func(c *Config) string { return at(c).Reveal() },
	}
}

// duration is a duration from least to most, or without upper limit if most is 0.
func duration(at func(*Config) *time.Duration, least, most time.Duration) field {
	allowed := "want a duration above zero, such as 30s or 1h30m"
	if most > 0 {
		allowed = fmt.Sprintf("want a duration from %s to %s, such as %s", brief(least), brief(most), brief(least))
	}
	return field{
		kind: "duration",
		parse: func(c *Config, text string) error {
			d, err := time.ParseDuration(text)
			if err != nil || d < least || most > 0 && d > most {
				return errors.New(allowed)
			}
			*at(c) = d
			return nil
		},
		show: func(c *Config) string { return brief(*at(c)) },
	}
}

// brief is a duration without the zero units at its end: 1h, not 1h0m0s.
func brief(d time.Duration) string {
	s := d.String()
	if rest, ok := strings.CutSuffix(s, "m0s"); ok {
		s = rest + "m"
	}
	if rest, ok := strings.CutSuffix(s, "h0m"); ok {
		s = rest + "h"
	}
	return s
}

// integer is a whole number that passes allowed; want says which do.
func integer(at func(*Config) *int, want string, allowed func(int) bool) field {
	return field{
		kind: "int",
		parse: func(c *Config, text string) error {
			n, err := strconv.Atoi(text)
			if err != nil || !allowed(n) {
				return errors.New("want " + want)
			}
			*at(c) = n
			return nil
		},
		show: func(c *Config) string { return strconv.Itoa(*at(c)) },
	}
}

// rials is an amount of money, or 0.
func rials(at func(*Config) *int64) field {
	return field{
		kind: "rials",
		parse: func(c *Config, text string) error {
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil || n < 0 {
				return errors.New("want a whole number of rials without separators, or 0")
			}
			*at(c) = n
			return nil
		},
		show: func(c *Config) string { return strconv.FormatInt(*at(c), 10) },
	}
}

// boolean is true or false.
func boolean(at func(*Config) *bool) field {
	return field{
		kind: "bool",
		parse: func(c *Config, text string) (err error) {
			*at(c), err = parseBool(text)
			return err
		},
		show: func(c *Config) string { return strconv.FormatBool(*at(c)) },
	}
}

// optionalBoolean is true, false, or nil when it was not set.
func optionalBoolean(at func(*Config) **bool) field {
	return field{
		kind: "bool",
		parse: func(c *Config, text string) error {
			b, err := parseBool(text)
			if err == nil {
				*at(c) = &b
			}
			return err
		},
		show: func(c *Config) string {
			if b := *at(c); b != nil {
				return strconv.FormatBool(*b)
			}
			return ""
		},
	}
}

func parseBool(text string) (bool, error) {
	b, err := strconv.ParseBool(text)
	if err != nil {
		return false, errors.New("want true or false")
	}
	return b, nil
}

// hasCredentials reports whether one of the URLs names a user, in whose place
// NATS takes a token, or a password, for which Redis has query parameters too.
// A text that is no URL may hold anything, so it counts.
func hasCredentials(list string) bool {
	for part := range strings.SplitSeq(list, ",") {
		u, err := url.Parse(strings.TrimSpace(part))
		if err != nil || u.User != nil || u.Query().Has("password") || u.Query().Has("sentinel_password") {
			return true
		}
	}
	return false
}
