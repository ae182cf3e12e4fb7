package config

import (
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// Paths are where things lie: the XDG folders, or what a person named.
type Paths struct {
	Config string // config.toml
	Folder string // the folder of that file: authorized_keys, rules.toml and the like
	DB     string
	State  string // log, SSH host key
}

// DefaultPaths follows the XDG base directory specification 0.8 on every
// system but Windows, where the user's own application folders stand in.
func DefaultPaths(getenv func(string) string) Paths {
	folder := filepath.Join(xdg(getenv, "XDG_CONFIG_HOME", ".config", "APPDATA"), "lapse")
	return Paths{
		Config: filepath.Join(folder, "config.toml"),
		Folder: folder,
		DB:     filepath.Join(xdg(getenv, "XDG_DATA_HOME", filepath.Join(".local", "share"), "LOCALAPPDATA"), "lapse", "lapse.db"),
		State:  filepath.Join(xdg(getenv, "XDG_STATE_HOME", filepath.Join(".local", "state"), "LOCALAPPDATA"), "lapse"),
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

// Resolve finds a file that the configuration names: a relative path lies beside
// it, "~/" is the home folder.
func (p Paths) Resolve(name string) string {
	if name == "" || filepath.IsAbs(name) {
		return name
	}
	if rest, ok := strings.CutPrefix(name, "~/"); ok {
		home, err := os.UserHomeDir()
		if err == nil {
			return filepath.Join(home, rest)
		}
	}
	return filepath.Join(p.Folder, name)
}
