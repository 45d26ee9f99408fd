"""smtplib: mail in by SMTP, LMTP and submission, to the second account."""

import email.message
import email.policy
import smtplib
import ssl

from server import TIMEOUT, Checks, delivered, equal, refused

all_checks = check = Checks()

SENDER = "sender@elsewhere.test"


def newest(server):
    """The last message of the second account's INBOX."""
    with server.imap(account=1, mailbox="INBOX", readonly=True) as client:
        kind, data = client.fetch("*", "(BODY.PEEK[])")
        return data[0][1]


def count(server, account):
    with server.imap(account) as client:
        return int(client.select("INBOX", True)[1][0])


@check
def certificates(server):
    """smtplib: a certificate that it cannot trust ends the connection"""
    strict = ssl.create_default_context()
    connect = lambda: smtplib.SMTP_SSL(server.host, server.ports["submissions"], context=strict, timeout=TIMEOUT)
    refused(ssl.SSLCertVerificationError, connect, "an unknown authority")
    with smtplib.SMTP(server.host, server.ports["smtp"], timeout=TIMEOUT) as client:
        refused(ssl.SSLCertVerificationError, lambda: client.starttls(context=strict), "an unknown authority")
        client.close()


@check
def inbound(server):
    """smtplib: SMTP over STARTTLS delivers every sample byte for byte"""
    to = server.accounts[1]["address"]
    with smtplib.SMTP(server.host, server.ports["smtp"], timeout=TIMEOUT) as client:
        client.starttls(context=server.tls)
        for name, sent in server.samples:
            equal(client.sendmail(SENDER, [to], sent, ["BODY=8BITMIME"]), {}, f"{name}: refused")
            delivered(newest(server), sent, name)


@check
def recipients(server):
    """smtplib: SMTP refuses unknown recipients and those elsewhere, and delivers to the others"""
    before = count(server, 1)
    with smtplib.SMTP(server.host, server.ports["smtp"], timeout=TIMEOUT) as client:
        to = [server.accounts[1]["address"], "nobody@example.test", "someone@elsewhere.test"]
        refusals = client.sendmail(SENDER, to, server.samples[0][1])
        equal({address: reply[0] for address, reply in refusals.items()}, {to[1]: 550, to[2]: 550}, "refused")
    equal(count(server, 1), before + 1, "messages")


@check
def local(server):
    """smtplib: LMTP answers for each recipient"""
    to = server.accounts[1]["address"]
    before = count(server, 1)
    with smtplib.LMTP(server.host, server.ports["lmtp"], timeout=TIMEOUT) as client:
        for name, sent in server.samples[:3]:
            equal(client.sendmail(SENDER, [to], sent), {}, f"{name}: refused")
            delivered(newest(server), sent, name)
        # smtplib reads one answer after DATA; LMTP gives one for each recipient that was taken (RFC 2033 section 4.2).
        client.mail(SENDER)
        equal(client.rcpt(to)[0], 250, "RCPT")
        equal(client.rcpt("nobody@example.test")[0], 550, "RCPT of nobody")
        equal(client.rcpt(to)[0], 250, "RCPT")
        equal(client.data(server.samples[0][1])[0], 250, "the first answer")
        equal(client.getreply()[0], 250, "the second answer")
    assert count(server, 1) > before + 3


@check
def submitted(server):
    """smtplib: submission with TLS and with STARTTLS, signed in; a message that Python made arrives with all its parts"""
    sender, reader = server.accounts
    made = email.message.EmailMessage(policy=email.policy.SMTP)
    made["From"], made["To"], made["Subject"] = sender["address"], reader["address"], "Grüße, 日本語"
    made.set_content("Straße\n")
    made.add_attachment(bytes(range(256)) * 100, maintype="application", subtype="octet-stream", filename="ä.bin")
    with smtplib.SMTP_SSL(server.host, server.ports["submissions"], context=server.tls, timeout=TIMEOUT) as client:
        refused(smtplib.SMTPException, lambda: client.send_message(made), "mail without a sign-in")
        refused(smtplib.SMTPAuthenticationError, lambda: client.login(sender["address"], "no"), "a wrong password")
        client.login(sender["address"], sender["password"])
        client.send_message(made)
    check_made(newest(server), made)
    with smtplib.SMTP(server.host, server.ports["submission"], timeout=TIMEOUT) as client:
        attempt = lambda: client.login(sender["address"], sender["password"])
        refused(smtplib.SMTPException, attempt, "a sign-in without TLS")
        client.starttls(context=server.tls)
        client.login(sender["address"], sender["password"])
        client.send_message(made)
    check_made(newest(server), made)


def check_made(received, made):
    parsed = email.message_from_bytes(received, policy=email.policy.SMTP)
    equal(parsed["Subject"], made["Subject"], "Subject")
    text, attached = parsed.iter_parts()
    equal(text.get_content(), "Straße\r\n", "text")
    equal(attached.get_content(), bytes(range(256)) * 100, "attachment")
    equal([part.get_filename() for part in parsed.iter_attachments()], ["ä.bin"], "file names")
