package config

import "time"

// Table describes every setting, in the order of the documentation. Each call
// returns a new slice.
func Table() []Setting {
	const both = Worker | Publisher
	const all = both | Setup
	return []Setting{
		{
			Name: "NATS_URL", Unset: "embedded", Credentials: true, Programs: all,
			Help:  "NATS servers, separated by commas; unset, JetStream runs inside the worker and keeps its data in DATA_DIR",
			field: secretURL(func(c *Config) *Secret { return &c.NATSURL }, "nats", "tls", "ws", "wss"),
		},
		{
			Name: "NATS_CREDS", Programs: all,
			Help:  "file with the user's JWT and seed for NATS_URL",
			field: text("file", func(c *Config) *string { return &c.NATSCreds }, isReadable),
		},
		{
			Name: "NATS_CA", Programs: all,
			Help:  "file with the certificates that may sign those of NATS_URL",
			field: text("file", func(c *Config) *string { return &c.NATSCA }, isReadable),
		},
		{
			Name: "NATS_REPLICAS", Default: "1", Programs: Worker | Setup,
			Help: "copies of each stream: 1, 3 or 5; more than one needs a cluster",
			field: integer(func(c *Config) *int { return &c.NATSReplicas }, "1, 3 or 5",
				func(n int) bool { return n == 1 || n == 3 || n == 5 }),
		},
		{
			Name: "NATS_AUTO_CREATE", Unset: "true when embedded, else false", Programs: Worker,
			Help:  "whether the worker creates streams that are missing",
			field: optionalBoolean(func(c *Config) **bool { return &c.NATSAutoCreate }),
		},
		{
			Name: "REDIS_URL", Unset: "embedded", Credentials: true, Programs: Worker,
			Help:  "Redis for the rate limiter, shared by all workers; unset, it is kept inside the one worker and rebuilt at its start",
			field: secretURL(func(c *Config) *Secret { return &c.RedisURL }, "redis", "rediss"),
		},
		{
			Name: "DATA_DIR", Default: "./data", Programs: both,
			Help:  "directory of the embedded JetStream",
			field: text("directory", func(c *Config) *string { return &c.DataDir }, anything),
		},
		{
			Name: "EMBEDDED_NATS_ADDR", Default: "127.0.0.1:4222", Programs: both,
			Help:  "where the embedded JetStream listens; clients need the token in DATA_DIR/nats.token",
			field: text("host:port", func(c *Config) *string { return &c.EmbeddedNATSAddr }, isAddr),
		},
		{
			Name: "GRANT_RECIPIENT", Unset: "made in DATA_DIR when embedded", Programs: both,
			Help:  "age public key to which stored grants are encrypted",
			field: text("key", func(c *Config) *string { return &c.GrantRecipient }, isRecipient),
		},
		{
			Name: "GRANT_IDENTITY", Unset: "made in DATA_DIR when embedded", Secret: true, Programs: both,
			Help:  "age identities that decrypt stored grants, newest first",
			field: secret(func(c *Config) *Secret { return &c.GrantIdentity }, isIdentity),
		},
		{
			Name: "KENAR_APP", Default: "default", Programs: all,
			Help:  "slug of the Kenar app; workers with one slug share one quota",
			field: text("slug", func(c *Config) *string { return &c.KenarApp }, isAppSlug),
		},
		{
			Name: "KENAR_API_KEY", Secret: true, Required: true, Programs: Worker,
			Help:  "API key of the app, from Kenar's panel; or two, the newer first, while one takes the place of the other",
			field: secret(func(c *Config) *Secret { return &c.KenarAPIKey }, apiKeys),
		},
		{
			Name: "KENAR_BASE_URL", Default: "https://open-api.divar.ir", Programs: Worker,
			Help:  "Kenar's API",
			field: webURL(func(c *Config) *string { return &c.KenarBaseURL }),
		},
		{
			Name: "KENAR_LEGACY_URL", Default: "https://api.divar.ir", Programs: Worker,
			Help:  "Kenar's older API, for add-ons of version 1",
			field: webURL(func(c *Config) *string { return &c.KenarLegacyURL }),
		},
		{
			Name: "KENAR_IMAGE_URL", Default: "https://divar.ir", Programs: Worker,
			Help:  "where the images of widgets are uploaded",
			field: webURL(func(c *Config) *string { return &c.KenarImageURL }),
		},
		{
			Name: "KENAR_OAUTH_URL", Default: "https://oauth.divar.ir", Programs: both,
			Help:  "where access tokens are refreshed",
			field: webURL(func(c *Config) *string { return &c.KenarOAuthURL }),
		},
		{
			Name: "KENAR_CLIENT_SECRET", Secret: true, Programs: both,
			Help:  "OAuth client secret of the app; without it no access token is refreshed",
			field: secret(func(c *Config) *Secret { return &c.KenarClientSecret }, anything),
		},
		{
			Name: "KENAR_REDIRECT_URI", Programs: both,
			Help:  "OAuth redirect URI of the app; needed with KENAR_CLIENT_SECRET",
			field: text("url", func(c *Config) *string { return &c.KenarRedirectURI }, isWebURL),
		},
		{
			Name: "REQUIRE_GRANT", Default: "false", Programs: Worker,
			Help:  "refuse events without a grant instead of calling with the API key alone",
			field: boolean(func(c *Config) *bool { return &c.RequireGrant }),
		},
		{
			Name: "KENAR_BUSINESS_ADDON_PATH", Default: "/v2/open-platform/addons/business/{business_token}", Programs: Worker,
			Help:  "path of the call for business add-ons; Kenar documents it with /v1 too",
			field: text("path", func(c *Config) *string { return &c.KenarBusinessAddonPath }, isBusinessPath),
		},
		{
			Name: "KENAR_TIMEOUT", Default: "15s", Programs: Worker | Setup,
			Help:  "time limit of one call, 1s to 1m",
			field: duration(func(c *Config) *time.Duration { return &c.KenarTimeout }, time.Second, time.Minute),
		},
		{
			Name: "LIMITS", Default: "ADD_ON_CREATE=100/168h; GET_POST=10000/168h", Programs: Worker,
			Help:  "calls per window and permission, such as SEARCH_POST=100/1h reserve 10,1000/24h; app=60/1m; reserve keeps tokens of its window for urgent events, the entry app counts every call with the API key, and what has no entry is unlimited",
			field: text("limits", func(c *Config) *string { return &c.Limits }, anything),
		},
		{
			Name: "PREFLIGHT", Default: "warn", Programs: Worker,
			Help:  "check of the post before a call is spent on it: off, warn or require",
			field: text("mode", func(c *Config) *string { return &c.Preflight }, oneOf("off", "warn", "require")),
		},
		{
			Name: "TEMPLATES", Programs: both,
			Help:  "directory of jq programs, TYPE.jq each, that turn events of a producer's own types into add-ons or reports",
			field: text("directory", func(c *Config) *string { return &c.Templates }, isDirectory),
		},
		{
			Name: "IMAGE_HOSTS", Unset: "none", Programs: Worker,
			Help:  "hosts from which images of add-ons may be fetched, such as cdn.example.com,*.example.org; images within an event need none",
			field: text("hosts", func(c *Config) *string { return &c.ImageHosts }, anything),
		},
		{
			Name: "IMAGE_FAILURE", Default: "drop", Programs: Worker,
			Help:  "what becomes of an add-on with an image that cannot be had: drop sends it without the image, dead makes it a dead letter",
			field: text("way", func(c *Config) *string { return &c.ImageFailure }, oneOf("drop", "dead")),
		},
		{
			Name: "SPEND_CAP_RIALS", Default: "0", Programs: Worker,
			Help:  "most rials spent in a day, which begins at midnight in Tehran, on publishing, renewing and reordering posts; 0 is no cap",
			field: rials(func(c *Config) *int64 { return &c.SpendCap }),
		},
		{
			Name: "MAX_ATTEMPTS", Default: "6", Programs: Worker,
			Help:  "calls judged by Kenar before an event becomes a dead letter",
			field: integer(func(c *Config) *int { return &c.MaxAttempts }, "a whole number of at least 1", func(n int) bool { return n >= 1 }),
		},
		{
			Name: "BACKOFF_MIN", Default: "30s", Programs: Worker,
			Help:  "wait before the second attempt, before jitter",
			field: duration(func(c *Config) *time.Duration { return &c.BackoffMin }, 1, 0),
		},
		{
			Name: "BACKOFF_MAX", Default: "1h", Programs: Worker,
			Help:  "longest wait between two attempts",
			field: duration(func(c *Config) *time.Duration { return &c.BackoffMax }, 1, 0),
		},
		{
			Name: "CONCURRENCY", Default: "16", Programs: Worker,
			Help: "calls in flight per lane and worker, 1 to 1000",
			field: integer(func(c *Config) *int { return &c.Concurrency }, "a whole number from 1 to 1000",
				func(n int) bool { return 1 <= n && n <= 1000 }),
		},
		{
			Name: "SHUTDOWN_GRACE", Default: "25s", Programs: Worker,
			Help:  "how long calls in flight may take to finish after SIGTERM",
			field: duration(func(c *Config) *time.Duration { return &c.ShutdownGrace }, 1, 0),
		},
		{
			Name: "ADMIN_ADDR", Default: "127.0.0.1:9090", Programs: Worker,
			Help:  "where /healthz, /readyz and /metrics are served",
			field: text("host:port", func(c *Config) *string { return &c.AdminAddr }, isAddr),
		},
		{
			Name: "LOG_LEVEL", Default: "info", Programs: both,
			Help:  "least severe level that is logged: trace, debug, info, warn or error",
			field: text("level", func(c *Config) *string { return &c.LogLevel }, oneOf("trace", "debug", "info", "warn", "error")),
		},
		{
			Name: "LOG_FORMAT", Unset: "json; console on a terminal", Programs: both,
			Help:  "form of the log: json or console",
			field: text("format", func(c *Config) *string { return &c.LogFormat }, oneOf("json", "console")),
		},
	}
}
