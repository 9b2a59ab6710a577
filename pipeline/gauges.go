package pipeline

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kenar-addons/kenar-addons/pipeline/grants"
)

// gauges tells the state of the lanes and their limits at each scrape. It
// asks the limiter and the streams then, and leaves out what does not answer
// in time.
type gauges struct {
	w *Worker

	limit, spent, held, free, next, paused     *prometheus.Desc
	waiting, inHand, inFlight, outage, answers *prometheus.Desc
	grants, atRisk                             *prometheus.Desc
	oldest, drain, inbox, connected, build     *prometheus.Desc
}

func newGauges(w *Worker) *gauges {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("kenar_"+name, help, labels, nil)
	}
	window := []string{"permission", "window"}
	return &gauges{
		w:         w,
		limit:     desc("tokens_limit", "Calls allowed in a window.", window...),
		spent:     desc("tokens_spent", "Calls that left, or may have left, within the window.", window...),
		held:      desc("tokens_held", "Tokens reserved and not yet spent.", window...),
		free:      desc("tokens_free", "Tokens that can be taken now, with those kept for urgent work.", window...),
		next:      desc("tokens_next_return_timestamp_seconds", "When the next spent token comes back.", window...),
		paused:    desc("pause_end_timestamp_seconds", "Until when a permission, or \"app\", is paused; absent when it is not.", "permission"),
		waiting:   desc("events_waiting", "Events admitted to a lane and not finished, without scheduled retries.", "lane", "priority"),
		inHand:    desc("deliveries_in_hand", "Deliveries that this worker holds while they wait for a token.", "lane"),
		inFlight:  desc("calls_in_flight", "Calls of this worker that are under way.", "lane"),
		outage:    desc("outage_start_timestamp_seconds", "Since when this worker takes Kenar to be down for a lane; absent when it does not.", "lane"),
		answers:   desc("limiter_up", "Whether the limiter answered this scrape."),
		grants:    desc("grants", "Grants by state: active, expiring or revoked.", "state"),
		oldest:    desc("events_waiting_oldest_seconds", "Time since the admission of the event that waits longest, without scheduled retries; 0 when none waits.", "lane", "priority"),
		drain:     desc("drain_seconds", "Time until the last waiting event of a lane gets its token, if all before it take one, with scheduled retries; absent while nobody can say.", "lane"),
		inbox:     desc("inbox_waiting", "Events published and not admitted."),
		connected: desc("nats_up", "Whether this worker is connected to NATS."),
		build:     desc("build_info", "The version of this worker; always 1.", "version"),
		atRisk:    desc("grants_at_risk", "Grants that die within seven days, or whose last refresh failed, while work may wait for them."),
	}
}

// Describe implements prometheus.Collector.
func (g *gauges) Describe(c chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		g.limit, g.spent, g.held, g.free, g.next, g.paused,
		g.waiting, g.inHand, g.inFlight, g.outage, g.answers, g.grants, g.atRisk,
		g.oldest, g.drain, g.inbox, g.connected, g.build,
	} {
		c <- d
	}
}

// Collect implements prometheus.Collector.
func (g *gauges) Collect(c chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
	defer cancel()
	tell := func(d *prometheus.Desc, v float64, labels ...string) {
		c <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	tell(g.build, 1, g.w.cfg.Version)
	connected := g.w.cfg.NATS.IsConnected()
	tell(g.connected, truth(connected))
	stamp := func(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
	all, err := g.w.cfg.Limiter.Status(ctx)
	tell(g.answers, truth(err == nil))
	pauses := make(map[string]time.Time)
	for _, s := range all {
		if s.PausedUntil.After(pauses[s.Permission]) {
			pauses[s.Permission] = s.PausedUntil
		}
		if s.Window == 0 || !s.Known {
			continue
		}
		labels := []string{s.Permission, s.Window.String()}
		tell(g.limit, float64(s.Limit), labels...)
		tell(g.spent, float64(s.Spent), labels...)
		tell(g.held, float64(s.Held), labels...)
		tell(g.free, float64(s.Free), labels...)
		if !s.NextReturn.IsZero() {
			tell(g.next, stamp(s.NextReturn), labels...)
		}
	}
	for permission, until := range pauses {
		tell(g.paused, stamp(until), permission)
	}
	p := g.w.parts.Load()
	if p == nil {
		return
	}
	if p.consents != nil {
		n := p.consents.source.Counts()
		tell(g.grants, float64(n.Active), string(grants.StateActive))
		tell(g.grants, float64(n.Expiring), string(grants.StateExpiring))
		tell(g.grants, float64(n.Revoked), string(grants.StateRevoked))
		tell(g.atRisk, float64(n.AtRisk))
	}
	for _, d := range p.dispatchers {
		ready, running := d.inHand()
		tell(g.inHand, float64(ready), string(d.lane))
		tell(g.inFlight, float64(running), string(d.lane))
		if since, _ := d.health.outage(); !since.IsZero() {
			tell(g.outage, stamp(since), string(d.lane))
		}
	}
	if connected { // else every question waits for its answer in vain
		b := g.w.lookAtBacklog(ctx, p)
		g.tellBacklog(b, all, err == nil, time.Now(), tell)
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
