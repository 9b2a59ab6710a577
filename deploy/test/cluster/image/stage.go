package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// A config is what an image says about how it is run, with the names of the image
// specification of OCI.
type config struct {
	User       string
	Env        []string
	Entrypoint []string
	Cmd        []string
	WorkingDir string
}

// lastStage reads the last stage of a Dockerfile. Instructions that only bring files, or
// tell something to people, are skipped; one whose effect would be missed is an error.
func lastStage(dockerfile string) (config, error) {
	var c config
	stages := 0
	for _, line := range instructions(dockerfile) {
		name, rest, _ := strings.Cut(line, " ")
		rest = strings.TrimSpace(rest)
		var err error
		switch strings.ToUpper(name) {
		case "FROM":
			stages++
			c = config{}
			continue
		case "USER":
			c.User = rest
		case "WORKDIR":
			c.WorkingDir = rest
		case "ENV":
			c.Env = append(c.Env, strings.Fields(rest)...)
		case "ENTRYPOINT":
			err = json.Unmarshal([]byte(rest), &c.Entrypoint)
		case "CMD":
			err = json.Unmarshal([]byte(rest), &c.Cmd)
		case "ARG", "COPY", "EXPOSE", "LABEL", "RUN": // the first and the last are of earlier stages
		default:
			err = errors.New("it is not known here; teach it to the function that reads stages")
		}
		if err != nil {
			return config{}, fmt.Errorf("instruction %q: %w", line, err)
		}
	}
	if stages == 0 || c.User == "" || len(c.Entrypoint) == 0 {
		return config{}, errors.New("its last stage has no USER or no ENTRYPOINT; an image without them cannot be tested")
	}
	return c, nil
}

// instructions are the lines of a Dockerfile without comments, each with those that go
// on with it.
func instructions(dockerfile string) []string {
	var all []string
	var open string
	for line := range strings.Lines(dockerfile) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if part, goesOn := strings.CutSuffix(line, "\\"); goesOn {
			open += part + " "
			continue
		}
		all = append(all, strings.TrimSpace(open+line))
		open = ""
	}
	return all
}
