package cli

import (
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
)

// paths are where things lie: the XDG folders, or what a person named.
type paths struct {
	config string // the file
	folder string // the folder of the file: authorized_keys, rules.toml and the like
	db     string
	state  string // log, SSH host key
}

// defaultPaths follows the XDG base directory specification 0.8 on every
// system but Windows, where the user's own application folders stand in.
func defaultPaths(getenv func(string) string) paths {
	folder := filepath.Join(xdg(getenv, "XDG_CONFIG_HOME", ".config", "APPDATA"), "lapse")
	return paths{
		config: filepath.Join(folder, "config.toml"),
		folder: folder,
		db:     filepath.Join(xdg(getenv, "XDG_DATA_HOME", filepath.Join(".local", "share"), "LOCALAPPDATA"), "lapse", "lapse.db"),
		state:  filepath.Join(xdg(getenv, "XDG_STATE_HOME", filepath.Join(".local", "state"), "LOCALAPPDATA"), "lapse"),
	}
}

func xdg(getenv func(string) string, name, fallback, windows string) string {
	// The specification: a relative path is invalid and to be ignored.
	if d := getenv(name); filepath.IsAbs(d) {
		return d
	}
	if runtime.GOOS == "windows" {
		if d := getenv(windows); d != "" {
			return d
		}
	}
	home := getenv("HOME")
	if !filepath.IsAbs(home) {
		// A service manager or sudo may leave it out. Who runs this has a home
		// all the same, and the list never lands in whatever folder this is.
		if u, err := user.LookupId(strconv.Itoa(os.Getuid())); err == nil {
			home = u.HomeDir
		}
	}
	if !filepath.IsAbs(home) {
		home = string(filepath.Separator)
	}
	return filepath.Join(home, fallback)
}
