package pipeline

import (
	"slices"
	"strings"
)

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

	ListingSubmit     Lane = "SUBMIT_POST" // as a provider
	UserListingSubmit Lane = "SUBMIT_USER_POST"
	ListingPublish    Lane = "PUBLISH_USER_POST"
	ListingRenew      Lane = "POST_RENEW"
	ListingReorder    Lane = "POST_REORDER"
	ListingEdit       Lane = "EDIT_POST"
	ListingDelete     Lane = "DELETE_USER_POST"
	PostButton        Lane = "SET_CUSTOMIZED_BUTTON"
	BusinessButton    Lane = "BUSINESS_CUSTOMIZED_BUTTON_CREATE"
)

// PermissionGetPost is the permission of the post check. It has a bucket but
// no lane: nothing waits for it.
const PermissionGetPost = "GET_POST"

// Lanes lists all lanes.
func Lanes() []Lane {
	return []Lane{
		PostCreate, BusinessCreate, UserCreate, PostDelete, UserDelete,
		ListingSubmit, UserListingSubmit, ListingPublish, ListingRenew, ListingReorder,
		ListingEdit, ListingDelete, PostButton, BusinessButton,
	}
}

// listing reports whether the work of the lane makes or manages posts.
func (l Lane) listing() bool { return slices.Index(Lanes(), l) >= slices.Index(Lanes(), ListingSubmit) }

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
	spendSubjectPrefix  = "kenar.ledger.spend."
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

// schedSubject is where the next attempt of work is scheduled, dueSubject where
// it comes when it is due. Work that nothing newer can replace has subjects of
// its own.
func (w *Work) schedSubject() string { return schedSubjectPrefix + string(w.Lane) + "." + w.retryKey() }
func (w *Work) dueSubject() string   { return dueSubjectPrefix + string(w.Lane) + "." + w.retryKey() }

func (w *Work) retryKey() string {
	if w.Op.ordered() {
		return w.Target.subject()
	}
	return w.Target.subject() + "." + w.root()
}

// place is where the ledger keeps the state that an event of the lane is about.
// What has nothing to do with the add-on of a target must not make that one
// stale, nor wait for it.
func (l Lane) place(t Target, root string) Place {
	switch l {
	case ListingEdit:
		return t.place() + ".edit"
	case PostButton, BusinessButton:
		return t.place() + ".button"
	case ListingDelete:
		return t.place() + ".removal"
	case ListingRenew, ListingReorder:
		return t.place() + ".payment." + Place(root)
	}
	return t.place()
}

// retryConsumer is the durable consumer of a lane's due retries.
func (l Lane) retryConsumer() string { return dispatchConsumer + "_" + string(l) }
