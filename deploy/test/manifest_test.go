package charttest

import (
	"bytes"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/yannh/kubeconform/pkg/validator"
	"helm.sh/helm/v4/pkg/chart/v2/lint"
	"helm.sh/helm/v4/pkg/chart/v2/lint/support"
	psa "k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// schemas is the directory that schemagen wrote; check.sh sets it.
func schemas(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("KUBE_SCHEMAS")
	if dir == "" {
		t.Skip("KUBE_SCHEMAS is not set: run check.sh, or set it to a directory that schemagen wrote")
	}
	return dir
}

// Every object is one that Kubernetes, the Prometheus operator or KEDA takes, with no
// field that they do not know.
func TestSchemas(t *testing.T) {
	check, err := validator.New([]string{schemas(t) + "/{{.ResourceKind}}{{.KindSuffix}}.json"}, validator.Opts{Strict: true})
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range cases(t) {
		t.Run(name, func(t *testing.T) {
			for _, o := range (release{values: values}).installed(t) {
				for _, r := range check.Validate(o.String(), io.NopCloser(bytes.NewReader(o.text))) {
					if r.Status != validator.Valid && r.Status != validator.Empty {
						t.Errorf("%s: %v\n%s", o, r.Err, o.text)
					}
				}
			}
		})
	}
	// The schemas are strict: faults are noticed, in custom resources too.
	for _, wrong := range []string{
		"{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: x}, spec: {maxUnavailabel: 1}}",
		"{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: x, label: {}}, spec: {}}",
		"{apiVersion: apps/v1, kind: Deployment, metadata: {name: x}, spec: {replicas: two, selector: {}, template: {}}}",
		"{apiVersion: monitoring.coreos.com/v1, kind: ServiceMonitor, metadata: {name: x}, spec: {selector: {}, endpoints: [{prot: metrics}]}}",
		"{apiVersion: keda.sh/v1alpha1, kind: ScaledObject, metadata: {name: x}, spec: {scaleTargetRef: {name: x}}}",
	} {
		for _, r := range check.Validate("wrong", io.NopCloser(strings.NewReader(wrong))) {
			if r.Status != validator.Invalid {
				t.Errorf("status %v (%v) of %s, want invalid", r.Status, r.Err, wrong)
			}
		}
	}
}

// Every pod passes the Pod Security Standard "restricted", and a few things more that
// Kubernetes leaves open.
func TestPods(t *testing.T) {
	restricted, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	level := psa.LevelVersion{Level: psa.LevelRestricted, Version: psa.LatestVersion()}
	for name, values := range cases(t) {
		t.Run(name, func(t *testing.T) {
			pods := 0
			for _, o := range (release{values: values}).installed(t) {
				pod := o.pod(t)
				if pod == nil {
					continue
				}
				pods++
				for _, r := range restricted.EvaluatePod(level, &pod.ObjectMeta, &pod.Spec) {
					if !r.Allowed {
						t.Errorf("%s: %s: %s", o, r.ForbiddenReason, r.ForbiddenDetail)
					}
				}
				if mount := pod.Spec.AutomountServiceAccountToken; mount == nil || *mount {
					t.Errorf("%s mounts a token of Kubernetes, and talks to it nowhere", o)
				}
				if links := pod.Spec.EnableServiceLinks; links == nil || *links {
					t.Errorf("%s gets variables of all services: one that is called kenar would look like a setting", o)
				}
				if name := pod.Spec.ServiceAccountName; name != "" && o.hook() != "" {
					t.Errorf("%s uses the service account %s, which is not there before the release", o, name)
				}
				for _, c := range pod.Spec.Containers {
					if read := c.SecurityContext.ReadOnlyRootFilesystem; read == nil || !*read {
						t.Errorf("%s: container %s may write to its image", o, c.Name)
					}
					if c.Resources.Requests.Memory().IsZero() || c.Resources.Limits.Memory().IsZero() {
						t.Errorf("%s: container %s has no request or no limit of memory", o, c.Name)
					}
					if _, tag, _ := strings.Cut(c.Image, ":"); tag == "" || tag == "latest" {
						t.Errorf("%s: container %s has image %s, without a version", o, c.Name, c.Image)
					}
					for _, e := range c.Env {
						if e.ValueFrom != nil && e.ValueFrom.SecretKeyRef != nil {
							t.Errorf("%s: container %s has a secret in variable %s", o, c.Name, e.Name)
						}
					}
					for _, m := range c.VolumeMounts {
						if m.SubPath != "" {
							t.Errorf("%s: container %s mounts %s by subPath, which Kubernetes does not update", o, c.Name, m.Name)
						}
					}
				}
			}
			if pods == 0 {
				t.Error("there are no pods")
			}
		})
	}
}

// Kubernetes kills a worker only after it had all the time it says it takes, and a
// rollout never has fewer workers than before.
func TestStops(t *testing.T) {
	for name, values := range cases(t) {
		t.Run(name, func(t *testing.T) {
			all := release{values: values}.installed(t)
			grace, err := time.ParseDuration(settings(t, all)["SHUTDOWN_GRACE"])
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range all {
				if o.kind() != "Deployment" && o.kind() != "StatefulSet" {
					continue
				}
				takes := grace + 10*time.Second
				if o.kind() == "StatefulSet" {
					takes += 10 * time.Second
				}
				if pod := o.pod(t); time.Duration(*pod.Spec.TerminationGracePeriodSeconds)*time.Second < takes {
					t.Errorf("%s is killed after %d s, and may take %s", o, *pod.Spec.TerminationGracePeriodSeconds, takes)
				}
				if o.kind() == "Deployment" && at(o.tree, "spec", "strategy", "rollingUpdate", "maxUnavailable") != 0.0 {
					t.Errorf("%s: a rollout may have fewer workers than before", o)
				}
			}
		})
	}
}

// Names fit, whatever the release is called, and no two releases share one.
func TestNames(t *testing.T) {
	long := strings.Repeat("a", 51) // Helm takes 53
	for name, values := range cases(t) {
		t.Run(name, func(t *testing.T) {
			owner := make(map[string]string)
			for _, as := range []string{"kenar", "x", "kenar-addons", long + "-1", long + "-2"} {
				if name == "trial" || name == "full" {
					as = "kenar" // these name objects themselves
				}
				for _, o := range (release{name: as, values: values}).installed(t) {
					most := map[string]int{"StatefulSet": 52, "CronJob": 52}[o.kind()]
					if most == 0 {
						most = 63
					}
					if n := o.name(); len(n) > most || n != strings.ToLower(n) || strings.HasSuffix(n, "-") {
						t.Errorf("%s: %d characters, want at most %d of a name", o, len(n), most)
					}
					id := o.kind() + "/" + o.name()
					if other, taken := owner[id]; taken && other != as {
						t.Errorf("releases %s and %s both have %s", other, as, id)
					}
					owner[id] = as
					labels, _ := at(o.tree, "metadata", "labels").(map[string]any)
					if o.template != "extra-objects.yaml" && labels["app.kubernetes.io/instance"] != as {
						t.Errorf("%s: labels %v do not name the release %s", o, labels, as)
					}
					for key, value := range labels {
						if s, _ := value.(string); len(s) > 63 {
							t.Errorf("%s: label %s has %d characters, want at most 63", o, key, len(s))
						}
					}
				}
			}
		})
	}
}

// What selects pods selects those of the workers, and of this release alone.
func TestSelectors(t *testing.T) {
	all := release{values: cases(t)["full"]}.installed(t)
	workers := find(t, all, "Deployment", "kenar-addons").pod(t).Labels
	match := func(o object, selector any) {
		want, _ := selector.(map[string]any)
		if len(want) == 0 || want["app.kubernetes.io/instance"] != "kenar" {
			t.Errorf("%s selects by %v, which is not this release alone", o, want)
		}
		for key, value := range want {
			if workers[key] != value {
				t.Errorf("%s selects by %s=%s, workers have %q", o, key, value, workers[key])
			}
		}
	}
	for _, o := range all {
		switch o.kind() {
		case "Service":
			match(o, at(o.tree, "spec", "selector"))
		case "Deployment", "PodDisruptionBudget":
			match(o, at(o.tree, "spec", "selector", "matchLabels"))
		case "NetworkPolicy":
			if o.name() == "kenar-addons" {
				match(o, at(o.tree, "spec", "podSelector", "matchLabels"))
			}
		}
	}
	for _, c := range find(t, all, "Deployment", "kenar-addons").pod(t).Spec.TopologySpreadConstraints {
		if diff := cmp.Diff(at(find(t, all, "Deployment", "kenar-addons").tree, "spec", "selector", "matchLabels"), anyMap(c.LabelSelector.MatchLabels)); diff != "" {
			t.Errorf("spread by %s selects others:\n%s", c.TopologyKey, diff)
		}
	}
}

// The hook's objects need nothing that is only there after it: no ConfigMap, Secret or
// service account of the chart.
func TestSetupStandsAlone(t *testing.T) {
	for name, values := range cases(t) {
		all := release{values: values}.installed(t)
		made := make(map[string]bool)
		for _, o := range all {
			if o.hook() == "" {
				made[o.kind()+"/"+o.name()] = true
			}
		}
		for _, o := range all {
			if !strings.Contains(o.hook(), "pre-install") || o.pod(t) == nil {
				continue
			}
			if !slices.Equal(strings.Split(o.hook(), ","), []string{"pre-install", "pre-upgrade"}) {
				t.Errorf("%s: %s runs on %s, want pre-install and pre-upgrade", name, o, o.hook())
			}
			for _, v := range o.pod(t).Spec.Volumes {
				for _, s := range v.Projected.Sources {
					if made["Secret/"+s.Secret.Name] {
						t.Errorf("%s: %s needs secret %s, which is made after it", name, o, s.Secret.Name)
					}
				}
			}
			if from := o.pod(t).Spec.Containers[0].EnvFrom; len(from) > 0 {
				t.Errorf("%s: %s needs %v, which are made after it", name, o, from)
			}
		}
	}
}

// The same values give the same objects: an upgrade that changes nothing restarts
// nothing.
func TestRendersTheSame(t *testing.T) {
	for name, values := range cases(t) {
		var first, second strings.Builder
		for _, out := range []*strings.Builder{&first, &second} {
			for _, o := range (release{values: values}).installed(t) {
				out.Write(o.text)
			}
		}
		if diff := cmp.Diff(first.String(), second.String()); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

// A change that a worker reads only at its start restarts it. A secret that it
// follows by itself does not.
func TestRestarts(t *testing.T) {
	checksum := func(t *testing.T, more string) string {
		t.Helper()
		pod := find(t, release{values: minimal(t, more)}.installed(t), "Deployment", "kenar-kenar-addons").pod(t)
		return pod.Annotations["checksum/config"]
	}
	for change, want := range map[string]bool{
		"preflight: require":                                            true,
		"limits: {ADD_ON_CREATE: 200/168h}":                             true,
		"templates: {files: {a.jq: .}}":                                 true,
		"redis: {url: {existingSecret: '', value: redis://other:6379}}": true,
		"kenar: {apiKey: {existingSecret: '', value: other}}":           false,
		"replicaCount: 3":                                               false,
	} {
		if got := checksum(t, change) != checksum(t, "{}"); got != want {
			t.Errorf("%s: restarts workers %t, want %t", change, got, want)
		}
	}
}

// What "helm lint --strict" says.
func TestLint(t *testing.T) {
	for name, values := range cases(t) {
		for _, m := range lint.RunAll(chartDir, values, "shop").Messages {
			if m.Severity >= support.WarningSev {
				t.Errorf("%s: %s", name, m)
			}
		}
	}
}

// The notes say what to do next, with names that exist.
func TestNotes(t *testing.T) {
	for name, values := range cases(t) {
		all, notes, err := release{values: values}.render()
		if err != nil {
			t.Fatal(err)
		}
		for _, kind := range []string{"deployment", "statefulset", "cronjob"} {
			_, rest, said := strings.Cut(notes, kind+"/")
			if !said {
				continue
			}
			at := strings.Fields(rest)[0]
			if !slices.ContainsFunc(all, func(o object) bool { return strings.ToLower(o.kind()) == kind && o.name() == at }) {
				t.Errorf("%s: the notes speak of %s %s, which is not there", name, kind, at)
			}
		}
		if !strings.Contains(notes, "worker check") {
			t.Errorf("%s: the notes do not say how to look at a worker:\n%s", name, notes)
		}
		if warned := strings.Contains(notes, "helm get values"); warned != (name == "trial") {
			t.Errorf("%s: warns of secrets in the values: %s", name, strconv.FormatBool(warned))
		}
	}
}

func anyMap(m map[string]string) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}
