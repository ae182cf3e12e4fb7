package dns

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"

	"github.com/pelletier/go-toml/v2"

	"github.com/lapse-dev/lapse/whoisx"
)

//go:embed houses.toml
var housesTOML []byte

type house struct {
	delegation whoisx.Delegation
	name       string
}

// Houses tells parking and auction houses by the hosts of their name servers.
type Houses struct {
	Dated  string
	suffix map[string]house
}

var embedded = sync.OnceValue(func() *Houses {
	h, err := readHouses("houses.toml", housesTOML)
	if err != nil {
		panic(err) // embedded data that a test reads
	}
	return h
})

func readHouses(path string, data []byte) (*Houses, error) {
	var f struct {
		Dated  string `toml:"dated"`
		Houses []struct {
			What  string   `toml:"what"`
			House string   `toml:"house"`
			Hosts []string `toml:"hosts"`
		} `toml:"house"`
	}
	if err := toml.NewDecoder(strings.NewReader(string(data))).DisallowUnknownFields().Decode(&f); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	h := &Houses{Dated: f.Dated, suffix: map[string]house{}}
	for _, x := range f.Houses {
		d := whoisx.Parked
		switch x.What {
		case "parked":
		case "auction":
			d = whoisx.AtAuctionHouse
		default:
			return nil, fmt.Errorf("read %s: house %s: what must be parked or auction, not %q", path, x.House, x.What)
		}
		for _, host := range x.Hosts {
			h.suffix[strings.ToLower(strings.Trim(host, "."))] = house{d, x.House}
		}
	}
	return h, nil
}

// find returns whose name servers these are. All of them must be of one house:
// a single one can be a left-over.
func (h *Houses) find(servers []string) (house, bool) {
	var of house
	for i, s := range servers {
		x, ok := h.one(s)
		if !ok || i > 0 && x != of {
			return house{}, false
		}
		of = x
	}
	return of, len(servers) > 0
}

func (h *Houses) one(server string) (house, bool) {
	for s := server; s != ""; {
		if x, ok := h.suffix[s]; ok {
			return x, true
		}
		i := strings.IndexByte(s, '.')
		if i < 0 {
			break
		}
		s = s[i+1:]
	}
	return house{}, false
}
