package pipeline

import (
	"math"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A patient is a health on a clock that tests turn, with a delay of one
// minute for each failure and a record of which were asked for.
type patient struct {
	*health
	last   permit
	at     time.Time
	delays []int
}

func newPatient() *patient {
	p := &patient{at: time.Date(2026, 1, 2, 15, 0, 0, 0, time.UTC)}
	p.health = newHealth(func() time.Time { return p.at }, func(failures int) time.Duration {
		p.delays = append(p.delays, failures)
		return time.Duration(failures) * time.Minute
	})
	return p
}

// allow asks for a call, and withdraw ends the last one.
func (p *patient) allow() (ok bool, again time.Time) {
	permit, ok, again := p.health.allow()
	if ok {
		p.last = permit
	}
	return ok, again
}

func (p *patient) withdraw() { p.end(p.last) }

// paused stops the lane for no time, and returns which pause in a row it is.
func (p *patient) paused() (row int) {
	p.pause(func(n int) time.Duration {
		row = n
		return 0
	})
	return row
}

func (p *patient) pass(d time.Duration) { p.at = p.at.Add(d) }

// call makes a call that may start, and has the given result.
func (p *patient) call(t *testing.T, result func()) {
	t.Helper()
	if ok, again := p.allow(); !ok {
		t.Fatalf("a call may not start before %s, now is %s", again, p.at)
	}
	result()
	p.withdraw()
}

func (p *patient) down() bool {
	since, _ := p.outage()
	return !since.IsZero()
}

func nthPost(n int) Target { return Target{KindPost, "P" + strconv.Itoa(n)} }

// breakDown fails for three targets, and returns when the first probe is due.
func (p *patient) breakDown(t *testing.T) time.Time {
	t.Helper()
	for i := range 3 {
		p.call(t, func() {
			if got, want := p.failed(nthPost(i)), i == 2; got != want {
				t.Fatalf("failure of target %d is an outage: %t, want %t", i+1, got, want)
			}
		})
	}
	since, probe := p.outage()
	if !since.Equal(p.at) || !probe.After(p.at) {
		t.Fatalf("down since %s with a probe at %s, now is %s", since, probe, p.at)
	}
	return probe
}

// wantProbes fails unless exactly n calls may start now, and starts them.
func (p *patient) wantProbes(t *testing.T, n int) {
	t.Helper()
	if got, _ := p.peek(); got != n {
		t.Errorf("%d calls could start, want %d", got, n)
	}
	for i := range n {
		if ok, _ := p.allow(); !ok {
			t.Errorf("call %d of %d may not start", i+1, n)
		}
	}
	if got, _ := p.peek(); got != 0 {
		t.Errorf("%d more calls could start than %d", got, n)
	}
	if ok, _ := p.allow(); ok {
		t.Errorf("a call may start beyond %d", n)
	}
}

// Bad events are not an outage, failing targets are.
func TestHealthOpens(t *testing.T) {
	answered := func(p *patient) bool { p.answered(); return false }
	fail := func(n int) func(*patient) bool { return func(p *patient) bool { return p.failed(nthPost(n)) } }
	refuse := func(p *patient) bool { p.refused("grant 1"); return false }
	tests := []struct {
		name   string
		steps  []func(*patient) bool
		outage bool // after the last step
	}{
		{"nothing", nil, false},
		{"one target", []func(*patient) bool{fail(1)}, false},
		{"one target over and over", []func(*patient) bool{fail(1), fail(1), fail(1), fail(1), fail(1)}, false},
		{"two targets, over and over", []func(*patient) bool{fail(1), fail(2), fail(1), fail(2), fail(1)}, false},
		{"three targets", []func(*patient) bool{fail(1), fail(2), fail(3)}, true},
		{"three targets, one of them often", []func(*patient) bool{fail(1), fail(1), fail(2), fail(2), fail(3)}, true},
		{"an answer in between", []func(*patient) bool{fail(1), fail(2), answered, fail(3)}, false},
		{"an answer in between, then three", []func(*patient) bool{fail(1), fail(2), answered, fail(1), fail(2), fail(3)}, true},
		{"a refusal is an answer", []func(*patient) bool{fail(1), fail(2), refuse, fail(3)}, false},
		{"a pause is an answer", []func(*patient) bool{fail(1), fail(2), func(p *patient) bool { p.paused(); return false }, fail(3)}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newPatient()
			told := false
			for _, step := range tt.steps {
				p.call(t, func() { told = step(p) })
			}
			if told != tt.outage || p.down() != tt.outage {
				t.Errorf("told %t, down %t, want %t", told, p.down(), tt.outage)
			}
			if n, _ := p.peek(); !tt.outage && n != math.MaxInt {
				t.Errorf("%d calls could start, want no bound", n)
			}
		})
	}
}

// While the lane is down, one call at a time finds out whether it still is.
func TestHealthProbes(t *testing.T) {
	p := newPatient()
	due := p.breakDown(t)
	opened, _ := p.outage()

	p.wantProbes(t, 0)
	if _, again := p.peek(); !again.Equal(due) {
		t.Errorf("to be asked again at %s, want %s", again, due)
	}
	p.at = due.Add(-time.Nanosecond)
	p.wantProbes(t, 0)
	p.at = due
	p.wantProbes(t, 1)
	if ok, again := p.allow(); ok || !again.IsZero() {
		t.Errorf("with a probe out: allowed %t, again at %s, want after its end", ok, again)
	}

	// Not made after all: the right is free at once.
	p.withdraw()
	p.wantProbes(t, 1)

	// Failed: still down since the same moment, the next one later.
	if !p.failed(nthPost(1)) {
		t.Error("a failed probe is no outage")
	}
	p.withdraw()
	since, next := p.outage()
	if !since.Equal(opened) || next.Sub(p.at) != 2*time.Minute {
		t.Errorf("down since %s, next probe in %s, want since %s, in 2m", since, next.Sub(p.at), opened)
	}
	p.wantProbes(t, 0)

	// Answered: all may go.
	p.at = next
	p.wantProbes(t, 1)
	p.answered()
	p.withdraw()
	if p.down() {
		t.Error("still down after an answer")
	}
	for range 100 {
		if ok, _ := p.allow(); !ok {
			t.Fatal("a call may not start after the outage")
		}
	}
	for range 100 {
		p.withdraw()
	}

	// The next outage starts anew, and needs three targets again.
	p.breakDown(t)
	if got, want := p.delays, []int{1, 2, 1}; !slices.Equal(got, want) {
		t.Errorf("delays were asked for after %v failures, want %v", got, want)
	}
}

// Whatever Kenar's judgement, it was there to give one.
func TestHealthEndsWithAnyAnswer(t *testing.T) {
	for name, answer := range map[string]func(*patient){
		"a judgement": func(p *patient) { p.answered() },
		"a refusal":   func(p *patient) { p.refused("grant 1") },
		"a pause":     func(p *patient) { p.paused() },
	} {
		p := newPatient()
		p.at = p.breakDown(t)
		p.wantProbes(t, 1)
		answer(p)
		p.withdraw()
		if n, _ := p.peek(); p.down() || n != math.MaxInt {
			t.Errorf("%s: down %t, %d calls could start", name, p.down(), n)
		}
	}
}

// Sixteen calls that were out when Kenar went away are one failure of the
// lane, not sixteen: the first probe is not hours away.
func TestHealthCountsTogether(t *testing.T) {
	p := newPatient()
	const others = 13
	for range others {
		if ok, _ := p.allow(); !ok {
			t.Fatal("a call may not start before the outage")
		}
	}
	due := p.breakDown(t)
	for i := range others {
		p.pass(time.Second)
		if !p.failed(nthPost(10 + i)) {
			t.Error("a failure during an outage is none")
		}
		p.withdraw()
	}
	if _, next := p.outage(); !next.Equal(due) || !slices.Equal(p.delays, []int{1}) {
		t.Errorf("next probe at %s after delays %v, want %s after the first", next, p.delays, due)
	}
}

// Refusals of different users in a row make the key the suspect; those of one
// user do not.
func TestHealthRefused(t *testing.T) {
	tests := []struct {
		name    string
		refused []string // "" is an answer in between, "!" a failure
		want    bool     // of the last
	}{
		{"one", []string{"a"}, false},
		{"one grant, often", []string{"a", "a", "a", "a"}, false},
		{"two grants", []string{"a", "b", "a", "b"}, false},
		{"three grants", []string{"a", "b", "c"}, true},
		{"three, not side by side", []string{"a", "a", "b", "a", "c"}, true},
		{"still, after three", []string{"a", "b", "c", "a"}, true},
		{"an answer in between", []string{"a", "b", "", "c"}, false},
		{"a failure in between", []string{"a", "b", "!", "c"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newPatient()
			var got bool
			for _, identity := range tt.refused {
				switch identity {
				case "":
					p.answered()
				case "!":
					p.failed(nthPost(1))
				default:
					got = p.refused(identity)
				}
			}
			if got != tt.want {
				t.Errorf("suspicious %t, want %t", got, tt.want)
			}
		})
	}
	grant, none := &Work{GrantID: "g", Target: nthPost(1)}, &Work{Target: nthPost(1)}
	if a, b := identity(grant), identity(&Work{GrantID: "g", Target: nthPost(2)}); a != b {
		t.Errorf("one grant at two targets is %s and %s", a, b)
	}
	if a, b := identity(none), identity(&Work{Target: nthPost(2)}); a == b {
		t.Errorf("two targets without a grant are both %s", a)
	}
	if a, b := identity(&Work{GrantID: "post/P1"}), identity(none); a == b {
		t.Errorf("a grant and a target are both %s", a)
	}
}

// Pauses without an end are counted in a row: they grow.
func TestHealthCountsPauses(t *testing.T) {
	p := newPatient()
	for want := 1; want <= 3; want++ {
		if got := p.paused(); got != want {
			t.Errorf("pause %d in a row counts as %d", want, got)
		}
	}
	p.answered()
	if got := p.paused(); got != 1 {
		t.Errorf("the first pause after an answer counts as %d", got)
	}
}

// Any number of workers' calls may ask at once: one gets the probe, and while
// it is out nobody else does.
func TestHealthOneProbeAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHealth(time.Now, func(int) time.Duration { return time.Second })
		for i := range 3 {
			permit, _, _ := h.allow()
			h.failed(nthPost(i))
			h.end(permit)
		}
		var out, most, probes atomic.Int32
		var calls sync.WaitGroup
		for i := range 50 {
			calls.Go(func() {
				for probes.Load() < 20 {
					permit, ok, again := h.allow()
					if !ok {
						time.Sleep(max(time.Until(again), 100*time.Millisecond)) // of the bubble's clock
						continue
					}
					n := out.Add(1)
					most.Store(max(most.Load(), n))
					time.Sleep(3 * time.Second) // longer than the delay
					out.Add(-1)
					probes.Add(1)
					if i%2 == 0 {
						h.failed(nthPost(i))
					}
					h.end(permit)
				}
			})
		}
		calls.Wait()
		if most.Load() != 1 {
			t.Errorf("%d probes were out at once", most.Load())
		}
	})
}

// An outage that nothing is left to probe is not told for ever; what comes next
// is still one probe, and tells it again when it fails.
func TestHealthOfAnIdleLane(t *testing.T) {
	p := newPatient()
	p.watch(true)
	due := p.breakDown(t)
	opened, _ := p.outage()

	p.watch(false) // the events expired
	if !p.down() {
		t.Error("the outage ends before anybody would have looked again")
	}
	p.at = due
	if p.down() {
		t.Error("an outage is told that nobody will ever see the end of")
	}
	p.watch(true)
	if since, _ := p.outage(); !since.Equal(opened) {
		t.Errorf("with an event again it is down since %s, want %s", since, opened)
	}
	p.wantProbes(t, 1)
	p.watch(false) // it is out
	if !p.down() {
		t.Error("not down while a probe is out")
	}
	p.failed(nthPost(1))
	p.withdraw()
	if since, next := p.outage(); !since.Equal(opened) || !next.After(p.at) {
		t.Errorf("after a failed probe it is down since %s, with the next at %s", since, next)
	}
}
