package charttest

import (
	"strings"
	"testing"
)

// refusals are values that must not be installed, each with what must be said of it.
type refusals []struct{ values, want string }

func (all refusals) test(t *testing.T) {
	t.Helper()
	for _, c := range all {
		t.Run(c.values, func(t *testing.T) {
			_, _, err := release{values: minimal(t, c.values)}.render()
			if err == nil {
				t.Fatal("taken")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("refused with\n%v\nwant\n%s", err, c.want)
			}
		})
	}
}

// taken are values that must be installed, much as they look like ones that must not.
type taken []string

func (all taken) test(t *testing.T) {
	t.Helper()
	for _, values := range all {
		if _, _, err := (release{values: minimal(t, values)}).render(); err != nil {
			t.Errorf("%s: %v", values, err)
		}
	}
}

// A port that a worker is told to use is one that its NetworkPolicy lets through.
func TestPortsAreOpen(t *testing.T) {
	const noRedis = "existingSecret: ''"
	refusals{
		{"kenar: {baseURL: 'https://kenar.example:8443'}", "kenar.baseURL: uses port 8443, which networkPolicy.kenar.ports does not let through; add it there"},
		{"networkPolicy: {kenar: {ports: [8443]}}", "kenar.oauthURL: uses port 443, which"},
		{"nats: {url: 'nats://nats:4223'}", "nats.url: uses port 4223, which networkPolicy.nats.ports"},
		{"nats: {url: 'nats://a:4222, tls://b:4443,nats://c:4222'}", "nats.url: uses port 4443, which"},
		{"nats: {url: 'wss://nats.example'}", "nats.url: uses port 443, which"},
		{"{nats: {url: 'nats://nats'}, networkPolicy: {nats: {ports: [4223]}}}", "nats.url: uses port 4222, which"},
		{"redis: {url: {" + noRedis + ", value: 'rediss://valkey:6380'}}", "redis.url.value: uses port 6380, which networkPolicy.redis.ports"},
		{"redis: {url: {" + noRedis + ", value: 'redis://a:6379,redis://b:7000/0'}}", "redis.url.value: uses port 7000, which"},
		{"redis: {url: {" + noRedis + ", value: 'redis://:p@a:6379/0?master_name=m&addr=b:26379&addr=c:26379'}}", "redis.url.value: uses port 26379, which"},
		{"tracing: {endpoint: 'http://collector:4317'}", "tracing.endpoint: uses port 4317, which networkPolicy.tracing.ports"},
		{"tracing: {endpoint: 'http://collector/v1'}", "tracing.endpoint: uses port 80, which"},
		{"images: {hosts: [cdn.example.com, 'cdn.example.org:8443']}", "images.hosts (cdn.example.org:8443): uses port 8443, which networkPolicy.kenar.ports"},
	}.test(t)
	taken{
		"{kenar: {baseURL: 'https://kenar.example:8443'}, networkPolicy: {kenar: {ports: [443, 8443]}}}",
		"{kenar: {baseURL: 'https://kenar.example:8443'}, networkPolicy: {enabled: false}}",
		"kenar: {baseURL: 'http://127.0.0.1:8080', oauthURL: 'http://[::1]:8081'}", // another container of the pod
		"nats: {url: 'nats://[fd00::1]:4222,tls://nats'}",
		"{nats: {url: 'nats://nats:4223'}, networkPolicy: {nats: {ports: [4222, 4223]}}}",
		"redis: {url: {" + noRedis + ", value: 'redis://user:p%40ss@valkey/0?dial_timeout=1s'}}",
		"{redis: {url: {" + noRedis + ", value: 'redis://a:26379/0?master_name=m&addr=b:26379'}}, networkPolicy: {redis: {ports: [6379, 26379]}}}",
		"tracing: {endpoint: 'http://127.0.0.1:4317'}",
		"{tracing: {endpoint: 'https://collector.example'}, networkPolicy: {tracing: {ports: [443]}}}",
		"images: {hosts: ['*.example.org:443']}",
	}.test(t)
}

// What everybody can see who may look at the objects of a release holds no user and no
// password.
func TestCredentialsAreRefused(t *testing.T) {
	const shown = "holds a user or a password, and would be shown"
	refusals{
		{"nats: {url: 'nats://user:password@nats:4222'}", "nats.url: " + shown},
		{"nats: {url: 'nats://a:4222,nats://token@b:4222'}", "put the URL into a secret and name it in nats.urlSecret"},
		{"kenar: {baseURL: 'https://user:password@kenar.example'}", "kenar.baseURL: " + shown},
		{"kenar: {legacyURL: 'https://user@kenar.example'}", "kenar.legacyURL: " + shown},
		{"kenar: {imageURL: 'https://user@kenar.example'}", "kenar.imageURL: " + shown},
		{"kenar: {oauthURL: 'https://user@kenar.example'}", "kenar.oauthURL: " + shown},
		{"kenar: {redirectURI: 'https://user@shop.example/back'}", "kenar.redirectURI: " + shown},
		{"tracing: {endpoint: 'http://user:password@collector:4318'}", "tracing.endpoint: " + shown},
		{"autoscaling: {keda: {prometheusAddress: 'http://user:password@prometheus:9090'}}", "autoscaling.keda.prometheusAddress: " + shown},
		{"extraEnv: [{name: OTEL_EXPORTER_OTLP_HEADERS, value: 'authorization=Bearer x'}]", "extraEnv: OTEL_EXPORTER_OTLP_HEADERS holds a secret of the collector, as a rule, and would be shown to everybody who may look at the pod; give it by valueFrom.secretKeyRef"},
		{"extraEnv: [{name: OTEL_EXPORTER_OTLP_TRACES_HEADERS, value: x}]", "extraEnv: OTEL_EXPORTER_OTLP_TRACES_HEADERS holds a secret"},
		{"extraEnv: [{name: OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, value: 'https://user:password@collector'}]", "extraEnv: OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is a URL with a user"},
	}.test(t)
	taken{
		"kenar: {redirectURI: 'https://shop.example/@back'}",
		"extraEnv: [{name: OTEL_EXPORTER_OTLP_HEADERS, valueFrom: {secretKeyRef: {name: collector, key: headers}}}]",
		"extraEnv: [{name: MAIL, value: ops@shop.example}]",
		"redis: {url: {existingSecret: '', value: 'redis://user:password@valkey:6379/0'}}", // a secret of the chart
	}.test(t)
	for _, values := range []string{"nats: {url: 'nats://user:hunter2@nats'}", "extraEnv: [{name: OTEL_EXPORTER_OTLP_HEADERS, value: hunter2}]"} {
		if _, _, err := (release{values: minimal(t, values)}).render(); strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the refusal shows the secret: %v", values, err)
		}
	}
}

// Labels by which objects find one another are the chart's.
func TestOwnedLabelsAreRefused(t *testing.T) {
	refusals{
		{"commonLabels: {app.kubernetes.io/name: other}", "commonLabels: app.kubernetes.io/name is set by this chart; choose another key"},
		{"podLabels: {app.kubernetes.io/instance: other}", "podLabels: app.kubernetes.io/instance is set by this chart"},
		{"podLabels: {app.kubernetes.io/component: other}", "podLabels: app.kubernetes.io/component is set by this chart"},
		{"monitoring: {serviceMonitor: {labels: {app.kubernetes.io/part-of: other}}}", "monitoring.serviceMonitor.labels: app.kubernetes.io/part-of is set by this chart"},
		{"{commonLabels: {team: a}, podLabels: {team: b}}", "podLabels: team is in commonLabels too; keep one of them"},
		{"{commonLabels: {release: a}, monitoring: {prometheusRule: {labels: {release: b}}}}", "monitoring.prometheusRule.labels: release is in commonLabels too"},
		{"podAnnotations: {checksum/config: x}", "podAnnotations: checksum/config is set by this chart"},
	}.test(t)
	taken{"{commonLabels: {app.kubernetes.io/team: a}, podLabels: {example.com/team: b}}"}.test(t)

	// Nothing that the chart sets is left out of the list.
	for _, o := range (release{values: minimal(t, "{}")}).installed(t) {
		labels, _ := at(o.tree, "metadata", "labels").(map[string]any)
		for key := range labels {
			if _, _, err := (release{values: minimal(t, "commonLabels: {"+key+": x}")}).render(); err == nil {
				t.Errorf("commonLabels may set %s, which %s has of the chart", key, o)
			}
		}
	}
}

// A rollout can go on, and so can a drain.
func TestBlockedRolloutsAreRefused(t *testing.T) {
	refusals{
		{"strategy: {rollingUpdate: {maxSurge: 0}}", "strategy.rollingUpdate: maxSurge and maxUnavailable are both 0, and no pod could be replaced"},
		{"strategy: {rollingUpdate: {maxSurge: 0%, maxUnavailable: 0}}", "strategy.rollingUpdate: maxSurge and maxUnavailable are both 0"},
		{"podDisruptionBudget: {maxUnavailable: 0}", "podDisruptionBudget.maxUnavailable: is 0, and no node with a worker could be drained"},
		{"podDisruptionBudget: {maxUnavailable: 0%}", "podDisruptionBudget.maxUnavailable: is 0"},
	}.test(t)
	embedded := `{nats: {url: ""}, redis: {url: {existingSecret: ""}}, embedded: {enabled: true}, `
	refusals{{embedded + "terminationGracePeriodSeconds: 44}", "is 44; want at least 45"}}.test(t)
	taken{embedded + "podDisruptionBudget: {maxUnavailable: 0}, terminationGracePeriodSeconds: 45}"}.test(t)
}
