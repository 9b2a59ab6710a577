package main

import (
	"encoding/json"
	"fmt"

	"github.com/kenar-addons/kenar-addons/examples"
	"github.com/kenar-addons/kenar-addons/kenar/kenartest"
	"github.com/kenar-addons/kenar-addons/pipeline"
)

// simulate starts the Kenar of the demo: with the app and the posts that the
// samples are about, a limit like the worker's own to show that it is kept, and the faults
// that the samples ask for.
func simulate() (*kenartest.Server, error) {
	server, err := kenartest.Start(kenartest.Config{
		Clients: []kenartest.Client{oauthClient()},
		Limits:  []kenartest.Limit{{Permission: string(pipeline.PostCreate), Calls: demoCalls, Window: demoWindow}},
	})
	if err != nil {
		return nil, fmt.Errorf("start the simulated Kenar: %w", err)
	}
	server.AddPost(kenartest.SamplePosts()...)
	server.AddPost(
		kenartest.Post{Token: "gZtiba_2", Title: "تیبا ۲ مدل ۱۴۰۰", City: "tehran", Category: "light"},
		kenartest.Post{Token: "gZkwid22", Title: "رنو کوئید", City: "tehran", Category: "light"},
		kenartest.Post{Token: "gZrana_8", Title: "رانا پلاس", City: "tehran", Category: "light"},
		kenartest.Post{Token: "gZquick5", Title: "کوییک R", City: "tehran", Category: "light"},
		kenartest.Post{Token: "gZsold_8", Title: "تیبای فروخته شده", City: "tehran", Category: "light", State: "RETIRED"},
		kenartest.Post{Token: "gZpars_5", Title: "پژو پارس ELX", City: "mashhad", Category: "light", Owner: "user-reza"},
		kenartest.Post{Token: "gZjac_s5", Title: "جک S5 اتوماتیک", City: "tehran", Category: "light"},
		kenartest.Post{Token: "gZ207i_3", Title: "پژو ۲۰۷i پانوراما", City: "tehran", Category: "light"},
		kenartest.Post{Token: "gZshahin", Title: "شاهین G", City: "isfahan", Category: "light"},
	)
	server.AddBusiness(
		kenartest.Business{Token: "namayeshgah-omid", Owner: "user-reza"},
		kenartest.Business{Token: "amlak-sara", Owner: "user-sara"},
	)
	openMarket(server)
	for _, s := range examples.Samples() {
		if s.Fault.Status == 0 {
			continue
		}
		raw, err := s.Read()
		if err != nil {
			return nil, err
		}
		var event struct {
			Subject string `json:"subject"`
		}
		if err := json.Unmarshal(raw, &event); err != nil {
			return nil, fmt.Errorf("read sample %s: %w", s.File, err)
		}
		server.Script(kenartest.Fault{Op: kenartest.CreatePostAddon, Target: event.Subject, Status: s.Fault.Status, Body: s.Fault.Body})
	}
	return server, nil
}
