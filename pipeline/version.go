package pipeline

// A Version places an event among the others of its target. Producers may
// give a revision of their own; otherwise the order of arrival in the inbox
// counts.
type Version struct {
	Revision *uint64 `json:"revision,omitempty"`
	Seq      uint64  `json:"seq"` // inbox stream sequence; a replay keeps that of the original
}

// Newer reports whether v is newer than o: by revision where both have one,
// else, and between equal revisions, by arrival.
func (v Version) Newer(o Version) bool {
	if v.Revision != nil && o.Revision != nil && *v.Revision != *o.Revision {
		return *v.Revision > *o.Revision
	}
	return v.Seq > o.Seq
}

// Marks is the high water of a target: the newest versions that were ever
// attempted on it, and so perhaps applied.
//
// One version is not enough to remember. Where some events have a revision
// and others have none, Newer is not transitive: (rev 5, seq 1) < (seq 2) <
// (rev 3, seq 3) < (rev 5, seq 1). To be never older than *anything* that was
// attempted, an event is held against the newest of each sort.
type Marks struct {
	Rev  *Mark `json:"rev,omitempty"`  // the highest revision
	Seq  *Mark `json:"seq,omitempty"`  // the latest arrival of all
	Bare *Mark `json:"bare,omitempty"` // the latest arrival among those without a revision
}

// A Mark is a version and the event that set it.
type Mark struct {
	Version Version `json:"version"`
	Event   string  `json:"event"`
}

// Raise returns the marks with the version of an event added.
func (m Marks) Raise(event string, v Version) Marks {
	mark := &Mark{Version: v, Event: event}
	if m.Seq == nil || v.Seq > m.Seq.Version.Seq {
		m.Seq = mark
	}
	if v.Revision == nil {
		if m.Bare == nil || v.Seq > m.Bare.Version.Seq {
			m.Bare = mark
		}
	} else if m.Rev == nil || v.Newer(m.Rev.Version) {
		m.Rev = mark
	}
	return m
}

// Passed returns the event that makes v stale, or "" when v is as new as
// everything that was attempted. An event is not stale by its own mark.
func (m Marks) Passed(event string, v Version) string {
	marks := []*Mark{m.Seq}
	if v.Revision != nil {
		marks = []*Mark{m.Rev, m.Bare}
	}
	for _, k := range marks {
		if k != nil && k.Event != event && k.Version.Newer(v) {
			return k.Event
		}
	}
	return ""
}
