package watch

// Name is a registrable domain as it is stored: the A-label, lower case, no
// trailing dot. ParseName makes one; Display shows it to a person.
type Name string
