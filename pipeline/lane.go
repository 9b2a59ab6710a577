package pipeline

import "strings"

// A Lane is one permission of the API key, with its queue, its bucket of
// tokens and its pause. Lanes do not wait for each other.
type Lane string

// The lanes, named as Kenar names the permissions (Kenar docs, scopes and
// permissions).
const (
	PostCreate     Lane = "ADD_ON_CREATE"
	BusinessCreate Lane = "BUSINESS_ADDON_CREATE"
	UserCreate     Lane = "USER_ADDON_CREATE"
	PostDelete     Lane = "ADD_ON_DELETE"
	UserDelete     Lane = "USER_ADDON_DELETE"
)

// PermissionGetPost is the permission of the post check. It has a bucket but
// no lane: nothing waits for it.
const PermissionGetPost = "GET_POST"

// Lanes lists all lanes.
func Lanes() []Lane {
	return []Lane{PostCreate, BusinessCreate, UserCreate, PostDelete, UserDelete}
}

// deleter is the lane that undoes what l creates, "" when there is none. A
// newer event there makes older ones in l pointless.
func (l Lane) deleter() Lane {
	switch l {
	case PostCreate:
		return PostDelete
	case UserCreate:
		return UserDelete
	}
	return ""
}

// creator is the lane whose work l undoes, "" when there is none.
func (l Lane) creator() Lane {
	switch l {
	case PostDelete:
		return PostCreate
	case UserDelete:
		return UserCreate
	}
	return ""
}

// Names of streams, consumers and subjects. They are part of the contract:
// producers, dashboards and permissions are written against them.
const (
	EventStream   = "KENAR_EVENTS"
	RetryStream   = "KENAR_RETRY"
	LedgerStream  = "KENAR_LEDGER"
	OutcomeStream = "KENAR_OUTCOMES"
	DeadStream    = "KENAR_DEAD"

	EventSubjectPrefix = "kenar.events."

	queuedSubjectPrefix = "kenar.outcomes.queued."
	finalSubjectPrefix  = "kenar.outcomes.final."
	deadSubjectPrefix   = "kenar.dead."
	targetSubjectPrefix = "kenar.ledger.target."
	callSubjectPrefix   = "kenar.ledger.call."
	pauseSubjectPrefix  = "kenar.ledger.pause."
	schedSubjectPrefix  = "kenar.retry.sched."
	dueSubjectPrefix    = "kenar.retry.due."

	admitConsumer    = "admit"
	dispatchConsumer = "dispatch"
)

// Stream is the stream of a lane's work of one priority. One stream for each
// lets its consumer go without a filter; a filtered consumer on a work queue
// walks all subjects at each fetch.
func (l Lane) Stream(p Priority) string {
	return "KENAR_WORK_" + string(l) + "_" + strings.ToUpper(string(p))
}

func (l Lane) workSubject(p Priority, t Target) string {
	return "kenar.work." + string(l) + "." + string(p) + "." + t.subject()
}

func (l Lane) schedSubject(t Target) string {
	return schedSubjectPrefix + string(l) + "." + t.subject()
}
func (l Lane) dueSubject(t Target) string { return dueSubjectPrefix + string(l) + "." + t.subject() }

// retryConsumer is the durable consumer of a lane's due retries.
func (l Lane) retryConsumer() string { return dispatchConsumer + "_" + string(l) }
