package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kenar-addons/kenar-addons/internal/cli"
	"github.com/kenar-addons/kenar-addons/kenar/schema"
	"github.com/kenar-addons/kenar-addons/pipeline"
)

func (a *app) listingSchemaCommand() *cobra.Command {
	var skeleton bool
	cmd := &cobra.Command{
		Use:   "schema CATEGORY",
		Short: "Show which fields the posts of a category have",
		Long: `Show what Divar asks of the posts of a category, which is named by its slug, such as
apartment-rent: the fields that belong in category_fields, with their types, choices
and limits, and a skeleton to fill in. A choice is sent as its value; what Divar calls
it stands in parentheses where that differs.

A worker is asked, which has the API key. It remembers a schema for an hour.`,
		Example: `  publisher listing schema apartment-rent
  publisher listing schema apartment-rent --skeleton > fields.json
  publisher listing schema light --json | jq '.fields[] | select(.required) | .name'`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || strings.TrimSpace(args[0]) == "" {
				return fmt.Errorf("name one category by its slug, such as apartment-rent; %d were given", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			client, done, err := a.connect(cmd)
			if err != nil {
				return err
			}
			defer done()
			s, err := client.CategorySchema(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if s.Skeleton, err = legible(s.Skeleton); err != nil {
				return err
			}
			return a.tellSchema(s, skeleton)
		},
	}
	cmd.Flags().BoolVar(&skeleton, "skeleton", false, "write the skeleton alone")
	return cmd
}

func (a *app) tellSchema(s pipeline.CategorySchema, skeleton bool) error {
	switch {
	case a.json && skeleton:
		return a.line(s.Skeleton)
	case a.json:
		return a.line(s)
	case skeleton:
		return a.print("%s\n", indented(s.Skeleton))
	case len(s.Fields) == 0:
		a.say("category %s has no fields: category_fields is {}", s.Category)
		return nil
	}
	t := &cli.Table{}
	t.Add("FIELD", "TITLE", "TYPE", "REQUIRED", "LIMITS", "CHOICES")
	for _, f := range s.Fields {
		required := "-"
		if f.Required {
			required = "required"
		}
		t.Add(f.Name, dash(f.Title), fieldType(f), required, dash(strings.Join(f.Limits, ", ")), choices(f.Choices))
	}
	if err := a.table(t); err != nil {
		return err
	}
	return a.print("\n%s\n", indented(s.Skeleton))
}

// fieldType is the type of a field, with that of its items for a list.
func fieldType(f schema.Field) string {
	switch {
	case f.Type == "":
		return "any"
	case f.Items != "":
		return f.Type + " of " + f.Items
	}
	return f.Type
}

// mostChoices is how many choices of a field stand in a table; --json has all.
const mostChoices = 6

// choices are those of a field: the values, and the titles where they differ.
func choices(all []schema.Choice) string {
	var names []string
	for i, c := range all {
		if i == mostChoices && len(all) > mostChoices+1 {
			names = append(names, fmt.Sprintf("… %d in all", len(all)))
			break
		}
		names = append(names, choice(c))
	}
	return dash(strings.Join(names, " | "))
}

func choice(c schema.Choice) string {
	value, isText := c.Value.(string)
	if !isText {
		raw, err := json.Marshal(c.Value)
		if err != nil {
			return c.Title
		}
		value = string(raw)
	}
	if c.Title == "" || c.Title == value {
		return value
	}
	return value + " (" + c.Title + ")"
}

// unescape undoes what an encoder for web pages did to JSON. The first pair
// keeps an escaped backslash before such letters what it is.
var unescape = strings.NewReplacer(`\\`, `\\`, `\u003c`, "<", `\u003e`, ">", `\u0026`, "&")

// legible is JSON for people: its placeholders are in angle brackets.
func legible(raw json.RawMessage) (json.RawMessage, error) {
	raw = []byte(unescape.Replace(string(raw)))
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		return nil, errors.New("the skeleton that a worker sent is not JSON: update the workers, or this program")
	}
	return b.Bytes(), nil
}
