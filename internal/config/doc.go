// Package config is the configuration of the programs: one table of settings
// ([Table]), from which the flags, the environment variables, the keys of the
// configuration file, the documentation and the masked print are all derived.
//
// A program registers its flags, parses them and loads:
//
//	fs := pflag.NewFlagSet("worker", pflag.ContinueOnError)
//	config.Register(fs, config.Worker)
//	// fs.Parse(args)
//	cfg, err := config.Load(fs, os.Environ(), config.Worker, nil)
//
// A setting named KENAR_TIMEOUT is the flag --kenar-timeout, the variable
// KENAR_TIMEOUT and the key kenar_timeout of the file given by --config. A flag
// beats a variable, a variable the file, and the file the default. White space
// around a value is dropped, and an empty value is the same as none.
//
// A secret is never taken from the command line, which every user of a machine
// can read. Instead NAME_FILE (flag, variable or key) names a file that holds
// it, or NAME itself does as a variable or a key.
package config
