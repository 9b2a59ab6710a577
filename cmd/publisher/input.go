package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// A document is one event of the input, as it stands there.
type document struct {
	file  string // "-" for standard input
	line  int    // of its first byte, from 1
	index int    // in an array, from 0; -1 outside of one
	raw   json.RawMessage
	err   error // why it cannot be read; raw is empty then
}

// place is where the document stands, in the form that editors know.
func (d document) place() string {
	place := fmt.Sprintf("%s:%d:", d.file, d.line)
	if d.index >= 0 {
		place += fmt.Sprintf(" [%d]", d.index)
	}
	return place
}

// oneFile is the argument of the commands that read events.
func oneFile(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("name one FILE, or - for standard input; %d were given", len(args))
	}
	return nil
}

// readInput reads all events of a file, or of standard input for "-".
func (a *app) readInput(name string) ([]document, error) {
	if name != "-" {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read events: %w", err)
		}
		return split(name, data)
	}
	data, err := io.ReadAll(a.in)
	if err != nil {
		return nil, fmt.Errorf("read events from standard input: %w", err)
	}
	return split("standard input", data)
}

// split takes the input apart: one event, an array of events, or events one
// after the other, as in NDJSON.
func split(file string, data []byte) ([]document, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // Windows editors write one
	s := splitter{file: file, data: data}
	if first := bytes.TrimLeft(data, blank); len(first) == 0 {
		return nil, fmt.Errorf("%s holds no event", file)
	} else if first[0] == '[' {
		s.array()
	} else {
		s.sequence()
	}
	if len(s.docs) == 0 {
		return nil, fmt.Errorf("%s holds no event: the array is empty", file)
	}
	return s.docs, nil
}

const blank = " \t\r\n"

type splitter struct {
	file    string
	data    []byte
	docs    []document
	counted int // bytes whose lines were counted
	lines   int
}

// lineOf returns the line of an offset. Offsets are asked for in order.
func (s *splitter) lineOf(offset int) int {
	s.lines += bytes.Count(s.data[s.counted:offset], []byte("\n"))
	s.counted = offset
	return s.lines + 1
}

func (s *splitter) add(offset, index int, raw json.RawMessage, err error) {
	s.docs = append(s.docs, document{file: s.file, line: s.lineOf(offset), index: index, raw: raw, err: err})
}

// array reads the elements of an array. What follows a syntax error cannot be
// told apart any more.
func (s *splitter) array() {
	dec := json.NewDecoder(bytes.NewReader(s.data))
	_, _ = dec.Token() // the bracket, which split has seen
	index := 0
	for ; dec.More(); index++ {
		start := s.skip(int(dec.InputOffset()), blank+",")
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			s.add(start, index, nil, s.explain(start))
			return
		}
		s.add(start, index, raw, nil)
	}
	end := int(dec.InputOffset())
	if _, err := dec.Token(); err != nil {
		s.add(s.skip(end, blank), index, nil, errors.New("the array is not closed: \"]\" is missing"))
		return
	}
	if rest := s.skip(int(dec.InputOffset()), blank); rest < len(s.data) {
		s.add(rest, index, nil, errors.New("there is something after the array; put all events into one array, or one on each line"))
	}
}

// sequence reads values one after the other. After a syntax error it goes on
// with the next line that begins with a brace, which in NDJSON is the next
// event, and in an indented document seldom exists.
func (s *splitter) sequence() {
	for start := s.skip(0, blank); start < len(s.data); {
		dec := json.NewDecoder(bytes.NewReader(s.data[start:]))
		for {
			from := start + int(dec.InputOffset())
			var raw json.RawMessage
			err := dec.Decode(&raw)
			if errors.Is(err, io.EOF) {
				return
			}
			from = s.skip(from, blank)
			if err == nil {
				s.add(from, -1, raw, nil)
				continue
			}
			s.add(from, -1, nil, s.explain(from))
			next := bytes.Index(s.data[from:], []byte("\n{"))
			if next < 0 {
				return
			}
			start = from + next + 1
			break
		}
	}
}

func (s *splitter) skip(offset int, chars string) int {
	rest := s.data[offset:]
	return offset + len(rest) - len(bytes.TrimLeft(rest, chars))
}

// explain says where the syntax of the document at start is wrong. It reads it
// once more: the offsets of a decoder that has read something before leave out
// what was between the values.
func (s *splitter) explain(start int) error {
	var raw json.RawMessage
	err := json.NewDecoder(bytes.NewReader(s.data[start:])).Decode(&raw)
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return errors.New("not JSON: the document ends too early")
	case !errors.As(err, &syntax):
		return fmt.Errorf("not JSON: %w", err)
	}
	at := min(max(start+int(syntax.Offset)-1, start), len(s.data))
	before := s.data[start:at]
	line := bytes.Count(before, []byte("\n"))
	column := len([]rune(string(before[bytes.LastIndexByte(before, '\n')+1:]))) + 1
	where := fmt.Sprintf("at character %d", column)
	if line > 0 {
		where += " of line " + strconv.Itoa(s.lineOf(start)+line)
	}
	return fmt.Errorf("not JSON: %s, %s", strings.TrimPrefix(syntax.Error(), "json: "), where)
}
