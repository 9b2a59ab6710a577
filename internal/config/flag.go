package config

import "github.com/spf13/pflag"

// configFlag names the configuration file. It has no variable: what a program
// reads should be visible where it is started.
const configFlag = "config"

// Register defines --config and the flags of the program's settings.
func Register(flags *pflag.FlagSet, p Program) {
	flags.Var(&flagValue{kind: "file"}, configFlag, "YAML file with the settings, such as kenar_timeout: 15s")
	for _, s := range Table() {
		if !s.usedBy(p) {
			continue
		}
		if s.Secret {
			// Known, so that using it gives an explanation, and never mentioned.
			flags.Var(withheld{}, flagName(s.Name), "")
			flags.Lookup(flagName(s.Name)).Hidden = true
		} else {
			f := flags.VarPF(&flagValue{kind: s.field.kind, text: s.Default}, s.Flag(), "", s.Help)
			if s.field.kind == "bool" {
				f.NoOptDefVal = "true"
			}
		}
		if name := s.FileFlag(); name != "" {
			flags.Var(&flagValue{kind: "file"}, name, "file that holds the value of "+s.Name)
		}
	}
}

// flagValue takes any text; Load checks it together with everything else.
type flagValue struct{ kind, text string }

func (v *flagValue) Set(text string) error { v.text = text; return nil }
func (v *flagValue) String() string        { return v.text }
func (v *flagValue) Type() string          { return v.kind }

// withheld takes a secret and forgets it at once. An error from Set would not
// do, because the flag package quotes the value in front of it.
type withheld struct{}

func (withheld) Set(string) error { return nil }
func (withheld) String() string   { return "" }
func (withheld) Type() string     { return "" }
