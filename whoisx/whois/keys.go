package whois

import "sync"

// field is what a line of an answer is about.
type field uint8

const (
	fNone field = iota
	fDomain
	fQuery // the server repeats the question
	fCreated
	fUpdated
	fExpires
	fRegistrarExpires
	fDeleted
	fDrop // the day on which the name comes free
	fStatus
	fState // a status where it reads like one, else a postal state
	fRegistrar
	fRegistrarID
	fReseller // who registered it, where no registrar is named
	fNameserver
	fTier      // the class of its price
	fNote      // a remark of the server about the domain
	fHolder    // somebody holds it
	fContact   // the lines that follow are about a person
	fPerson    // a line that only a person's record has
	fDateOrder // the server says how it writes dates
	fAsOf      // the state of the registry that the answer shows
	fServer    // the lines that follow are about the server itself
	fSkip      // looks like something else, but is not: ends a list
)

// keys are the labels that registries and registrars write, in lower case,
// without digits and punctuation.
var keys = sync.OnceValue(func() map[string]field {
	m := map[string]field{}
	for _, l := range []struct {
		f     field
		words []string
	}{
		{fDomain, []string{
			"domain", "domain name", "puny name", "domainname", "dominio", "nombre de dominio", "nombre dominio", "nom de domaine", "nome de domínio", "nome de dominio", "nome dominio",
			"domain name ace", "domain ace", "ascii name", "domain name ascii", "domaine", "domeinnaam", "dominio ace", "domena", "alan adi", "도메인이름", "hostname ace",
			"complete domain name", "fqdn", "tên miền", "доменное имя", "域名", "ドメイン名", "idn", "punycode", "ace", "domain name puny", "domain name utf", "domainname ascii", "object", "name of domain", "domain idn", "domain name in ascii",
		}},
		{fQuery, []string{"query", "searching for", "whois results for", "you queried for", "domain queried", "queried", "requested domain"}},
		{fCreated, []string{
			"created", "reg created", "cree", "créé", "cree le", "créé le", "created on", "created date", "create date", "creation date", "creationdate", "created at", "creation", "date created", "domain created", "domain create date",
			"domain creation date", "domain registration date", "domain registered", "registered", "registered on", "registered date", "registered at", "registration date", "registrationdate",
			"registration", "registration time", "registration created", "record created", "record created on", "record creation date", "domain name commencement date", "commencement date", "activated", "acivated", "activated on", "activation date", "activation",
			"domain record activated", "date approved", "approved", "approval date", "date registered", "domain dateregistered", "domain date registered", "fecha de creacion", "fecha de creación", "fecha de registro", "fecha creacion", "fecha de activacion", "fecha de alta", "issue date", "issued", "entry created",
			"data de registo", "data de registro", "data de criacao", "data de criação", "date de creation", "date de création", "date d enregistrement", "erstellt", "registriert", "registrert", "registreerimise aeg",
			"등록일", "connected date", "first registered", "first registration date", "registration start", "registered since", "since", "assigned", "inscription date", "date of registration", "domain activation date", "domain activated", "creation time", "createdate", "created time",
			"登録年月日", "注册日期", "дата регистрации", "utworzono", "rekisteröity", "registreringsdatum", "opprettet", "originally registered", "initial registration", "registered from", "valid from", "регистрация",
		}},
		{fUpdated, []string{
			"updated", "updated on", "updated date", "update date", "updated at", "last updated", "last updated on", "last updated date", "last update", "last updated at", "last update time", "lastupdate", "last modified", "last modified date", "last modified on", "lastmodified",
			"modified", "modified on", "modified date", "modification date", "last modification", "last modification date", "changed", "changed date", "changed on", "last changed", "last change", "last changed date", "change date",
			"domain last updated", "domain last updated date", "domain record last updated", "domain last modified", "domain updated", "domain datelastmodified", "domain update date", "record last updated", "record last updated on", "record last modified", "record last modified on", "record changed on", "record modified", "record changed", "record updated", "record last update", "last record update",
			"ultima actualizacion", "ultima actualización", "última actualización", "última modificación al formulario", "ultima modificacion", "última modificación", "fecha de ultima modificacion", "data de alteração", "date de modification", "derniere modification", "dernière modification", "zuletzt geändert",
			"최근 정보 변경일", "最終更新", "date modified", "date updated", "last edited", "last edited on", "last updated time", "updateddate", "dernière mise à jour", "updated time", "modification time", "дата изменения", "last edit", "entry updated",
		}},
		{fExpires, []string{
			"expires", "expires on", "expires at", "expire", "expired", "expire date", "expired date", "expires date", "expiry", "expiry date", "expirydate", "expiration", "expiration date", "expirationdate", "expiration time", "expire on", "expired on", "expire at", "expire time",
			"registry expiry date", "registry expiration date", "registry expiry", "domain expires", "domain expiration date", "domain expiry date", "domain expiration", "domain expires on", "domain currently expires", "domain datebilleduntil", "domain date billed until", "domain expire date",
			"record expires on", "record expired", "record expires", "record will expire on", "record expiration date", "record expiry date", "renewal date", "renewal", "date renewal", "renewal due", "renew date", "next renewal", "renewal deadline", "paid till", "paid until", "paid through", "valid until", "valid till", "valid date", "valid to", "validity", "validity date", "valid thru", "registered until", "registration expires", "registration expiry date", "registration expiration date", "registration expiration", "date expires", "date of expiry", "date of expiration", "date expired", "until", "end date", "billed until", "domain valid until", "expdate", "exp date", "expires time", "expiring", "expiring on",
			"fecha de vencimiento", "fecha vencimiento", "fecha de expiracion", "fecha de expiración", "fecha expiracion", "vencimiento", "data de expiração", "data de expiracao", "date d expiration", "date d échéance", "échéance", "gültig bis", "vervaldatum", "scadenza", "data di scadenza", "사용 종료일", "有効期限", "到期日期", "anniversary expiry", "дата окончания", "utgår", "last day of registration",
		}},
		{fRegistrarExpires, []string{"registrar registration expiration date", "registrar expiration date", "registrar registration expiry date", "registrar expiry date"}},
		{fDeleted, []string{"deleted", "deleted on", "deletion date", "delete date", "date deleted", "cancelled", "date of deletion", "suspended", "suspended on"}},
		{fDrop, []string{
			"date out of quarantine", "out of quarantine", "tbr release date", "release date", "available", "available on", "available from", "available date", "free date", "date to release", "delete", "drop date", "drop time", "to be released on", "release time", "purge date",
			"domain available on", "available again",
		}},
		{fStatus, []string{
			"status", "domain status", "registration status", "domainstatus", "query status", "eppstatus", "epp status", "estatus del dominio", "estado", "estado del dominio", "estado do domínio", "statut", "etat", "état", "stato", "status of domain", "domain state", "domain registration status", "status information",
			"state of domain", "registry status", "status code", "status codes", "statuses", "stav", "durum", "pending", "domaintype", "domain type", "ren status", "lifecycle status", "domain epp status", "current status", "domain statuses", "статус",
		}},
		{fState, []string{"state"}},
		{fRegistrar, []string{
			"registrar", "registar", "registrar name", "sponsoring registrar", "registrar organization", "registrar organisation", "sponsoring registrar organization", "sponsoring registrar name", "current registar", "current registrar", "authorized agency", "registrado por", "registrar company", "maintained by registrar", "등록대행자", "registrar company name", "agent de enregistrement", "bureau d enregistrement", "agente registrador", "registrar nom", "registraire", "регистратор",
		}},
		{fRegistrarID, []string{"registrar iana id", "sponsoring registrar iana id", "registrar iana"}},
		{fReseller, []string{"registered through", "registered by", "registration service provider"}},
		{fNameserver, []string{
			"nserver", "name server", "name servers", "nameserver", "nameservers", "nserver handle", "name server ace", "domain name server", "domain name servers", "domain nameservers", "domain nameserver", "domain servers", "domain server", "domain servers in listed order", "domain name servers in listed order", "nameserver in listed order", "nameservers in listed order", "name servers in listed order", "name servers listed in order", "name servers in the listed order", "domain name servers listed in order", "dns", "dns server", "dns servers", "dns name", "ns", "ns name", "ns hostname", "ns host", "host name", "hostname", "hosts",
			"primary server", "secondary server", "primary ns", "secondary ns", "primary name server", "secondary name server", "primary nameserver", "secondary nameserver", "tertiary name server", "tertiary ns", "primary dns", "secondary dns", "nameserver information", "name server information", "name servers information", "nameserver list", "ns list", "current nameservers", "nservers", "name server name", "servidor es de nombres de dominio", "servidores de nombre", "servidores de nombres", "servidor dns", "servidores dns", "servidor", "dns primario", "dns secundario", "nameserverinformation", "serveur de noms", "serveurs de noms", "serveurs de nom", "serveur", "호스트이름", "nombre del servidor", "ネームサーバ", "主机", "dns hostname", "dns hostnames", "nameserver hostname", "name server hostname", "server name", "server names", "domain dns", "delegated name servers", "dns list", "nimipalvelin", "nimipalvelimet", "namnserver", "navneserver", "nameserver ns", "сервер dns", "servers",
		}},
		{fTier, []string{"tier", "price tier", "pricing tier", "price category", "price class", "premium tier", "premium category", "domain tier"}},
		{fNote, []string{"notes", "note", "message", "remark", "remarks", "notice", "info", "error message", "description of status", "comment", "reason", "result"}},
		{fHolder, []string{
			"registrant name", "registrant organization", "registrant organisation", "registrant id", "registrant handle", "holder c", "owner c", "registrant contact id", "owner name", "registry registrant id", "owner contact", "registrant contact name", "holder of domain name", "registrant code", "admin c", "tech c", "zone c", "domain id", "registry domain id", "domain roid", "roid", "registered for", "registrar abuse contact email", "registrar url", "sponsoring registrar id", "registrar id", "nsset", "keyset", "nsl id", "responsible", "descr", "등록인", "registrant name and address", "registered name holder", "admin id", "dnssec", "owner orgname",
		}},
		{fContact, []string{
			"registrant", "holder", "owner", "administrative contact", "technical contact", "admin contact", "registrant contact", "domain holder", "administrator", "admin contacts", "administrative contacts", "technical contacts", "technical", "tech contact", "billing contact", "billing contacts", "billing", "technical manager", "titular", "contacto administrativo", "contacto tecnico", "contacto técnico", "contacto de cobranza", "contacto financiero", "tech", "onsite", "registrar technical contacts", "contact", "contacts", "owner main contact", "domain owners registrant", "domain managers", "registrant contact information", "administrative contact information", "technical contact information", "agency", "entidade gestora", "responsável técnico", "titular registrant", "keys", "site", "registrar contact", "registrant info", "administrative contact agent", "organization using domain name",
		}},
		{fPerson, []string{"person", "personname", "nic hdl", "nic hdl br", "contact id", "contactid", "nic handle", "role", "handle", "contact name", "nichandle", "norid handle", "id contact", "regnr", "organization", "organisation"}},
		{fDateOrder, []string{"complete date format", "short date format", "date format", "format de date", "formato de fecha"}},
		{fSkip, []string{"registrar whois server", "referral url", "url", "website", "registrar website", "server time", "query time", "email", "e mail", "source", "phone", "fax", "fax no", "tel", "registrar url registration services", "changed by", "updated by", "created by", "nsstat", "nslastaa", "ip address", "registrar email", "resource records", "mail server records", "signing key", "ds rdata", "ds list", "delegation", "dns update", "trademark date"}},
		{fAsOf, []string{"last update of whois database", "whois database was last updated on", "database last updated", "database last updated on", "last update of registry database", "whois lookup made at", "query datetime", "timestamp", "whois timestamp"}},
		{fServer, []string{"whois", "whois server"}},
	} {
		for _, w := range l.words {
			m[w] = l.f
		}
	}
	return m
})
