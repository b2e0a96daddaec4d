"""checksums.py INTERFACE: the kernel computes the checksums of what is sent by it."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
from ends import leave_checksums_to_software  # noqa: E402

leave_checksums_to_software(sys.argv[1])
