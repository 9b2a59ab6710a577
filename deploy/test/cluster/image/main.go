// Command image makes an image of a directory, in the form of "docker save", where no
// Docker is:
//
//	image -name registry.example/app:1 -root rootfs -dockerfile Dockerfile -out app.tar
//
// Everything but the files is taken from the last stage of the Dockerfile, so that what
// is tested is what is shipped.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
)

func main() {
	name := flag.String("name", "", "`name` of the image, with its tag")
	root := flag.String("root", "", "`directory` that is the root of the image")
	dockerfile := flag.String("dockerfile", "", "`file` whose last stage has user, variables and command")
	out := flag.String("out", "", "write the image to this `file`")
	flag.Parse()
	if *name == "" || *root == "" || *dockerfile == "" || *out == "" || flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "usage: image -name NAME -root DIRECTORY -dockerfile FILE -out FILE")
		os.Exit(2)
	}
	if err := run(*name, *root, *dockerfile, *out); err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

func run(name, root, dockerfile, out string) (err error) {
	text, err := os.ReadFile(dockerfile)
	if err != nil {
		return fmt.Errorf("reading the Dockerfile: %w", err)
	}
	c, err := lastStage(string(text))
	if err != nil {
		return fmt.Errorf("reading %s: %w", dockerfile, err)
	}
	layer, err := newLayer(root)
	if err != nil {
		return fmt.Errorf("packing %s: %w", root, err)
	}
	description, err := json.Marshal(map[string]any{
		"architecture": runtime.GOARCH, "os": "linux", "config": c,
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{"sha256:" + digest(layer)}},
	})
	if err != nil {
		return err
	}
	manifest, err := json.Marshal([]any{map[string]any{
		"Config": digest(description) + ".json", "RepoTags": []string{name}, "Layers": []string{digest(layer) + ".tar"},
	}})
	if err != nil {
		return err
	}
	f, err := os.Create(out)
	if err != nil {
		return fmt.Errorf("making the image: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return writeArchive(f, []file{
		{digest(description) + ".json", description},
		{digest(layer) + ".tar", layer},
		{"manifest.json", manifest},
	})
}
