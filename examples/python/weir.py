"""A compiled policy, through ctypes: maps what weir compile wrote and asks it.

The shared library is found as any other: in the system's folders or those of LD_LIBRARY_PATH.
While it judges, other threads of Python run.
"""
import ctypes
import ipaddress
import mmap
import os
import struct

LIBRARY = ctypes.CDLL("libweir.so.0.1")

TCP, UDP, SCTP = 6, 17, 132
ACTIONS = ("deny", "allow", "ambiguous")

# struct weir_key: source, destination, zone, both ports, protocol, ICMP type and code, flags.
KEY = struct.Struct("@16s16sIHHBBBB")
VERDICT = struct.Struct("@BB")
BOTH_SIDES, UNKNOWN_EXTERNAL = 3, 4


class Half(ctypes.Structure):
    _fields_ = [("action", ctypes.c_uint8), ("reason", ctypes.c_uint8), ("rule", ctypes.c_uint32),
        ("peer", ctypes.c_uint32), ("port", ctypes.c_uint32)]


class Verdict(ctypes.Structure):
    _fields_ = [("action", ctypes.c_uint8), ("why", ctypes.c_uint8)]


class Explanation(ctypes.Structure):
    _fields_ = [("verdict", Verdict), ("egress", Half), ("ingress", Half)]


def declare(name, result, *arguments):
    function = getattr(LIBRARY, name)
    function.restype, function.argtypes = result, arguments
    return function


POINTER, SIZE = ctypes.c_void_p, ctypes.c_size_t
policy_open = declare("weir_policy_open", ctypes.c_int, POINTER, SIZE, POINTER, ctypes.POINTER(POINTER), ctypes.c_char_p)
policy_unref = declare("weir_policy_unref", None, POINTER)
policy_classify = declare("weir_policy_classify", None, POINTER, ctypes.c_char_p, POINTER, SIZE)
policy_explain = declare("weir_policy_explain", None, POINTER, ctypes.c_char_p, ctypes.POINTER(Explanation))
policy_format_rule = declare("weir_policy_format_rule", SIZE, POINTER, ctypes.POINTER(Half), ctypes.c_char_p, SIZE)
reason_name = declare("weir_reason_name", ctypes.c_char_p, ctypes.c_int)


def address_bytes(text):
    address = ipaddress.ip_address(text)
    return address.packed if address.version == 6 else bytes(10) + b"\xff\xff" + address.packed


def key(source, destination, protocol, port, flags=BOTH_SIDES | UNKNOWN_EXTERNAL):
    """A connection's first packet, as the library has it. Keys of a burst stand one after another."""
    if not 0 <= port <= 65535:
        raise ValueError(f"{port} is no port")
    return KEY.pack(address_bytes(source), address_bytes(destination), 0, 0, port, protocol, 0, 0, flags)


class Policy:
    """Any number of threads may ask it at once. It ends with close, or with its "with"."""

    def __init__(self, path):
        with open(path, "rb") as file:
            # Copied on write, which nobody does: the pages are shared with whoever maps the file.
            self.file = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        self.view = ctypes.c_char.from_buffer(self.file)
        self.handle = POINTER()
        error = ctypes.create_string_buffer(512)
        status = policy_open(ctypes.addressof(self.view), len(self.file), None, self.handle, error)
        if status:
            self.close()
            raise OSError(-status, error.value.decode() or os.strerror(-status), path)

    def close(self):
        if self.file.closed:
            return
        policy_unref(self.handle)
        self.view = None
        self.file.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def classify(self, keys):
        """The verdicts of a burst of keys (bytes), two bytes each: an index of ACTIONS, and why it is ambiguous."""
        n, rest = divmod(len(keys), KEY.size)
        if rest:
            raise ValueError(f"keys are {KEY.size} bytes each")
        verdicts = bytearray(n * VERDICT.size)
        if n:
            policy_classify(self.handle, keys, (ctypes.c_char * len(verdicts)).from_buffer(verdicts), n)
        return verdicts

    def action(self, one_key):
        return ACTIONS[self.classify(one_key)[0]]

    def explain(self, one_key):
        if len(one_key) != KEY.size:
            raise ValueError(f"a key is {KEY.size} bytes")
        out = Explanation()
        policy_explain(self.handle, one_key, out)
        return out

    def why(self, half):
        """The rule that decided a side, or the word for why none did."""
        length = policy_format_rule(self.handle, half, None, 0)
        if not length:
            return reason_name(half.reason).decode()
        text = ctypes.create_string_buffer(length + 1)
        policy_format_rule(self.handle, half, text, len(text))
        return text.value.decode()
