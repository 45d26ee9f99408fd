"""What the checks know of the server, and what they share."""

import contextlib
import imaplib
import json
import poplib
import re
import ssl

TIMEOUT = 20


class Server:
    def __init__(self, file):
        with open(file, encoding="utf-8") as opened:
            told = json.load(opened)
        self.host = told["host"]
        self.ports = told["ports"]
        self.accounts = told["accounts"]
        # Verifies the chain and the host name, with no authority but the server's own.
        self.tls = ssl.create_default_context(cafile=told["ca"])
        self.samples = []
        for sample in told["samples"]:
            with open(sample["file"], "rb") as opened:
                self.samples.append((sample["name"], opened.read()))

    @contextlib.contextmanager
    def imap(self, account=0, mailbox=None, readonly=False):
        """A session that is signed in."""
        client = imaplib.IMAP4_SSL(self.host, self.ports["imaps"], ssl_context=self.tls, timeout=TIMEOUT)
        try:
            client.login(self.accounts[account]["address"], self.accounts[account]["password"])
            if mailbox is not None:
                answer(client.select(mailbox, readonly))
            yield client
        finally:
            client.logout()

    @contextlib.contextmanager
    def pop3(self, account=0):
        """A session that is signed in, and ends with QUIT."""
        client = poplib.POP3_SSL(self.host, self.ports["pop3s"], context=self.tls, timeout=TIMEOUT)
        try:
            client.user(self.accounts[account]["address"])
            client.pass_(self.accounts[account]["password"])
            yield client
        finally:
            client.quit()


def answer(response):
    """The data of an imaplib answer that must be OK."""
    kind, data = response
    equal(kind, "OK", f"answer {data!r}")
    return data


def equal(actual, expected, what):
    """One line that says where two values part."""
    if actual == expected:
        return
    if isinstance(actual, bytes) and isinstance(expected, bytes):
        at = next((i for i, (a, b) in enumerate(zip(actual, expected)) if a != b), min(len(actual), len(expected)))
        near = (actual[max(0, at - 20) : at + 40], expected[max(0, at - 20) : at + 40])
        raise AssertionError(
            f"{what}: {len(actual)} octets instead of {len(expected)}, from {at} on {near[0]!r} instead of {near[1]!r}"
        )
    raise AssertionError(f"{what}: {actual!r} instead of {expected!r}")


TRACE = re.compile(rb"(?:(?:Return-Path|Delivered-To|Received):[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*)+", re.IGNORECASE)


def delivered(actual, sent, what):
    """What was delivered is what was sent with trace fields before it (RFC 5321 section 4.4)."""
    equal(actual[-len(sent) :], sent, what)
    if not TRACE.fullmatch(actual[: -len(sent)]):
        raise AssertionError(f"{what}: not trace fields: {actual[:-len(sent)]!r}")


def refused(error, attempt, what):
    """The attempt must end with that exception, which is returned."""
    try:
        attempt()
    except error as raised:
        return raised
    raise AssertionError(f"{what} was not refused")


class Checks(list):
    """Decorates functions into a list of (name, function), with the docstring as the name."""

    def __call__(self, check):
        self.append((check.__doc__, check))
        return check
