package kenartest

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// A Verdict is what became of a call.
type Verdict string

// The verdicts. Only accepted calls have an effect.
const (
	Accepted        Verdict = "accepted"
	Invalid         Verdict = "invalid"         // the body breaks a rule
	Unauthenticated Verdict = "unauthenticated" // API key or access token not known
	Forbidden       Verdict = "forbidden"       // permission, scope, widget type or ownership lacking
	Limited         Verdict = "limited"         // one call too many
	Refused         Verdict = "refused"         // the state of a post, of the balance or of a transaction does not allow it
	NotFound        Verdict = "not found"       // no such operation, post or add-on
	Faulted         Verdict = "fault"           // answered by a Fault, not by the service
	Down            Verdict = "down"            // arrived while SetDown(true)
	Aborted         Verdict = "aborted"         // the client left before its body was complete
)

// A refusal is a kind of error answer: its HTTP status, and the google.rpc
// code in its body. Kenar answers 412 for code 9, where grpc-gateway's table
// has 400 (Kenar docs, chat and payment ticket errors); the others follow
// that table.
type refusal struct {
	verdict Verdict
	status  int
	code    int
}

var (
	invalidArgument    = refusal{Invalid, http.StatusBadRequest, 3}
	bodyTooLarge       = refusal{Invalid, http.StatusRequestEntityTooLarge, 3}
	notFound           = refusal{NotFound, http.StatusNotFound, 5}
	permissionDenied   = refusal{Forbidden, http.StatusForbidden, 7}
	alreadyExists      = refusal{Refused, http.StatusConflict, 6}
	wrongState         = refusal{Refused, http.StatusPreconditionFailed, 9}
	resourceExhausted  = refusal{Limited, http.StatusTooManyRequests, 8}
	failedPrecondition = refusal{Unauthenticated, http.StatusPreconditionFailed, 9}
	unauthenticated    = refusal{Unauthenticated, http.StatusUnauthorized, 16}
)

// An answer is what a call is answered with, before faults meddle with it.
type answer struct {
	status  int // 0: no answer
	header  http.Header
	body    []byte
	verdict Verdict
	message string // of an error
}

// because makes an error answer, a googleRpcStatus.
func (r refusal) because(format string, args ...any) answer {
	message := fmt.Sprintf(format, args...)
	return answer{
		status:  r.status,
		verdict: r.verdict,
		message: message,
		body: mustMarshal(struct {
			Code    int      `json:"code"`
			Message string   `json:"message"`
			Details []string `json:"details"`
		}{r.code, message, []string{}}),
	}
}

// success answers 200 with body, {} when it is nil.
func success(body any) answer {
	if body == nil {
		return answer{status: http.StatusOK, verdict: Accepted, body: []byte("{}")}
	}
	return answer{status: http.StatusOK, verdict: Accepted, body: mustMarshal(body)}
}

// successWithID answers 200 with the id of what was created.
func successWithID(id string) answer {
	return success(struct {
		ID string `json:"id"`
	}{id})
}

// mustMarshal encodes this package's own response types, which cannot fail.
func mustMarshal(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("kenartest: encoding %T: %v", v, err))
	}
	return b
}
