# SPDX-License-Identifier: Apache-2.0
"""Systems that forbid code made at run time, as systemd's MemoryDenyWriteExecute= and SELinux do, or system calls, as its
SystemCallFilter= and container runtimes do."""

import ctypes
import functools
import platform
import struct
import subprocess

import pytest

from harness import Server, environment

PR_SET_MDWE = 65  # <linux/prctl.h>, Linux 6.3
PR_MDWE_REFUSE_EXEC_GAIN = 1


def forbid_making_code():
    """Of this process and what it becomes: no memory that is or was writable becomes executable."""
    if ctypes.CDLL(None).prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0):
        raise OSError("PR_SET_MDWE")


def test_forbidden_code_is_said_in_a_sentence_before_the_port_opens(binary, model, tmp_path):
    try:
        subprocess.run(["true"], preexec_fn=forbid_making_code, check=True)
    except subprocess.SubprocessError:
        pytest.skip("this kernel has no PR_SET_MDWE")
    # oneDNN 2.6.3 loses what it has made of a kernel for AVX-512 whose code cannot be made.
    (tmp_path / "suppressions").write_text("leak:libdnnl\n")
    leaks = f"suppressions={tmp_path}/suppressions:print_suppressions=0"
    done = subprocess.run(
        [binary, "--model-id", model, "--port", "0"],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment({"LSAN_OPTIONS": leaks}),
        preexec_fn=forbid_making_code,
    )
    assert done.returncode == 1 and "listening" not in done.stderr, done
    line = done.stderr.strip()
    assert "\n" not in line and "this sandbox forbids code made at run time" in line
    assert "MemoryDenyWriteExecute" in line and "execmem" in line


PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
EPERM_, KILL, ALLOW = 0x00050001, 0x80000000, 0x7FFF0000  # SECCOMP_RET_ERRNO | EPERM and so on
SCHED_SETAFFINITY, SCHED_SETATTR = 203, 314  # <asm/unistd_64.h>


def filter_call(number, verdict):
    """Of this process and what it becomes: a filter of <linux/seccomp.h>, on x86-64's numbers of calls."""
    program = b"".join(
        struct.pack("HBBI", *row) for row in ((0x20, 0, 0, 0), (0x15, 0, 1, number), (0x06, 0, 0, verdict), (0x06, 0, 0, ALLOW))
    )
    text = ctypes.create_string_buffer(program)
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", 4, ctypes.addressof(text)))
    libc = ctypes.CDLL(None)
    libc.prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(
        PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.addressof(header), 0, 0
    ):
        raise OSError("PR_SET_SECCOMP")


@pytest.fixture
def run_filtered(monkeypatch):
    """Makes what Server starts run under a filter."""
    if platform.machine() != "x86_64":
        pytest.skip("the filter knows x86-64's system calls")

    def use(number, verdict):
        preexec = functools.partial(filter_call, number, verdict)
        try:
            subprocess.run(["true"], preexec_fn=preexec, check=True)
        except subprocess.SubprocessError:
            pytest.skip("this kernel has no seccomp filters")
        monkeypatch.setattr(subprocess, "Popen", functools.partial(subprocess.Popen, preexec_fn=preexec))

    return use


@pytest.mark.parametrize("number, name", [(SCHED_SETAFFINITY, "sched_setaffinity"), (SCHED_SETATTR, "sched_setattr")])
def test_calls_that_are_refused_are_said_and_done_without(binary, model, run_filtered, number, name):
    run_filtered(number, EPERM_)
    server = Server(binary, model).wait_ready()
    try:
        assert len(server.embed(input="a cat")["data"]) == 1
        (line,) = [line for line in server.log if "this sandbox forbids" in line]
        assert f"{name} (Operation not permitted)" in line and "SystemCallFilter=" in line
    finally:
        server.stop()


def test_calls_that_kill_are_named(binary, model, run_filtered):
    run_filtered(SCHED_SETATTR, KILL)
    server = Server(binary, model)
    assert server.wait() == 1
    (line,) = server.log
    assert "ends a process that calls sched_setattr" in line and "SystemCallErrorNumber=EPERM" in line
