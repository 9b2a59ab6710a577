package config

import "time"

// Config is the configuration of one program. Load fills it; the settings that
// the program does not use hold their defaults.
type Config struct {
	// NATSURL is one or more addresses of a NATS cluster, separated by commas;
	// not set, JetStream runs inside the worker.
	NATSURL      Secret
	NATSCreds    string // path, or empty
	NATSCA       string // path, or empty
	NATSReplicas int    // 1, 3 or 5
	// NATSAutoCreate is what was asked for; AutoCreate is what to do.
	NATSAutoCreate   *bool
	EmbeddedNATSAddr string // host:port
	DataDir          string

	// RedisURL is the address of the limiter's store; not set, it is kept
	// inside the worker.
	RedisURL Secret

	GrantRecipient string // age public key, or empty
	GrantIdentity  Secret // age identities, newest first

	KenarApp               string
	KenarAPIKey            Secret
	KenarBaseURL           string // this and the other URLs end without a slash
	KenarLegacyURL         string
	KenarImageURL          string
	KenarOAuthURL          string
	KenarClientSecret      Secret
	KenarRedirectURI       string
	KenarBusinessAddonPath string // holds {business_token}
	KenarTimeout           time.Duration
	RequireGrant           bool

	// Limits is the text of the limits, whose syntax the caller of Load checks.
	Limits    string
	Preflight string // off, warn or require
	Templates string // directory, or empty
	// ImageHosts is the text of a list, whose syntax the caller of Load checks.
	ImageHosts   string
	ImageFailure string // drop or dead
	SpendCap     int64  // rials in a day; 0: no cap
	MaxAttempts  int
	BackoffMin   time.Duration // at most BackoffMax
	BackoffMax   time.Duration
	Concurrency  int // calls in flight per lane

	ShutdownGrace time.Duration
	AdminAddr     string // host:port
	LogLevel      string // trace, debug, info, warn or error
	LogFormat     string // json, console, or empty: console on a terminal, else json

	warnings []string
	origins  map[string]origin
}

// origin is where a setting's value came from, and how Print showed it then. A
// program may change a field after loading, as the demo does; the source is no
// longer true then.
type origin struct {
	source, shown string
	path          string // of the file that holds a secret
}

// Embedded reports whether JetStream runs inside the worker.
func (c Config) Embedded() bool { return !c.NATSURL.IsSet() }

// EmbeddedRedis reports whether the limiter's store is kept inside the worker.
func (c Config) EmbeddedRedis() bool { return !c.RedisURL.IsSet() }

// AutoCreate reports whether the worker may create streams that are missing: as
// NATSAutoCreate says, else only in the embedded server, which is its own.
func (c Config) AutoCreate() bool {
	if c.NATSAutoCreate != nil {
		return *c.NATSAutoCreate
	}
	return c.Embedded()
}

// Warnings are what looks wrong and yet may be meant, one sentence each.
func (c Config) Warnings() []string { return c.warnings }
