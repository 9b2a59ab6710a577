package pipeline

import (
	"slices"
	"strconv"
)

// begin makes the counters that can be foreseen exist at 0 from the start: what
// appears with its first event is no increase to a query, and the first dead
// letter would be missed. What is rare and bounded otherwise, such as an HTTP
// status that Kenar does not document, appears with its first event.
func (m *metrics) begin() {
	for _, result := range []string{"ok", "refused", "lost", "failed"} {
		m.refreshes.WithLabelValues(result)
	}
	for _, op := range []Op{PublishPost, RenewPost, ReorderPost} {
		m.rials.WithLabelValues(verbOf(op))
	}
	for _, code := range ReasonCodes() {
		m.dead.WithLabelValues(string(code))
		m.admissions.WithLabelValues("", string(ResultDead), string(code))
	}
	for _, code := range append(admissionReasons(), ValidateOnly) {
		m.admissions.WithLabelValues("", string(resultValidated), string(code))
	}
	m.admissions.WithLabelValues("", string(resultDuplicate), "")
	m.saved.WithLabelValues("", whyRejected)
	for _, l := range Lanes() {
		m.beginLane(string(l))
	}
	for _, scope := range PauseScopes() {
		m.beginPauses(scope)
	}
}

func (m *metrics) beginLane(lane string) {
	for _, r := range []Result{ResultQueued, ResultSuperseded, resultDuplicate} {
		m.admissions.WithLabelValues(lane, string(r), "")
	}
	m.admissions.WithLabelValues(lane, string(resultValidated), string(ValidateOnly))
	for _, r := range []Result{ResultAccepted, ResultUnchanged, ResultSuperseded} {
		m.finals.WithLabelValues(lane, string(r), "")
	}
	for _, code := range ReasonCodes() {
		m.finals.WithLabelValues(lane, string(ResultDead), string(code))
	}
	for _, c := range classes() {
		m.handledN.WithLabelValues(lane, string(c))
	}
	for _, status := range usualStatuses() {
		m.calls.WithLabelValues(lane, strconv.Itoa(status))
	}
	m.callTime.WithLabelValues(lane)
	for _, why := range []string{whyRejected, whyDuplicate} {
		m.wasted.WithLabelValues(lane, why)
	}
	for _, why := range []string{whyRejected, whySuperseded, whyUnchanged} {
		m.saved.WithLabelValues(lane, why)
	}
	m.retries.WithLabelValues(lane)
	m.again.WithLabelValues(lane)
}

// beginPauses begins the pauses of a scope. Money is spent by some lanes only.
func (m *metrics) beginPauses(scope string) {
	for _, why := range []Class{ClassRateLimited, ClassAuth, ClassForbidden} {
		m.pauses.WithLabelValues(scope, string(why))
	}
	if slices.Contains([]Lane{ListingPublish, ListingRenew, ListingReorder}, Lane(scope)) {
		m.pauses.WithLabelValues(scope, string(ClassCapped))
	}
}

// classes lists the classes of handled deliveries.
func classes() []Class {
	return []Class{
		ClassAccepted, ClassRetryable, ClassOutage, ClassRateLimited, ClassAuth, ClassForbidden, ClassPermanent,
		ClassUnchanged, ClassSuperseded, ClassRefused, ClassBusy, ClassCapped, ClassHeld, ClassParked, ClassRepeated,
	}
}

// usualStatuses are those of calls that Kenar documents, or that the way there
// gives; 0 is no answer.
func usualStatuses() []int {
	return []int{0, 200, 400, 401, 403, 404, 409, 412, 429, 500, 502, 503, 504}
}

// admissionReasons are those for which an event never comes into a lane.
func admissionReasons() []ReasonCode {
	return []ReasonCode{InvalidEvent, InvalidWidgets, UnknownType, Expired, GrantMissing, GrantRevoked, Forbidden, CrashLoop}
}
