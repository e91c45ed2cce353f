//go:build tools

// Names the nats command line tool, so that the build knows its version: `go install PACKAGE@VERSION` refuses it for a checksum.
package natscli

import _ "github.com/nats-io/natscli/nats"
