"""The API as a process on cores of its own, with its memory, its CPU time and its log of requests."""

import os
import pathlib
import re
import time
from collections import Counter

from api import Api

# The last core is the load generator's, so that it takes no time from the API. The API has all others.
*API_CORES, GENERATOR_CORE = sorted(os.sched_getaffinity(0))
API_CORES = API_CORES or [GENERATOR_CORE]

# A line of the API's log: the time, the status and the route.
LINE = re.compile(rb"^\d\d:\d\d:\d\dZ (\d+) (\S+ \S+)", re.MULTILINE)


class Server(Api):
    """The API with the items of a file, and with the ids of the processes that it has started."""

    def __init__(self, program, seed, *arguments):
        cores = ",".join(map(str, API_CORES))
        super().__init__("taskset", "--cpu-list", cores, program, "--seed", seed, *arguments)
        self.log_read = 0
        children = pathlib.Path(f"/proc/{self.process.pid}/task").glob("*/children")
        self.instances = [int(pid) for file in children for pid in file.read_text().split()]

    def cpu_seconds(self):
        """Returns the CPU time so far of the API, and of all instances together."""
        return cpu_seconds(self.process.pid), sum(map(cpu_seconds, self.instances))

    def peak_memory(self):
        """Returns the peak memory so far of the API and of the largest instance, in MB."""
        return peak_memory(self.process.pid), max(map(peak_memory, self.instances), default=0)

    def new_requests(self):
        """Counts the requests in the log since the last call, by status and route."""
        data = os.pread(self.log.fileno(), os.fstat(self.log.fileno()).st_size, self.log_read)
        self.log_read += len(data)
        return Counter((int(status), route.decode()) for status, route in LINE.findall(data))


def cpu_seconds(pid):
    # The id of the clock that clock_getcpuclockid(3) returns on Linux; /proc/PID/stat has only hundredths of a second.
    return time.clock_gettime(~pid << 3 | 2)


def peak_memory(pid):
    kilobytes = re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1]
    return int(kilobytes) * 1024 / 1e6
