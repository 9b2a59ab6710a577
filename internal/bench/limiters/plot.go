package main

import (
	"bytes"
	"fmt"
	"strings"
	"time"
)

const (
	width, height      = 720, 330
	left, right        = 60, 20
	top, bottom        = 56, 46
	most               = 250 // calls at the top of the scale
	oursColor          = "#0a7d4b"
	theirsColor        = "#c0392b"
	plotWidth          = width - left - right
	plotHeight         = height - top - bottom
	day                = 24 * time.Hour
	samples            = 28 * 24 * 2
	step               = span / samples
	font               = "font-family=\"sans-serif\" font-size=\"12\""
	backgroundAndFrame = "fill=\"white\" stroke=\"#bbb\""
)

// plot draws, for each moment, the calls of the seven days before it.
func plot(ours, theirs series) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %[1]d %[2]d\">\n", width, height)
	fmt.Fprintf(&b, "<rect width=\"%d\" height=\"%d\" fill=\"white\"/>\n", width, height)
	text(&b, left, 20, "start", "#222", fmt.Sprintf("Calls in the last 7 days, limit %d, demand without end", limit))
	text(&b, left, 40, "start", theirsColor, theirs.name)
	text(&b, left+150, 40, "start", oursColor, ours.name)
	fmt.Fprintf(&b, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" %s/>\n", left, top, plotWidth, plotHeight, backgroundAndFrame)
	for calls := 0; calls <= most; calls += 100 {
		text(&b, left-8, y(calls)+4, "end", "#222", fmt.Sprint(calls))
		fmt.Fprintf(&b, "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#eee\"/>\n", left, width-right, y(calls), y(calls))
	}
	for d := 0; d <= 28; d += 7 {
		text(&b, x(time.Duration(d)*day), height-bottom+18, "middle", "#222", fmt.Sprintf("day %d", d))
	}
	fmt.Fprintf(&b, "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\" stroke=\"#888\" stroke-dasharray=\"3 3\"/>\n", x(wipeAt), x(wipeAt), top, height-bottom)
	text(&b, x(wipeAt), height-bottom+36, "middle", "#555", "Redis loses its data")
	fmt.Fprintf(&b, "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#222\" stroke-dasharray=\"6 4\"/>\n", left, width-right, y(limit), y(limit))
	text(&b, width-right-4, y(limit)-6, "end", "#222", "limit")
	line(&b, theirs, theirsColor)
	line(&b, ours, oursColor)
	b.WriteString("</svg>\n")
	return b.Bytes()
}

func x(at time.Duration) float64 { return left + plotWidth*at.Hours()/span.Hours() }
func y(calls int) float64        { return float64(height-bottom) - float64(plotHeight*calls)/most }

func text(b *bytes.Buffer, x, y float64, anchor, color, s string) {
	fmt.Fprintf(b, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" fill=\"%s\" %s>%s</text>\n", x, y, anchor, color, font, s)
}

func line(b *bytes.Buffer, s series, color string) {
	var points []string
	for i := range samples + 1 {
		at := time.Duration(i) * step
		n := 0
		for _, sent := range s.sent {
			if sent <= at && at-sent < window {
				n++
			}
		}
		points = append(points, fmt.Sprintf("%.1f,%.1f", x(at), y(n)))
	}
	fmt.Fprintf(b, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" points=\"%s\"/>\n", color, strings.Join(points, " "))
}
