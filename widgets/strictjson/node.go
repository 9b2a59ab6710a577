package strictjson

// A Node is one value of a document. Its zero value is null.
type Node struct {
	Kind Kind

	// Lossy tells that Text has U+FFFD where the document escapes half of a
	// surrogate pair, which stands for no character.
	Lossy bool

	// Text is the characters of a string, or the literal of a number or a
	// boolean.
	Text string

	// Raw is the value as it stands in the document, whose memory it shares.
	Raw []byte

	Members []Member // of an object, in the order of the document, none left out
	Items   []Node   // of an array
}

// A Member is one name of an object and its value. An object may have several
// of one name.
type Member struct {
	Name      string
	LossyName bool // of Name, what Lossy is of Text
	Node
}
