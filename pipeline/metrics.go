package pipeline

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kenar-addons/kenar-addons/kenar"
)

// metrics counts what happens. Labels are lanes, classes, results and reason
// codes: never anything of an event.
type metrics struct {
	admissions *prometheus.CounterVec
	handledN   *prometheus.CounterVec
	finals     *prometheus.CounterVec
	calls      *prometheus.CounterVec
	callTime   *prometheus.HistogramVec
	refreshes  *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "kenar", Name: name, Help: help}, labels)
	}
	m := &metrics{
		admissions: counter("events_admitted_total", "Events taken from the inbox, by what admission made of them.", "lane", "result", "reason"),
		handledN:   counter("deliveries_handled_total", "Deliveries handled by a lane, by class.", "lane", "class"),
		finals:     counter("events_finished_total", "Events that ended in a lane, by result and reason.", "lane", "result", "reason"),
		calls:      counter("calls_total", "Calls to Kenar, by HTTP status; 0 is no answer.", "lane", "status"),
		refreshes:  counter("grant_refreshes_total", "Refreshes of access tokens, by result: ok, refused (the user must consent again), lost (no usable answer), failed.", "result"),
		callTime: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "kenar", Name: "call_duration_seconds", Help: "Time of a call to Kenar.",
			Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 15, 30},
		}, []string{"lane"}),
	}
	for _, c := range []prometheus.Collector{m.admissions, m.handledN, m.finals, m.calls, m.callTime, m.refreshes} {
		if err := reg.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *metrics) admitted(v verdict) {
	result := v.result
	if v.validated && result != resultDuplicate {
		result = resultValidated // no producer's event was lost by it
	}
	m.admissions.WithLabelValues(string(v.lane), string(result), reasonLabel(v.reason)).Inc()
}

func (m *metrics) handled(l Lane, o Outcome) {
	m.handledN.WithLabelValues(string(l), string(o.Class)).Inc()
	for _, f := range o.Finals {
		m.finals.WithLabelValues(string(l), string(f.Data.Result), reasonLabel(f.Data.Reason)).Inc()
	}
	if o.Call != nil {
		m.calls.WithLabelValues(string(l), strconv.Itoa(o.Call.HTTPStatus)).Inc()
		m.callTime.WithLabelValues(string(l)).Observe(float64(o.Call.DurationMS) / 1000)
	}
}

// refreshed counts a call to the grant server.
func (m *metrics) refreshed(err error) {
	result := "failed"
	switch {
	case err == nil:
		result = "ok"
	case kenar.IsInvalidGrant(err):
		result = "refused"
	case kenar.TokensLost(err):
		result = "lost"
	}
	m.refreshes.WithLabelValues(result).Inc()
}

func reasonLabel(r *Reason) string {
	if r == nil {
		return ""
	}
	return string(r.Code)
}
