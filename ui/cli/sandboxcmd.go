package cli

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lapse-dev/lapse/catch/burst"
	"github.com/lapse-dev/lapse/catch/sandbox"
	"github.com/lapse-dev/lapse/ui/cli/config"
	"github.com/lapse-dev/lapse/watch/lifecycle"
)

//go:embed demo_rules.toml
var demoRules []byte

//go:embed demo_terms.toml
var demoTerms []byte

//go:embed demo_policies.toml
var demoPolicies []byte

// The accounts of the sandbox, as its configuration names them.
const (
	sandboxEPP       = "sandbox"
	sandboxBackorder = "backorders"
	sandboxUser      = "lapse-sandbox"
	demoPolicy       = "demo"
	sandboxContact   = "me-lapse-sandbox"
)

func (a *app) sandboxCommand() *cobra.Command {
	var folder string
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Run the sandbox registry alone and print the configuration for it",
		Long: `Start a registry on loopback: EPP over TLS, RDAP, WHOIS, a drop list, rivals and
a registrar's API with backorders. Its names age in seconds. Four of its TLDs are
being launched, so that the whole way can be tried: .moss (claims on brand.moss),
.grove (landrush applications, decided after 30 s; gold.grove is premium,
held.grove reserved), .fern (a fee that falls every two minutes) and .dawn (a
sunrise); cobalt.app dropped days ago, and costs a fee that falls by the hour. A
claims notice and a signed mark lie in the folder. The configuration
that points a lapse at it is written to a folder and printed; any other EPP,
RDAP or WHOIS client can use it as well. It runs until it is interrupted.`,
		Example: "  lapse sandbox\n  lapse sandbox --folder /tmp/box --json",
		GroupID: groupProgram,
		Args:    noWords,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.sandboxAlone(cmd.Context(), folder)
		},
	}
	cmd.Flags().StringVar(&folder, "folder", "", "write the configuration into this `folder` (default: a temporary one, removed at the end)")
	return cmd
}

func (a *app) sandboxAlone(ctx context.Context, folder string) error {
	begun := time.Now().Truncate(time.Second)
	reg, err := startSandbox(ctx, append(cast(begun), launchingNames()...), sandboxOptions{more: launchingTLDs(begun)})
	if err != nil {
		return err
	}
	defer func() { _ = reg.Close() }()
	if folder != "" {
		// The configuration names files of this folder, from wherever it is read.
		if folder, err = filepath.Abs(folder); err != nil {
			return fmt.Errorf("sandbox: %w", err)
		}
	} else {
		if folder, err = os.MkdirTemp("", "lapse-sandbox-"); err != nil {
			return fmt.Errorf("sandbox: %w", err)
		}
		defer os.RemoveAll(folder)
	}
	c := reg.Config()
	files, err := writeSandboxConfig(folder, c)
	if err == nil {
		err = writeLaunches(folder, begun)
	}
	if err != nil {
		return err
	}
	if a.flags.json {
		err = a.writeJSON(struct {
			Config  string            `json:"config"`
			EPP     string            `json:"epp"`
			RDAP    string            `json:"rdap"`
			WHOIS   string            `json:"whois"`
			API     string            `json:"api"`
			User    string            `json:"user"`
			CA      string            `json:"ca"`
			Lists   map[string]string `json:"drop_lists"`
			Secrets string            `json:"secrets"`
		}{
			files.config, c.EPPAddr, c.RDAPBase, c.WHOISAddr, c.ServiceBase, sandboxUser, files.ca, c.DropLists,
			"in files of mode 0600 beside the configuration",
		})
	} else {
		var text []byte
		if text, err = os.ReadFile(files.config); err == nil {
			err = a.printf("%s", text)
		}
	}
	if err != nil {
		return err
	}
	a.say("lapse: the sandbox runs; ctrl+c ends it. In another terminal:")
	a.say("  export LAPSE_CONFIG=%s LAPSE_DB=%s", files.config, filepath.Join(folder, "lapse.db"))
	a.say("  lapse")
	<-ctx.Done()
	return nil
}

// sandboxOptions are how a run of the sandbox differs from the usual one.
type sandboxOptions struct {
	rivals []sandbox.Rival
	more   []sandbox.TLD // beside those of demo_rules.toml
}

// startSandbox starts a registry with the TLDs of demo_rules.toml.
func startSandbox(ctx context.Context, names []sandbox.Name, o sandboxOptions) (*sandbox.Registry, error) {
	book := lifecycle.Default()
	if err := book.Overlay("demo_rules.toml", demoRules); err != nil {
		return nil, fmt.Errorf("start sandbox: %w", err)
	}
	policies := burst.DefaultPolicies()
	if err := policies.Overlay("demo_policies.toml", demoPolicies); err != nil {
		return nil, fmt.Errorf("start sandbox: %w", err)
	}
	policy, ok := policies.ByID(demoPolicy)
	if !ok {
		return nil, fmt.Errorf("start sandbox: no policy %q", demoPolicy)
	}
	var tlds []sandbox.TLD
	for _, zone := range []string{"com", "net", "uk"} {
		tlds = append(tlds, sandboxTLD(zone, book.Rule("example."+zone)))
	}
	tlds = append(tlds, o.more...)
	// Registries publish whole seconds: names that begin at one drop at one.
	select {
	case <-time.After(time.Until(time.Now().Truncate(time.Second).Add(time.Second))):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if o.rivals == nil {
		o.rivals = slowRivals()
	}
	reg, err := sandbox.Start(ctx, sandbox.Options{
		TLDs: tlds, Names: names, Rivals: o.rivals,
		Accounts: []sandbox.Account{{User: sandboxUser, Password: "sandbox-secret", Registrar: "Your Own Account", IANA: "9999"}},
		Policy:   policy.SandboxPolicy(),
		Service:  &sandbox.Service{Wins: 1, Accepts: []string{"redemption", "pending delete"}},
		Seed:     uint64(time.Now().UnixNano()),
	})
	if err != nil {
		return nil, fmt.Errorf("start sandbox: %w", err)
	}
	return reg, nil
}

// registeredFor is how long a name of the sandbox is registered before it
// expires.
const registeredFor = 5 * time.Second

// sandboxTLD translates a rule into what the sandbox ages names by.
func sandboxTLD(zone string, r lifecycle.Rule) sandbox.TLD {
	t := sandbox.TLD{Zone: zone, DropList: r.DropList != "", DropReason: true}
	t.Stages = append(t.Stages, sandbox.Stage{Name: "registered", Statuses: []string{"ok"}, For: registeredFor, Renewable: true})
	for i, s := range r.Stages {
		st := sandbox.Stage{
			Name: s.Name, Statuses: s.Statuses, For: s.Max,
			Renewable: s.MapsTo == lifecycle.Expired || s.MapsTo == lifecycle.Redemption,
			Jumped:    r.AutoRenews && i == 0,
			NoDNS:     s.MapsTo != lifecycle.Expired,
		}
		if len(s.Said) > 0 {
			st.Words = s.Said[0]
		}
		t.Stages = append(t.Stages, st)
	}
	return t
}

// slowRivals want every name and answer a drop later than a program that was
// ready for it: the demo says so on its screen.
func slowRivals() []sandbox.Rival {
	return []sandbox.Rival{
		{Name: "slow-catcher", Reaction: sandbox.Dist{Min: 400 * time.Millisecond, Mean: 600 * time.Millisecond}},
		{Name: "sleepy-drops", Reaction: sandbox.Dist{Min: 500 * time.Millisecond, Mean: 900 * time.Millisecond}},
	}
}

// sandboxFiles are the files of a configuration that points at a sandbox.
type sandboxFiles struct{ config, ca string }

// writeSandboxConfig writes what a lapse needs to use a sandbox: hosts, ports
// and CA are configuration like any other.
func writeSandboxConfig(folder string, c sandbox.Config) (sandboxFiles, error) {
	f := sandboxFiles{config: filepath.Join(folder, "config.toml"), ca: filepath.Join(folder, "ca.pem")}
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# A lapse that knows the sandbox and nothing else.")
	line("[lookup]")
	line("offline = true # only hosts that stand here")
	line("ca = %q", f.ca)
	zones, last := make([]string, 0, len(c.TLDs)), map[string]string{}
	for _, t := range c.TLDs {
		zones = append(zones, t.Zone)
		last[t.Zone] = t.Stages[len(t.Stages)-1].For.String()
	}
	sort.Strings(zones)
	for _, z := range zones {
		line("\n[lookup.rdap.%s]\nurl = %q", quoteKey(z), c.RDAPBase)
		line("\n[lookup.whois.%s]\nhost = %q", quoteKey(z), c.WHOISAddr)
		if u := c.DropLists[z]; u != "" {
			line("\n[lookup.droplist.%s]\nurl = %q\nformat = \"nominet\"\ncertain = %q\nevery = \"2s\"", quoteKey(z), u, last[z])
		}
	}
	if c.DNSAddr != "" {
		line("\n[lookup.dns.servers]")
		for _, z := range zones {
			line("%s = [%q]", quoteKey(z), c.DNSAddr)
		}
	}
	secrets := map[string]string{}
	for _, acc := range c.Accounts {
		if acc.User != sandboxUser {
			continue
		}
		secrets["epp-password"] = acc.Password
		line("\n[account.%s]", sandboxEPP)
		line("service = \"epp\"\nurl = %q\nuser = %q\nsecret = \"file:epp-password\"\nca = %q\npolicy = %q\ncontact = %q", c.EPPAddr, acc.User, f.ca, demoPolicy, sandboxContact)
		line("tlds = [%s]\ncurrency = \"USD\"", config.Quote(zones))
	}
	if c.ServiceBase != "" {
		secrets["api-key"] = c.ServiceKey
		line("\n[account.%s]", sandboxBackorder)
		line("service = \"dynadot\"\nurl = %q\nsecret = \"file:api-key\"\nca = %q\ncurrency = \"USD\"", c.ServiceBase, f.ca)
	}
	line("\n[month]\nUSD = \"2000\"")
	line("\n[clock]\nntp = [] # the sandbox's clock is this machine's")

	if err := os.MkdirAll(folder, 0o700); err != nil {
		return f, fmt.Errorf("write configuration: %w", err)
	}
	for name, text := range map[string]string{
		"config.toml": b.String(), "ca.pem": string(c.CA), "rules.toml": string(demoRules), "terms.toml": string(demoTerms), "policies.toml": string(demoPolicies),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			return f, fmt.Errorf("write configuration: %w", err)
		}
	}
	for name, text := range secrets {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text+"\n"), 0o600); err != nil {
			return f, fmt.Errorf("write configuration: %w", err)
		}
	}
	return f, nil
}

func quoteKey(s string) string { return fmt.Sprintf("%q", s) }
