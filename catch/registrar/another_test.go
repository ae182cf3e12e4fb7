package registrar

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/lapse-dev/lapse/catch"
	"github.com/lapse-dev/lapse/catch/registrar/conformance"
)

// TestAnswerForAnotherNameIsNoAnswer looks names up at services that answer for
// another one: that says nothing, least of all that an order is not there.
func TestAnswerForAnotherNameIsNoAnswer(t *testing.T) {
	for service, body := range map[string]string{
		"porkbun":   `{"status":"SUCCESS","domain":{"domain":"other.com","status":"ACTIVE"}}`,
		"namecom":   `{"domainName":"other.com","expireDate":"2027-01-01T00:00:00Z"}`,
		"dnsimple":  `{"data":{"name":"other.com","state":"registered"}}`,
		"dynadot":   `{"DomainInfoResponse":{"ResponseCode":0,"Status":"success","DomainInfo":{"Name":"other.com"}}}`,
		"namecheap": `<ApiResponse Status="OK"><Errors/><CommandResponse><DomainGetInfoResult Status="Ok" DomainName="other.com"/></CommandResponse></ApiResponse>`,
	} {
		t.Run(service, func(t *testing.T) {
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }))
			defer srv.Close()
			f := All()[slices.Index(Services(), service)]
			routes, err := Open(conformance.Account(f, srv.URL))
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range routes {
				if r.Describe().Kind != catch.Register {
					continue
				}
				if rep, err := r.Find(t.Context(), catch.Order{Name: "example.com"}); catch.KindOf(err) != catch.UpstreamDown {
					t.Errorf("%+v, %v", rep, err)
				}
			}
		})
	}
}
