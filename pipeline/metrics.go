package pipeline

import (
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kenar-addons/kenar-addons/kenar"
	"github.com/kenar-addons/kenar-addons/ratelimit"
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
	rials      *prometheus.CounterVec
	dead       *prometheus.CounterVec
	wasted     *prometheus.CounterVec
	saved      *prometheus.CounterVec
	retries    *prometheus.CounterVec
	pauses     *prometheus.CounterVec
	again      *prometheus.CounterVec

	returned givenBack
	leaders  *leaders // whose answers the gauges tell, and readiness needs

	mu     sync.Mutex
	rested map[string]time.Time // by permission: the end of the last pause that was counted
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "kenar", Name: name, Help: help}, labels)
	}
	m := &metrics{
		rested:     make(map[string]time.Time),
		leaders:    newLeaders(time.Now),
		dead:       counter("dead_letters_total", "Dead letters written, by reason.", "reason"),
		wasted:     counter("calls_wasted_total", "Calls that took a token and brought nothing, by why: rejected (Kenar refused it, 4xx), duplicate (409, what was to be made is there already).", "lane", "why"),
		saved:      counter("calls_saved_total", "Calls that were found to be of no use before they were made, by why: superseded, unchanged, rejected (a dead letter without a call).", "lane", "why"),
		retries:    counter("retries_total", "Calls that failed and are scheduled again.", "lane"),
		pauses:     counter("pauses_total", "Pauses that this worker began, by reason: rate_limited, auth, forbidden, capped (the day's money is spent).", "permission", "reason"),
		again:      counter("deliveries_redelivered_total", "Deliveries that came again and that this worker had not given back itself: of a worker that died or lost its connection, or that stopped and handed over what was older than the ack wait.", "lane"),
		admissions: counter("events_admitted_total", "Events taken from the inbox, by what admission made of them.", "lane", "result", "reason"),
		handledN:   counter("deliveries_handled_total", "Deliveries handled by a lane, by class.", "lane", "class"),
		finals:     counter("events_finished_total", "Events that ended in a lane, by result and reason.", "lane", "result", "reason"),
		calls:      counter("calls_total", "Calls to Kenar, by HTTP status; 0 is no answer.", "lane", "status"),
		rials:      counter("spent_rials_total", "Rials paid out of the app's balance, by what for: publish, renew or reorder.", "kind"),
		refreshes:  counter("grant_refreshes_total", "Refreshes of access tokens, by result: ok, refused (the user must consent again), lost (no usable answer), failed.", "result"),
		callTime: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "kenar", Name: "call_duration_seconds", Help: "Time of a call to Kenar.",
			Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 15, 30},
		}, []string{"lane"}),
	}
	for _, c := range m.all() {
		if err := reg.Register(c); err != nil {
			return nil, err
		}
	}
	m.begin()
	return m, nil
}

func (m *metrics) all() []prometheus.Collector {
	return []prometheus.Collector{
		m.admissions, m.handledN, m.finals, m.calls, m.callTime, m.refreshes,
		m.dead, m.wasted, m.saved, m.retries, m.pauses, m.again, m.rials,
	}
}

func (m *metrics) admitted(v verdict) {
	if why := savedAtAdmission(v); why != "" {
		m.saved.WithLabelValues(string(v.lane), why).Inc()
	}
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
		if why := wasted(o.Call.HTTPStatus); why != "" {
			m.wasted.WithLabelValues(string(l), why).Inc()
		}
	}
	buried := false
	for _, f := range o.Finals {
		buried = buried || f.Data.Result == ResultDead
		if why := saved(o, f); why != "" {
			m.saved.WithLabelValues(string(l), why).Inc()
		}
	}
	if o.Class == ClassRetryable && !buried {
		m.retries.WithLabelValues(string(l)).Inc()
	}
}

// paused counts a pause. The answers to calls that were out together ask for
// the same one, which ends at the same time.
func (m *metrics) paused(l Lane, why Class, p ratelimit.Pause) {
	permission := string(l)
	if p.App {
		permission = ratelimit.AppKey
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.rested[permission].Equal(p.Until) {
		m.rested[permission] = p.Until
		m.pauses.WithLabelValues(permission, string(why)).Inc()
	}
}

// buried counts a dead letter.
func (m *metrics) buried(code ReasonCode) { m.dead.WithLabelValues(string(code)).Inc() }

// gaveBack says that a delivery was given back on purpose.
func (m *metrics) gaveBack(msg jetstream.Msg) {
	if meta, err := msg.Metadata(); err == nil {
		m.returned.note(meta)
	}
}

// delivered counts a delivery that is not the first of its message, unless it
// was given back on purpose.
func (m *metrics) delivered(l Lane, msg jetstream.Msg, ackWait time.Duration) {
	if meta, err := msg.Metadata(); err == nil && m.returned.unasked(meta, ackWait, time.Now()) {
		m.again.WithLabelValues(string(l)).Inc()
	}
}

// Why a call was wasted, or saved. These and no others are the values of the
// label.
const (
	whyRejected   = "rejected"
	whyDuplicate  = "duplicate"
	whySuperseded = "superseded"
	whyUnchanged  = "unchanged"
)

// wasted says why a call with this answer brought nothing, "" when it did, or
// may have.
func wasted(status int) string {
	switch {
	case status == 408: // it is made again, like one without an answer
	case status == 409:
		return whyDuplicate
	case status >= 400 && status < 500:
		return whyRejected
	}
	return ""
}

// saved says why an event that ended so in its lane needed no call, "" when it
// had one.
func saved(o Outcome, f Final) string {
	switch {
	case f.Data.Result == ResultSuperseded:
		return whySuperseded
	case f.Data.Result == ResultUnchanged:
		return whyUnchanged
	case f.Data.Result == ResultDead && o.Class == ClassRefused && f.Data.Attempts == 0 && f.Data.Reason.Code != CrashLoop:
		return whyRejected
	}
	return ""
}

// savedAtAdmission is saved for an event that never came into a lane.
func savedAtAdmission(v verdict) string {
	switch {
	case v.validated: // it asked for no call
	case v.result == ResultSuperseded:
		return whySuperseded
	case v.result == ResultDead && v.reason.Code != CrashLoop:
		return whyRejected
	}
	return ""
}

// spent counts what a payment has cost.
func (m *metrics) spent(o Op, cost kenar.Rials) {
	m.rials.WithLabelValues(verbOf(o)).Add(float64(cost))
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
