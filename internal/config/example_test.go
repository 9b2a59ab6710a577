package config_test

import (
	"fmt"

	"github.com/spf13/pflag"

	"github.com/kenar-addons/kenar-addons/internal/config"
)

func ExampleLoad() {
	flags := pflag.NewFlagSet("worker", pflag.ContinueOnError)
	config.Register(flags, config.Worker)
	if err := flags.Parse([]string{"--kenar-timeout=20s"}); err != nil {
		fmt.Println(err)
		return
	}
	environ := []string{"KENAR_API_KEY=not-to-be-seen", "KENAR_TIMEOUT=10s"}
	cfg, err := config.Load(flags, environ, config.Worker, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(cfg.KenarTimeout, cfg.KenarAPIKey)
	// Output: 20s ***
}

func ExampleLoad_problems() {
	_, err := config.Load(nil, []string{"CONCURRENCY=0", "KENAR_BASE_URL=kenar"}, config.Worker, nil)
	fmt.Println(err)
	// Output:
	// KENAR_API_KEY: not set; set the variable KENAR_API_KEY, or KENAR_API_KEY_FILE to the name of a file that holds it
	// KENAR_BASE_URL "kenar" (env KENAR_BASE_URL): want a URL such as https://example.org
	// CONCURRENCY "0" (env CONCURRENCY): want a whole number from 1 to 1000
}
