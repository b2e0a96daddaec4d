// Package weir asks a compiled policy, through cgo: it maps what weir compile wrote.
package weir

/*
#cgo pkg-config: libweir
#include "weir/directory.h"
#include "weir/policy_file.h"
*/
import "C"

import (
	"fmt"
	"net/netip"
	"os"
	"syscall"
	"unsafe"
)

// IP protocols that have ports.
const (
	TCP  = C.WEIR_PROTOCOL_TCP
	UDP  = C.WEIR_PROTOCOL_UDP
	SCTP = C.WEIR_PROTOCOL_SCTP
)

// Flags of a key: which sides are judged, and whether an address of the pods' networks that no pod
// has is taken as one outside of the cluster.
const (
	BothSides       = C.WEIR_KEY_BOTH
	UnknownExternal = C.WEIR_KEY_UNKNOWN_EXTERNAL
)

// A Key is the first packet of a connection. It has the layout of struct weir_key, so that a burst
// of keys is handed over as it lies in memory.
type Key struct {
	Source, Destination         [16]byte
	Zone                        uint32
	SourcePort, DestinationPort uint16
	Protocol                    uint8
	ICMPType, ICMPCode          uint8
	Flags                       uint8
}

// An Action is what becomes of a connection.
type Action uint8

func (action Action) String() string {
	return [...]string{"deny", "allow", "ambiguous"}[action]
}

// A Verdict has the layout of struct weir_verdict.
type Verdict struct {
	Action Action
	Why    uint8
}

// Neither compiles when a layout is another.
var (
	_ [unsafe.Sizeof(Key{})]struct{}     = [C.sizeof_struct_weir_key]struct{}{}
	_ [unsafe.Sizeof(Verdict{})]struct{} = [C.sizeof_struct_weir_verdict]struct{}{}
)

// Address is an address as keys have it: 16 bytes, IPv4 mapped.
func Address(text string) ([16]byte, error) {
	address, err := netip.ParseAddr(text)
	return address.As16(), err
}

// A Policy may be asked by any number of goroutines at once.
type Policy struct {
	handle *C.struct_weir_policy
	file   []byte
}

// Open maps a file and opens the policy in it.
func Open(path string) (*Policy, error) {
	file, err := mapFile(path)
	if err != nil {
		return nil, err
	}
	var (
		handle  *C.struct_weir_policy
		details C.struct_weir_error
	)
	status := C.weir_policy_open(unsafe.Pointer(&file[0]), C.size_t(len(file)), nil, &handle, &details)
	if status != 0 {
		syscall.Munmap(file)
		return nil, fmt.Errorf("%s: %w: %s", path, syscall.Errno(-status), C.GoString(&details.text[0]))
	}
	return &Policy{handle, file}, nil
}

func mapFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	about, err := file.Stat()
	if err != nil {
		return nil, err
	}
	bytes, err := syscall.Mmap(int(file.Fd()), 0, int(about.Size()), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, &os.PathError{Op: "mmap", Path: path, Err: err}
	}
	return bytes, nil
}

// Close lets the policy go, and the file with it. Nobody asks it any more.
func (policy *Policy) Close() error {
	C.weir_policy_unref(policy.handle)
	return syscall.Munmap(policy.file)
}

// Classify judges a burst: verdicts[i] answers keys[i]. A call into C costs more than a verdict:
// bursts of hundreds hide it.
func (policy *Policy) Classify(keys []Key, verdicts []Verdict) {
	if len(keys) == 0 {
		return
	}
	_ = verdicts[len(keys)-1]
	C.weir_policy_classify(policy.handle, (*C.struct_weir_key)(unsafe.Pointer(&keys[0])),
		(*C.struct_weir_verdict)(unsafe.Pointer(&verdicts[0])), C.size_t(len(keys)))
}

// A Half is one side of a connection, and why it came out so: a rule, or a reason's word.
type Half struct {
	Action Action
	Why    string
}

// An Explanation is both sides of a connection.
type Explanation struct {
	Verdict         Verdict
	Egress, Ingress Half
}

// Explain judges one key the slow way, with its reasons.
func (policy *Policy) Explain(key Key) Explanation {
	var out C.struct_weir_explanation

	C.weir_policy_explain(policy.handle, (*C.struct_weir_key)(unsafe.Pointer(&key)), &out)
	return Explanation{
		Verdict{Action(out.verdict.action), uint8(out.verdict.why)},
		policy.half(&out.egress),
		policy.half(&out.ingress),
	}
}

func (policy *Policy) half(half *C.struct_weir_half) Half {
	action := Action(half.action)
	length := C.weir_policy_format_rule(policy.handle, half, nil, 0)
	if length == 0 {
		return Half{action, C.GoString(C.weir_reason_name(uint32(half.reason)))}
	}
	text := make([]byte, length+1)
	C.weir_policy_format_rule(policy.handle, half, (*C.char)(unsafe.Pointer(&text[0])), length+1)
	return Half{action, string(text[:length])}
}
