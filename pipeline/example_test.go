package pipeline_test

import (
	"fmt"
	"time"

	"github.com/kenar-addons/kenar-addons/pipeline"
)

// A producer checks an event before it publishes it, with what admission
// would say.
func ExampleBuilder_Validate() {
	event := `{
	  "specversion": "1.0", "id": "report-17", "source": "inspections", "type": "kenar.addon.attach.v1",
	  "subject": "post/AZir15UU", "priority": "soon",
	  "data": {"widgets": []}
	}`
	_, _, err := pipeline.Builder{}.Validate([]byte(event))
	fmt.Println(err)
	// Output: invalid_event: priority: "soon" is unknown, use urgent or normal
}

// With four calls a week, two of them spent on Monday, the third event in the
// queue waits for the first of these to come back.
func ExampleETA() {
	monday := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	week := 7 * 24 * time.Hour
	window := pipeline.Window{
		Permission: "ADD_ON_CREATE", Every: week, Limit: 4, Known: true,
		Spent: 2, Free: 2, Returns: []time.Time{monday.Add(week), monday.Add(week + time.Hour)},
	}
	for position := range 3 {
		fmt.Println(pipeline.ETA(monday.AddDate(0, 0, 1), position+1, false, []pipeline.Window{window}).Format("Mon 15:04"))
	}
	// Output:
	// Tue 09:00
	// Tue 09:00
	// Mon 09:00
}
