package fake

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// Leaks reads every file below a folder (databases and their WAL, logs, output
// that was kept) and says where a secret stands in one, as it is or in the ways
// in which secrets travel. skip, if it is not nil, leaves out the files that are
// there to keep one. It returns how many files were read as well: none is no
// proof of anything.
func Leaks(dir string, skip func(path string) bool, secrets ...string) (leaks []string, files int, err error) {
	forms := map[string][]byte{}
	for i, s := range secrets {
		for what, form := range written(s) {
			forms[fmt.Sprintf("secret %d as %s", i+1, what)] = form
		}
	}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || skip != nil && skip(path) {
			return err
		}
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrPermission) {
			return nil // a test that made it so
		} else if err != nil {
			return err
		}
		files++
		for what, form := range forms {
			if i := bytes.Index(data, form); i >= 0 {
				leaks = append(leaks, fmt.Sprintf("%s holds the %s at byte %d: …%q…", path, what, i, data[max(0, i-60):i]))
			}
		}
		return nil
	})
	return leaks, files, err
}

// written are the ways in which a secret is written.
func written(secret string) map[string][]byte {
	forms := map[string][]byte{
		"plain text":     []byte(secret),
		"query":          []byte(url.QueryEscape(secret)),
		"hexadecimal":    []byte(hex.EncodeToString([]byte(secret))),
		"text in UTF-16": []byte(strings.Join(strings.Split(secret, ""), "\x00")),
	}
	for before := range 3 { // bytes of the same base64 group, like a user's name
		text := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\x00", before) + secret))
		from := (before*8 + 5) / 6
		forms[fmt.Sprintf("base64 (%d)", before)] = []byte(strings.TrimRight(text, "=")[from : len(strings.TrimRight(text, "="))-1])
	}
	return forms
}
