package metrics

import "testing"

// TestMetricsStayOnThisMachine holds that no address which others can reach is
// listened on.
func TestMetricsStayOnThisMachine(t *testing.T) {
	for in, want := range map[string]string{
		":9110": "127.0.0.1:9110", "127.0.0.1:0": "127.0.0.1:0", "[::1]:9110": "[::1]:9110", "localhost:1": "localhost:1",
		"0.0.0.0:9110": "", "[::]:9110": "", "192.0.2.7:9110": "", "example.com:9110": "", "9110": "", "": "",
	} {
		got, err := Addr(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("Addr(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
}
