package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/internal/config"
	"github.com/kenar-addons/kenar-addons/kenar/images"
	"github.com/kenar-addons/kenar-addons/pipeline"
	"github.com/kenar-addons/kenar-addons/ratelimit"
)

// checks are those of settings whose syntax belongs to other packages.
func checks() map[string]func(string) error {
	return map[string]func(string) error{
		"LIMITS": func(text string) error {
			_, err := ratelimit.ParseLimits(text)
			if inner := errors.Unwrap(err); inner != nil {
				err = inner // without the text, which is quoted in any case
			}
			if err != nil {
				return errors.New(strings.ReplaceAll(err.Error(), "\n", "; "))
			}
			return nil
		},
		"IMAGE_HOSTS": func(text string) error {
			_, err := images.ParseHosts(text)
			return err
		},
		"TEMPLATES": func(dir string) error {
			_, err := cli.Templates(dir)
			return err
		},
		"REDIS_URL": func(text string) error {
			_, err := parseRedisURL(text)
			return err
		},
	}
}

// warnings are what looks wrong in a configuration and may be meant. A slip in
// the name of a permission would leave the real one without a limit.
func warnings(cfg config.Config) []string {
	all := cfg.Warnings()
	limits, err := ratelimit.ParseLimits(cfg.Limits)
	if err != nil {
		return all // reported as a problem
	}
	known := pipeline.PauseScopes() // what can be paused is what calls are made with
	for permission := range limits {
		if !slices.Contains(known, permission) {
			all = append(all, fmt.Sprintf("LIMITS has an entry for %s, with which this worker makes no calls; it makes them with %s", permission, strings.Join(known, ", ")))
		}
	}
	if len(limits[string(pipeline.PostCreate)]) == 0 {
		all = append(all, fmt.Sprintf("LIMITS has no entry for %s, so these calls are not limited; Kenar's default quota is 100 a week", pipeline.PostCreate))
	}
	slices.Sort(all[len(cfg.Warnings()):])
	return all
}
